"""Where features fire: the contexts are truly the strongest ones, and read as they were written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from core.errors import SurgeryError
from core.models.sparse_autoencoder import Context, SparseAutoencoder
from core.models.tokenizing import tokenize
from core.specimens.plants import PLANTS
from core.specimens.sae import features
from core.specimens.sae.activations import residuals
from core.specimens.sae.autoencoder import Autoencoder
from core.specimens.sae.features import SOURCE, context_of, table, top_contexts
from core.specimens.sae.layout import write
from core.specimens.sae.texts import planted_texts, with_hidden_words, written_texts
from tests.core.specimens.conftest import documents
from tests.fixtures.opened_models import opened
from tests.fixtures.tiny_models import SENTENCES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.tiny_models import TinyModel

LAYER, FEATURES, K = 1, 30, 4


@pytest.fixture(params=["tiny_gpt2", "tiny_bert"])
def tiny(request: pytest.FixtureRequest) -> TinyModel:
    found: TinyModel = request.getfixturevalue(request.param)
    return found


def random_autoencoder(width: int) -> Autoencoder:
    decoder = torch.nn.functional.normalize(torch.randn(FEATURES, width, generator=torch.Generator().manual_seed(2)))
    return Autoencoder(decoder.T.clone(), torch.zeros(FEATURES), decoder, torch.zeros(width), K)


def test_that_the_contexts_shown_are_those_where_a_feature_is_strongest(
    tiny: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "TEXTS_AT_ONCE", 7)
    loaded = opened(tiny)
    made, texts = random_autoencoder(loaded.info.d_model), [text[:90] for text in documents(20, seed=5)]
    shown = top_contexts(loaded, LAYER, made, texts)
    strengths: list[dict[tuple[str, str, str], float]] = [{} for _ in range(FEATURES)]
    for text in texts:
        tokens = tokenize(loaded, text)
        found = made.encode(residuals(loaded, np.array([tokens.ids]), LAYER)).numpy()
        for position, feature in zip(*found.nonzero(), strict=True):
            context, strength = context_of(tokens, position), float(found[position, feature])
            strengths[feature][context] = max(strength, strengths[feature].get(context, 0.0))
    assert sum(map(len, shown)) > FEATURES
    for contexts, known in zip(shown, strengths, strict=True):
        wanted = sorted(known.values(), reverse=True)[: features.CONTEXTS]
        assert [strength for *_, strength in contexts] == pytest.approx(wanted, abs=0.006)
        for before, token, after, strength in contexts:
            assert known[before, token, after] == pytest.approx(strength, abs=0.006)


def test_that_a_context_is_cut_out_of_its_text(tiny: TinyModel) -> None:
    loaded, text = opened(tiny), "The cat sat on the mat, and the dog sat on the cat."
    tokens = tokenize(loaded, text)
    for position, token in enumerate(tokens.items):
        before, here, after = context_of(tokens, position)
        if token.special:
            assert here in {"[CLS]", "[SEP]"}
            continue
        assert here.strip() == text[token.start : token.end].strip()
        assert (before + here + after).removeprefix("[CLS]").removesuffix("[SEP]") in text


def test_that_texts_that_are_too_long_are_left_out(tiny: TinyModel) -> None:
    loaded = opened(tiny)
    made = random_autoencoder(loaded.info.d_model)
    texts = list(SENTENCES)
    assert top_contexts(loaded, LAYER, made, ["", *texts, "Rome " * 500]) == top_contexts(loaded, LAYER, made, texts)
    assert top_contexts(loaded, LAYER, made, ["Rome " * 500]) == [[]] * FEATURES


def test_that_planted_texts_are_of_the_kinds_asked_for_and_the_same_for_a_seed() -> None:
    texts = planted_texts({"capitals": 0.1, "foods": 0.3}, 50, 0)
    assert len(texts) == 50
    assert texts == planted_texts({"capitals": 0.1, "foods": 0.3}, 50, 0)
    assert texts != planted_texts({"capitals": 0.1, "foods": 0.3}, 50, 1)
    only = planted_texts({"foods": 1.0}, 20, 0)
    assert any(word in text for text in only for word in PLANTS["foods"].words())


def test_that_a_causal_model_writes_texts_that_a_seed_decides(tiny_gpt2: TinyModel) -> None:
    loaded, state = opened(tiny_gpt2), torch.get_rng_state()
    texts = written_texts(loaded, 4, 0)
    assert len(texts) == len(set(texts)) == 4
    assert texts == written_texts(loaded, 4, 0)
    assert not any("<|endoftext|>" in text for text in texts)
    assert torch.equal(torch.get_rng_state(), state)


def test_that_one_word_in_ten_is_hidden_and_nothing_else_changes() -> None:
    (text,) = with_hidden_words([" ".join(["pizza, "] * 5000)], 0)
    assert text.count("[MASK]") == pytest.approx(500, abs=80)
    assert text.replace("[MASK]", "pizza") == " ".join(["pizza, "] * 5000)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Return a folder with an autoencoder of two features, one of which is dead."""
    decoder = torch.tensor([[3.0, 4.0, 0.0], [0.0, 0.0, 2.0]])
    made = Autoencoder(decoder.T.clone(), torch.zeros(2), decoder, torch.zeros(3), 1)
    config = {"architecture": "topk", "d_in": 3, "d_sae": 2, "k": 1, "hook_name": "blocks.2.hook_resid_post"}
    contexts = [[('The "cat" ', "sät", " on", 2.5), ("", "a", "", 1.0)], []]
    write(tmp_path, made, config, table(contexts, np.array([0.12345, 0.0])))
    return tmp_path


def test_that_contexts_are_read_as_they_were_written(saved: Path) -> None:
    first, dead = SparseAutoencoder(saved).features
    assert first.contexts == (Context('The "cat" ', "sät", " on", 2.5), Context("", "a", "", 1.0))
    assert (first.number, first.density, dead.number, dead.density, dead.contexts) == (0, 0.123, 1, 0.0, ())
    assert json.loads((saved / "features.json").read_text(encoding="utf-8"))["source"] == SOURCE


def test_that_a_feature_has_a_direction_of_length_one(saved: Path) -> None:
    read = SparseAutoencoder(saved)
    assert read.direction(0).tolist() == pytest.approx([0.6, 0.8, 0.0])
    assert read.direction(1).tolist() == [0.0, 0.0, 1.0]
    for number in (-1, 2):
        with pytest.raises(SurgeryError, match=f"There is no feature {number}: there are 2"):
            read.direction(number)


def shorten(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])


def reword(before: str, after: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        file.write_text(file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("cfg.json", reword('"topk"', '"gated"'), "is none that can be read: gated at"),
        ("cfg.json", reword("resid_post", "mlp_out"), "is none that can be read: topk at blocks.2.hook_mlp_out"),
        ("cfg.json", reword('"k": 1', '"k": 0'), "is none that can be read"),
        ("cfg.json", reword('"d_sae": 2', '"d_sae": 3'), "have other shapes than cfg.json says"),
        ("cfg.json", reword("{", "["), "it is no valid JSON"),
        ("sae_weights.safetensors", shorten, "is truncated or corrupted"),
        ("features.json", reword('"density"', '"often"'), "it is no table of features"),
        ("features.json", reword(',\n{"density":0.0,"contexts":[]}', ""), "tells of 1 features, not 2"),
    ],
)
def test_that_broken_files_are_one_sentence(
    saved: Path, name: str, change: Callable[[Path], None], message: str
) -> None:
    change(saved / name)
    with pytest.raises(SurgeryError, match=message):
        read = SparseAutoencoder(saved)
        assert read.weights
        assert read.features
