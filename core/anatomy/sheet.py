"""The anatomy sheet of a model: what was measured of its heads, as a file beside its weights. Without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.anatomy.roles import LABELS, SCORES
from core.errors import SurgeryError
from core.models.checkpoint import inspect_checkpoint
from core.models.fingerprint import fingerprint
from core.paths import specimens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.anatomy.roles import HeadNumber

FILE = "anatomy.json"
SCHEMA = 1
DIGITS = 5
MEASURE_AGAIN = "Measure it again with main.py anatomy."
MEASURE = "Measure one with main.py anatomy --model {model} and save it in its folder."
CELLS = ("d_log_prob", "d_logit_difference")


@dataclass(frozen=True, kw_only=True)
class Map:
    """What silencing each head at all tokens, each alone, does to the answers of one kind of question.

    Attributes
    ----------
    key, title : str
        Of the plant.
    groups : tuple of str
        The groups of its probes that the questions were drawn from.
    questions : int
        Over how many the numbers are means.
    right : float
        Share of them in which the answer has a larger logit than anything wrong.
    log_prob, logit_difference : float
        Of the untouched model, in nats; the difference to the wrong answer that it holds for likeliest.
    d_log_prob, d_logit_difference : ndarray of float64, shape [n_layers, n_heads]
        The same with the head silenced, less the untouched model's.
    """

    key: str
    title: str
    groups: tuple[str, ...]
    questions: int
    right: float
    log_prob: float
    logit_difference: float
    d_log_prob: NDArray[np.float64]
    d_logit_difference: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What was measured of a model's heads.

    Attributes
    ----------
    model : str
        Its name.
    fingerprint : str
        Of the checkpoint that was measured.
    n_layers, n_heads : int
    seed, sequences, length, sentences : int
        Of the random sequences, how many there were, and how many tokens one copy had; and how many
        sentences about two names.
    scores : mapping of str to ndarray of float64, shape [n_layers, n_heads]
    labels : mapping of (layer, head) to tuple of str
    maps : tuple of Map
    left_out : mapping of str to str
        Why a score could not be measured.
    """

    model: str
    fingerprint: str
    n_layers: int
    n_heads: int
    seed: int
    sequences: int
    length: int
    sentences: int
    scores: Mapping[str, NDArray[np.float64]]
    labels: Mapping[HeadNumber, tuple[str, ...]]
    maps: tuple[Map, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def as_document(sheet: Sheet) -> dict[str, Any]:
    """Return a sheet as JSON data, with definitions and rules for whoever reads it without this program."""
    return {
        "anatomy": SCHEMA,
        **{name: getattr(sheet, name) for name in ("model", "fingerprint", *WHOLE)},
        "scores": {
            key: {**asdict(SCORES[key]), "values": _rounded(values)} for key, values in sorted(sheet.scores.items())
        },
        "left_out": dict(sheet.left_out),
        "rules": {key: {"title": LABELS[key].title, "rule": LABELS[key].rule} for key in _used(sheet)},
        "labels": {f"L{layer}H{head}": list(keys) for (layer, head), keys in sorted(sheet.labels.items())},
        "maps": [
            {
                **{key: value for key, value in vars(each).items() if key not in CELLS},
                "operation": "silence, all tokens, one head at a time",
                **{name: _rounded(getattr(each, name)) for name in CELLS},
            }
            for each in sheet.maps
        ],
    }


WHOLE = ("n_layers", "n_heads", "seed", "sequences", "length", "sentences")


def _used(sheet: Sheet) -> list[str]:
    earned = {key for keys in sheet.labels.values() for key in keys}
    return [label.key for label in LABELS if label.key in earned]


def _rounded(values: NDArray[np.float64]) -> list[list[float]]:
    return [[round(float(value), DIGITS) for value in row] for row in values]


def read_sheet(file: Path) -> Sheet:
    """Read a sheet.

    Raises
    ------
    SurgeryError
        If the file cannot be read or is no sheet, with what is wrong in it.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SurgeryError(f"The anatomy sheet {file} cannot be read: {error.strerror}.", MEASURE_AGAIN) from error
    except (ValueError, RecursionError) as error:
        raise SurgeryError(f"The anatomy sheet {file} is not JSON.", MEASURE_AGAIN) from error
    if not isinstance(document, dict) or not isinstance(document.get("anatomy"), int):
        raise SurgeryError(f"{file} is no anatomy sheet.", MEASURE_AGAIN)
    if document["anatomy"] != SCHEMA:
        raise SurgeryError(
            f"The anatomy sheet {file} is of version {document['anatomy']}, and this program reads version {SCHEMA}.",
            MEASURE_AGAIN,
        )
    try:
        return _read(document)
    except KeyError as error:
        raise SurgeryError(f"The anatomy sheet {file} lacks {error.args[0]!r}.", MEASURE_AGAIN) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise SurgeryError(f"The anatomy sheet {file} is damaged: {error}.", MEASURE_AGAIN) from error


def sheet_in(model: str, n_layers: int, n_heads: int) -> Sheet:
    """Return the sheet that lies in the folder of a model: a specimen's name, or a folder.

    Raises
    ------
    SurgeryError
        If there is none, it cannot be read, or it is of other weights.
    """
    folder = specimens() / model
    if folder.parent != specimens() or not folder.is_dir():
        folder = Path(model).expanduser()
    file = folder / FILE
    if not file.is_file():
        raise SurgeryError(f"{folder.name} has no anatomy sheet.", MEASURE.format(model=model))
    sheet = read_sheet(file)
    if (sheet.n_layers, sheet.n_heads) != (n_layers, n_heads):
        raise SurgeryError(
            f"The anatomy sheet {file} is of {sheet.n_layers} layers of {sheet.n_heads} heads.", MEASURE_AGAIN
        )
    if sheet.fingerprint != fingerprint(inspect_checkpoint(folder)):
        raise SurgeryError(f"The anatomy sheet of {folder.name} is of other weights.", MEASURE_AGAIN)
    return sheet


def _read(document: dict[str, Any]) -> Sheet:
    whole = {name: _count(document[name], name) for name in WHOLE}
    shape = (whole["n_layers"], whole["n_heads"])
    scores = {
        key: _table(row["values"], shape, f"the score {key}")
        for key, row in document["scores"].items()
        if key in SCORES
    }
    maps = tuple(_map(row, shape) for row in document["maps"])
    return Sheet(
        model=str(document["model"]),
        fingerprint=str(document["fingerprint"]),
        **whole,
        scores=scores,
        labels=dict(_labels(document["labels"], shape, scores)),
        maps=maps,
        left_out={str(key): str(value) for key, value in document["left_out"].items()},
    )


def _labels(
    rows: dict[str, Any], shape: tuple[int, int], scores: Mapping[str, object]
) -> list[tuple[HeadNumber, tuple[str, ...]]]:
    found = []
    for name, keys in rows.items():
        layer, _, head = name.removeprefix("L").partition("H")
        number = (int(layer), int(head))
        if not (0 <= number[0] < shape[0] and 0 <= number[1] < shape[1]):
            raise ValueError(f"there is no head {name}")
        known = tuple(key for key in keys if key in LABELS and LABELS[key].needs <= scores.keys())
        if known:
            found.append((number, known))
    return found


def _map(row: dict[str, Any], shape: tuple[int, int]) -> Map:
    what = f"the map {row['key']}"
    return Map(
        key=str(row["key"]),
        title=str(row["title"]),
        groups=tuple(str(each) for each in row["groups"]),
        questions=_count(row["questions"], "questions"),
        right=float(row["right"]),
        log_prob=float(row["log_prob"]),
        logit_difference=float(row["logit_difference"]),
        d_log_prob=_table(row["d_log_prob"], shape, what),
        d_logit_difference=_table(row["d_logit_difference"], shape, what),
    )


def _count(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is {value!r}")
    return value


def _table(rows: object, shape: tuple[int, int], what: str) -> NDArray[np.float64]:
    found = np.array(rows, dtype=np.float64)
    if found.shape != shape:
        raise ValueError(f"{what} is not of {shape[0]} layers and {shape[1]} heads")
    if not np.isfinite(found).all():
        raise ValueError(f"{what} holds something that is no number")
    found.setflags(write=False)
    return found
