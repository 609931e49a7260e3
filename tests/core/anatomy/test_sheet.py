"""The sheet: labels by their rules, writing, reading, and refusing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.anatomy.attention_scores import attention_scores
from core.anatomy.roles import LABELS, SCORES, labels_of
from core.anatomy.sheet import FILE, Map, Sheet, as_document, read_sheet, sheet_in
from core.cancel import CancelToken
from core.errors import SurgeryError
from core.models.checkpoint import inspect_checkpoint
from core.models.fingerprint import fingerprint
from core.models.loading import open_model
from core.paths import specimens
from tests.fixtures.tiny_models import TinyModel

LAYERS, HEADS = 2, 3


def table(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows)


SHEET = Sheet(
    model="made",
    fingerprint="0123456789ab",
    n_layers=LAYERS,
    n_heads=HEADS,
    seed=3,
    sequences=8,
    length=16,
    sentences=20,
    scores={
        "previous_token": table((0.83, 0.1, 0.1), (0.05, 0.1, 0.2)),
        "direct_effect": table((0.0, -0.125, 0.5), (1.5, 0.0, 0.0)),
    },
    labels={(0, 0): ("previous_token",)},
    maps=(
        Map(
            key="foods", title="Foods", groups=("held-out frames",), questions=12, right=0.75, log_prob=-1.5,
            logit_difference=2.0, d_log_prob=np.zeros((LAYERS, HEADS)), d_logit_difference=np.full((LAYERS, HEADS), -0.5),
        ),
    ),
    left_out={"copy_score": "This model has no unembedding."},
)  # fmt: skip


def written(folder: Path, change: Callable[[dict[str, Any]], object] = lambda document: None) -> Path:
    document = as_document(SHEET)
    change(document)
    file = folder / FILE
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_that_a_sheet_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = read_sheet(written(tmp_path))
    for name, value in vars(SHEET).items():
        if name not in ("scores", "maps"):
            assert getattr(found, name) == value
    assert found.scores.keys() == SHEET.scores.keys()
    for key, values in SHEET.scores.items():
        np.testing.assert_array_equal(found.scores[key], values)
    (one,), (other,) = found.maps, SHEET.maps
    assert (one.key, one.groups, one.questions, one.right) == (other.key, other.groups, other.questions, other.right)
    np.testing.assert_array_equal(one.d_logit_difference, other.d_logit_difference)


def test_that_a_sheet_says_what_its_numbers_are(tmp_path: Path) -> None:
    document = json.loads(written(tmp_path).read_text(encoding="utf-8"))
    for key, score in document["scores"].items():
        assert score["definition"] == SCORES[key].definition
        assert score["source"] and score["unit"] in ("share", "nats")
    assert document["rules"] == {
        "previous_token": {"title": "previous-token head", "rule": LABELS["previous_token"].rule}
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda document: document.update(anatomy=2), "is of version 2, and this program reads version 1"),
        (lambda document: document.pop("anatomy"), "is no anatomy sheet"),
        (lambda document: document.pop("labels"), "lacks 'labels'"),
        (lambda document: document.update(n_heads=4), "the score .* is not of 2 layers and 4 heads"),
        (lambda document: document.update(n_layers=-1), "n_layers is -1"),
        (lambda document: document.update(scores=[]), "is damaged"),
        (lambda document: document["scores"]["direct_effect"].update(values=[["x"] * 3] * 2), "is damaged"),
        (
            lambda document: document["scores"]["direct_effect"].update(values=[[float("nan")] * 3] * 2),
            "holds something that is no number",
        ),
        (lambda document: document["labels"].update(L7H0=["previous_token"]), "there is no head L7H0"),
        (lambda document: document["maps"][0].update(d_log_prob=[[0]]), "the map foods is not of"),
    ],
)
def test_that_a_bad_sheet_is_refused_in_one_sentence(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], sentence: str
) -> None:
    with pytest.raises(SurgeryError, match=sentence) as refused:
        read_sheet(written(tmp_path, change))
    assert refused.value.message.endswith(".")
    assert "\n" not in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    ("content", "sentence"), [("{", "is not JSON"), ("[" * 10**5, "is not JSON"), ("[]", "no anatomy")]
)
def test_that_what_is_no_sheet_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(SurgeryError, match=sentence):
        read_sheet(tmp_path / FILE)
    with pytest.raises(SurgeryError, match="cannot be read"):
        read_sheet(tmp_path / "none.json")


def test_that_labels_and_scores_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    def later(document: dict[str, Any]) -> None:
        document["scores"]["telepathy"] = {"values": "?"}
        document["labels"]["L0H0"].append("telepath")

    found = read_sheet(written(tmp_path, later))
    assert found.labels == SHEET.labels
    assert found.scores.keys() == SHEET.scores.keys()


def test_that_a_sheet_is_found_beside_its_model_and_only_for_its_weights(tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    with pytest.raises(SurgeryError, match="has no anatomy sheet"):
        sheet_in(str(tiny_gpt2.folder), LAYERS, HEADS)
    for file in tiny_gpt2.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    written(tmp_path)
    with pytest.raises(SurgeryError, match="is of other weights"):
        sheet_in(str(tmp_path), LAYERS, HEADS)
    own = fingerprint(inspect_checkpoint(tmp_path))
    written(tmp_path, lambda document: document.update(fingerprint=own))
    assert sheet_in(str(tmp_path), LAYERS, HEADS).labels == SHEET.labels
    with pytest.raises(SurgeryError, match="2 layers of 3 heads"):
        sheet_in(str(tmp_path), LAYERS, HEADS + 1)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        ({"induction": table((0.39, 0.0), (0.0, 0.0))}, {}),
        ({"induction": table((0.41, 0.0), (0.0, 0.0))}, {(0, 0): ("induction",)}),
        # Where half of the heads do it, none stands out.
        ({"induction": table((0.5, 0.5), (0.5, 0.1))}, {}),
    ],
)
def test_that_a_label_needs_a_large_score_that_stands_out(scores: dict[str, Any], labels: object) -> None:
    assert labels_of(scores) == labels


def test_that_movers_of_names_are_told_by_what_they_add() -> None:
    scores = {
        "io_attention": table((0.5, 0.5, 0.5), (0.1, 0.0, 0.0)),
        "s_attention": table((0.0, 0.0, 0.0), (0.0, 0.6, 0.6)),
        "direct_effect": table((0.8, -0.8, 0.1), (0.8, 0.1, 0.9)),
    }
    movers = {(0, 0): ("name_mover",), (0, 1): ("negative_name_mover",)}
    assert labels_of(scores) == movers
    silenced = table((-0.8, 0.8, 0.0), (-0.8, -1.0, -1.0))
    assert labels_of(scores | {"names_when_silenced": silenced}) == movers | {(1, 1): ("subject_inhibition",)}


def test_that_a_shipped_sheet_is_what_is_measured_again() -> None:
    for file in sorted(specimens().glob(f"*/{FILE}")):
        loaded = open_model(file.parent.name, device="cpu")
        sheet = sheet_in(file.parent.name, loaded.info.n_layers, loaded.info.n_heads)
        again = attention_scores(loaded, sheet.seed, CancelToken(), sequences=sheet.sequences)
        assert again.keys() <= sheet.scores.keys()
        for key, values in again.items():
            np.testing.assert_allclose(sheet.scores[key], values, atol=2e-4)
        assert sheet.labels == labels_of(sheet.scores)
        assert sheet.maps
