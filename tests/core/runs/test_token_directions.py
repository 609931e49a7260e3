"""Projecting out a token's unembedding, the difference of two, and a direction from a file, in every family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from core.errors import SurgeryError
from core.models.tokenizing import token_id, token_text
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, pair_of
from tests.fixtures.tiny_families import every_variant

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.tiny_family import TinyOf

CLOSE = 1e-4
AT = (2, 4)
PLACES = [("resid_post", 1), ("attn_out", 0), ("embed", None)]
# A transform stands before their unembedding, or they are used without a head.
WITHOUT = {
    *("albert", "bert", "camembert", "deberta-v2", "distilbert", "electra", "modernbert", "mpnet", "mt5", "roberta"),
    *("opt post-norm", "t5", "xlm-roberta"),
}


def spelled(pair: Pair) -> list[tuple[int, str]]:
    """Return two tokens of the prompt that their text is enough to name."""
    found = []
    for token in dict.fromkeys(pair.ids):
        text = token_text(pair.loaded, token)
        if text.strip() and text.isascii():
            try:
                found.append((token_id(pair.loaded, text), text))
            except SurgeryError:
                continue
    return found[:2]


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_a_token_is_projected_out_along_its_unembedding(
    family: str, variant: str, tiny_of: TinyOf, tmp_path: Path
) -> None:
    pair = pair_of(tiny_of, family, variant)
    (one, text), (two, other) = spelled(pair)
    np.save(tmp_path / "direction.npy", np.random.default_rng(1).normal(size=pair.loaded.info.d_model))
    named = {f'"{text}"': (one,), f'"{text}"-"{other}"': (one, two), f"file:{tmp_path / 'direction.npy'}": ()}
    for name, tokens in named.items():
        for point, layer in PLACES:
            request = pair.request(cut(Site(point, layer), AT, "project_out", {"v": name}))
            if tokens and {family, f"{family} {variant}"} & WITHOUT:
                with pytest.raises(SurgeryError, match="unembedding"):
                    pair.run(request)
                continue
            params = {"v": name, "tokens": tokens}
            made = pair.situation(AT).cut("project_out", params, (point, layer))
            wanted = pair.plain.run(pair.ids, [made]).residuals
            torch.testing.assert_close(pair.run(request).residuals, wanted, atol=CLOSE, rtol=1e-5)
            assert not torch.equal(wanted, pair.plain.clean(pair.ids).residuals)
