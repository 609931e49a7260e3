"""The answers of ``run`` and ``generate`` as JSON data, schemas ``run/1`` and ``generate/1``."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.interventions.ops import OPERATIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.models.info import ModelInfo
    from core.readings.values import Curves
    from core.runs.generation import Continued
    from core.runs.request import ResolvedIncision
    from core.runs.result import Readouts, RunResult
    from core.text.tokens import Tokens

SCHEMA = "run/1"
CONTINUATION_SCHEMA = "generate/1"


def answer(result: RunResult, patching: str = "") -> dict[str, Any]:
    """Return a result as plain data; numbers that are not finite become None.

    Parameters
    ----------
    patching : str
        Which way a patch goes, in words; told only where something is patched.
    """
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "model": model_data(result.model),
        "tokens": tokens_data(result.tokens),
        "read_position": result.request.read_position,
        "target": token_data(result.target, result.target_text),
        "versus": token_data(result.versus, result.versus_text),
        "plan": [_incision(each, result.unchanged) for each in result.request.plan],
        "clean": readouts_data(result.clean),
        "operated": readouts_data(result.operated),
        "effect": {
            "log_prob": number_data(result.effect.log_prob),
            "logit_difference": number_data(result.effect.logit_difference),
            "kl": number_data(result.effect.kl),
            "changed": result.effect.changed,
            "output_changed": result.effect.output_changed,
        },
        "seconds": result.seconds,
    }
    if patching and any("donor" in OPERATIONS[each.operation].needs for each in result.request.plan):
        found["patching"] = patching
    if result.remarks:
        found["remarks"] = [{"index": remark.index, "text": remark.text} for remark in result.remarks]
    if result.repeats > 1:
        found["repeats"] = result.repeats
    return found


def continuation_answer(made: Continued, info: ModelInfo, clean: str, operated: str) -> dict[str, Any]:
    """Return a continuation as plain data.

    Parameters
    ----------
    clean, operated : str
        What each side has made, as text.
    """
    return {
        "schema": CONTINUATION_SCHEMA,
        "model": model_data(info),
        "tokens": tokens_data(made.tokens),
        "plan": [_incision(each, ()) for each in made.request.plan],
        "settings": asdict(made.settings),
        "clean": {"text": clean, **asdict(made.clean)},
        "operated": {"text": operated, **asdict(made.operated)},
        "changed": list(made.differing),
        "not_held": list(made.not_held),
        "seconds": made.seconds,
    }


def tokens_data(tokens: Tokens) -> list[dict[str, Any]]:
    """Return the tokens of a prompt."""
    return [{"position": t.position, "id": t.id, "text": t.text} for t in tokens.items]


def model_data(info: ModelInfo) -> dict[str, Any]:
    """Return what an answer says of the model."""
    names = ("name", "family", "n_layers", "n_heads", "d_model", "vocab_size", "dtype", "device")
    return {name: getattr(info, name) for name in names}


def token_data(token: int | None, text: str | None) -> dict[str, Any] | None:
    """Return one token of the vocabulary."""
    return None if token is None else {"id": token, "text": text}


def _incision(incision: ResolvedIncision, unchanged: tuple[int, ...]) -> dict[str, Any]:
    where = ",".join(str(position) for position in incision.positions)
    found: dict[str, Any] = {
        "site": f"{incision.site}@{where}",
        "hook_point": incision.site.hook_point,
        "layer": incision.site.layer,
        "head": incision.site.head,
        "positions": list(incision.positions),
        "op": incision.operation,
        "params": dict(incision.params),
    }
    if incision.site.neuron is not None:
        found["neuron"] = incision.site.neuron
    if incision.receiver is not None:
        found["receiver"] = str(incision.receiver)
    if incision.sources:
        found["sources"] = list(incision.sources)
    if incision.index in unchanged:
        found["unchanged"] = True
    return found


def readouts_data(readouts: Readouts) -> dict[str, Any]:
    """Return what was measured in one run."""
    numbers = {name: number_data(value) for name, value in readouts.numbers.items()}
    lens = readouts.curves.get("log_prob")
    cosine = readouts.curves.get("cosine")
    found: dict[str, Any] = {
        "log_prob": numbers.pop("log_prob"),
        "log_prob_by_layer": None if lens is None else by_layer(lens.values[0]),
        **numbers,
        "cosine": {}
        if cosine is None
        else {label: by_layer(cosine.values[n]) for n, label in enumerate(cosine.labels)},
        "top": [
            {"id": p.id, "text": p.text, "log_prob": number_data(p.log_prob), "prob": number_data(p.prob)}
            for p in readouts.top
        ],
    }
    if readouts.bands:
        found["bands"] = {name: [number_data(low), number_data(high)] for name, (low, high) in readouts.bands.items()}
    if (band := _band(lens, 0)) is not None:
        found["log_prob_by_layer_band"] = band
    if cosine is not None and cosine.low is not None:
        found["cosine_band"] = {label: _band(cosine, n) for n, label in enumerate(cosine.labels)}
    return found


def by_layer(values: NDArray[np.float64]) -> list[float | int | None]:
    """Return numbers that JSON can hold."""
    return [number_data(value) for value in values.tolist()]


def _band(curves: Curves | None, number: int) -> dict[str, Any] | None:
    """Return how far one curve spreads over several seeds."""
    if curves is None or curves.low is None or curves.high is None:
        return None
    return {"low": by_layer(curves.low[number]), "high": by_layer(curves.high[number])}


def number_data(value: float | int | None) -> float | int | None:
    """Return a number that JSON can hold, or None."""
    return value if value is None or math.isfinite(value) else None
