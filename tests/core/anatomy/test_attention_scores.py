"""Scores of attention, on heads that were built for one thing, and against what the library gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from core.anatomy.attention_scores import attention_scores
from core.anatomy.roles import labels_of
from core.anatomy.sequences import Frame, doubled, frame_of, hidden_places, masked, pairs, pairs_of_masks
from core.cancel import CancelToken
from core.errors import SurgeryError
from core.models.loading import open_model
from tests.core.anatomy.built_heads import built_model
from tests.fixtures.tiny_models import TinyModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.models.loaded_model import LoadedModel

PREVIOUS, DUPLICATE, INDUCTION, NOTHING = (0, 0), (0, 1), (1, 0), (1, 1)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return open_model(str(built_model(tmp_path_factory.mktemp("built") / "built")), device="cpu")


@pytest.fixture(scope="module")
def built_scores(built: LoadedModel) -> dict[str, NDArray[np.float64]]:
    return attention_scores(built, 0, CancelToken(), sequences=8)


@pytest.mark.parametrize(
    ("score", "head"), [("previous_token", PREVIOUS), ("duplicate_token", DUPLICATE), ("induction", INDUCTION)]
)
def test_that_a_head_built_for_one_thing_has_its_score_and_no_other(
    built_scores: dict[str, NDArray[np.float64]], score: str, head: tuple[int, int]
) -> None:
    assert built_scores[score][head] > 0.9
    for other in PREVIOUS, DUPLICATE, INDUCTION, NOTHING:
        if other != head:
            assert built_scores[score][other] < 0.3


def test_that_the_built_heads_and_they_alone_are_labelled(built_scores: dict[str, NDArray[np.float64]]) -> None:
    assert labels_of(built_scores) == {
        PREVIOUS: ("previous_token",),
        DUPLICATE: ("duplicate_token",),
        INDUCTION: ("induction",),
    }


def test_that_scores_are_means_of_the_attention_that_the_library_gives(tiny_language_model: TinyModel) -> None:
    tiny = tiny_language_model
    loaded = open_model(str(tiny.folder), device="cpu")
    frame = frame_of(loaded)
    rows = doubled(loaded, frame, 3, np.random.default_rng(5))
    wanted = pairs(frame, loaded.info.objective)
    plain = _plain_attention(tiny, rows)
    found = attention_scores(loaded, 5, CancelToken(), sequences=3)
    if loaded.info.objective == "masked":
        mask = tiny.tokenizer.mask_token_id
        assert isinstance(mask, int)
        hidden = _plain_attention(tiny, [masked(row, frame, mask) for row in rows])
        expected = _mean(hidden, pairs_of_masks(frame)["masked_copy"])
        np.testing.assert_allclose(found.pop("masked_copy"), expected, atol=1e-6)
    assert found.keys() == wanted.keys()
    for key, places in wanted.items():
        np.testing.assert_allclose(found[key], _mean(plain, places), atol=1e-6)


def _plain_attention(tiny: TinyModel, rows: Sequence[tuple[int, ...]]) -> NDArray[np.float64]:
    """Return [layer, sequence, head, query, key] as the library gives it."""
    with torch.inference_mode():
        found = tiny.model(input_ids=torch.tensor(rows), output_attentions=True).attentions
    return torch.stack(found).double().numpy()


def _mean(patterns: NDArray[np.float64], places: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    total = sum(patterns[:, :, :, query, key] for query, key in places) / len(places)
    return np.asarray(total).mean(axis=1)


def test_that_a_sequence_is_written_twice_within_what_the_tokenizer_puts_around_it(tiny_bert: TinyModel) -> None:
    loaded = open_model(str(tiny_bert.folder), device="cpu")
    frame = frame_of(loaded)
    cls, sep = tiny_bert.tokenizer.cls_token_id, tiny_bert.tokenizer.sep_token_id
    for row in doubled(loaded, frame, 4, np.random.default_rng(0)):
        first, second = row[1 : 1 + frame.length], row[1 + frame.length : -1]
        assert (row[0], row[-1]) == (cls, sep)
        assert first == second
        assert len(set(first)) == frame.length
        assert not set(first) & set(tiny_bert.tokenizer.all_special_ids)
        assert len(row) <= loaded.info.context


def test_that_pairs_join_what_their_score_says() -> None:
    frame, row = Frame((7,), (8,), 5), (7, 10, 11, 12, 13, 14, 10, 11, 12, 13, 14, 8)
    found = pairs(frame, "masked")
    assert all(query == key + 1 for query, key in found["previous_token"])
    assert all(key == query + 1 for query, key in found["next_token"])
    assert all(row[query] == row[key] and query > key for query, key in found["duplicate_token"])
    assert all(row[key - 1] == row[query] and query > key for query, key in found["induction"])
    assert all(row[key + 1] == row[query] and query > key for query, key in found["induction_before"])
    hidden = masked(row, frame, 99)
    assert all(hidden[query] == 99 and hidden[key] == row[query] for query, key in pairs_of_masks(frame)["masked_copy"])
    assert hidden.count(99) == len(hidden_places(frame)) > 0


def test_that_a_causal_model_is_asked_for_nothing_that_comes_after() -> None:
    assert all(key < query for places in pairs(Frame((), (), 6), "causal").values() for query, key in places)


def test_that_a_model_with_too_short_a_context_is_refused_in_a_sentence(tiny_gpt2: TinyModel) -> None:
    from dataclasses import replace

    loaded = open_model(str(tiny_gpt2.folder), device="cpu")
    loaded.info = replace(loaded.info, context=6)
    with pytest.raises(SurgeryError, match="too few to write something twice"):
        frame_of(loaded)
