"""The answer of ``run`` as JSON data, schema ``run/1``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.request import ResolvedIncision
    from core.runs.result import Readouts, RunResult

SCHEMA = "run/1"


def answer(result: RunResult) -> dict[str, Any]:
    """Return a result as plain data; numbers that are not finite become None."""
    return {
        "schema": SCHEMA,
        "model": model_data(result.model),
        "tokens": [{"position": t.position, "id": t.id, "text": t.text} for t in result.tokens.items],
        "read_position": result.request.read_position,
        "target": _token(result.target, result.target_text),
        "versus": _token(result.versus, result.versus_text),
        "plan": [_incision(each) for each in result.request.plan],
        "clean": _readouts(result.clean),
        "operated": _readouts(result.operated),
        "effect": {
            "log_prob": _number(result.effect.log_prob),
            "logit_difference": _number(result.effect.logit_difference),
            "kl": _number(result.effect.kl),
            "changed": result.effect.changed,
        },
        "seconds": result.seconds,
    }


def model_data(info: ModelInfo) -> dict[str, Any]:
    """Return what an answer says of the model."""
    names = ("name", "family", "n_layers", "n_heads", "d_model", "vocab_size", "dtype", "device")
    return {name: getattr(info, name) for name in names}


def _token(token: int | None, text: str | None) -> dict[str, Any] | None:
    return None if token is None else {"id": token, "text": text}


def _incision(incision: ResolvedIncision) -> dict[str, Any]:
    where = ",".join(str(position) for position in incision.positions)
    return {
        "site": f"{incision.site}@{where}",
        "hook_point": incision.site.hook_point,
        "layer": incision.site.layer,
        "head": incision.site.head,
        "positions": list(incision.positions),
        "op": incision.operation,
        "params": dict(incision.params),
    }


def _readouts(readouts: Readouts) -> dict[str, Any]:
    numbers = {name: _number(value) for name, value in readouts.numbers.items()}
    lens = readouts.curves.get("log_prob")
    cosine = readouts.curves.get("cosine")
    pairs = () if cosine is None else zip(cosine.labels, cosine.values.tolist(), strict=True)
    return {
        "log_prob": numbers.pop("log_prob"),
        "log_prob_by_layer": None if lens is None else [_number(value) for value in lens.values[0].tolist()],
        **numbers,
        "cosine": {label: [_number(value) for value in values] for label, values in pairs},
        "top": [
            {"id": p.id, "text": p.text, "log_prob": _number(p.log_prob), "prob": _number(p.prob)} for p in readouts.top
        ],
    }


def _number(value: float | int | None) -> float | int | None:
    """Return a number that JSON can hold, or None."""
    return value if value is None or math.isfinite(value) else None
