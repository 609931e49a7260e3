"""Run results built by hand, for panels to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.models.info import ModelInfo
from core.readings.values import Curves, Pair
from core.runs.request import RunRequest
from core.runs.result import Effect, Prediction, Readouts, Reuse, RunResult
from core.text.tokens import Token, Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORDS = [" pizza", " peanut", "\n", " salad", " the", "apple", " a", " bread", " ice", " it", " sauce", "\u200b"]
PAIRS = ("pineapple – pizza", "butter – taste")


def model_info(n_layers: int = 5, **changes: object) -> ModelInfo:
    """Return the facts of a model."""
    facts: dict[str, object] = {
        "name": "specimen-gpt2",
        "family": "gpt2",
        "n_layers": n_layers,
        "n_heads": 4,
        "n_key_value_heads": 4,
        "d_model": 64,
        "d_head": 16,
        "vocab_size": 50257,
        "context": 128,
        "objective": "causal",
        "has_head": True,
        "mask_token": None,
        "n_parameters": 1000,
        "memory_bytes": 4000,
        "dtype": "float32",
        "device": "cpu",
    }
    return ModelInfo(**(facts | changes))  # type: ignore[arg-type]


def tokens(*texts: str) -> Tokens:
    """Return a prompt of these tokens."""
    items = tuple(Token(i, 10 + i, text, 0, 1, False, True) for i, text in enumerate(texts))
    return Tokens("".join(texts), items)


def predictions(probabilities: Mapping[int, float]) -> tuple[Prediction, ...]:
    """Return predictions for token ids, likeliest first; ids index `WORDS`."""
    ordered = sorted(probabilities.items(), key=lambda item: -item[1])
    return tuple(
        Prediction(token, WORDS[token % len(WORDS)], float(np.log(p)), p, rank + 1)
        for rank, (token, p) in enumerate(ordered)
    )


def readouts(
    probabilities: Mapping[int, float], target: int, curves: Mapping[str, Curves], top_k: int, listed: set[int]
) -> Readouts:
    """Return readouts whose numbers agree with the predictions."""
    ranked = predictions(probabilities)
    mine = next((p for p in ranked if p.id == target), None)
    numbers = {
        "log_prob": mine.log_prob if mine else None,
        "rank": mine.rank if mine else None,
        "entropy": -sum(p.prob * p.log_prob for p in ranked) if ranked else None,
        "logit_difference": None,
    }
    shown = tuple(sorted((p for p in ranked if p.id in listed), key=lambda p: p.id))
    return Readouts(numbers, curves, ranked[:top_k], shown)


def curve(n_layers: int, start: float, end: float, seed: int, wobble: float = 0.06) -> NDArray[np.float64]:
    """Return a plausible curve by depth."""
    rng = np.random.default_rng(seed)
    steps = np.linspace(0, 1, n_layers + 1)
    return start + (end - start) * steps**0.7 + wobble * rng.standard_normal(n_layers + 1) * abs(end - start)


def distributions(seed: int = 0) -> tuple[dict[int, float], dict[int, float]]:
    """Return next-token probabilities before and after over 12 tokens."""
    rng = np.random.default_rng(seed)
    logits = np.linspace(2.4, -2.0, 12)
    after = logits + rng.normal(0, 0.8, 12)
    both = [np.exp(x) / np.exp(x).sum() * 0.82 for x in (logits, after)]
    return tuple({i: float(p) for i, p in enumerate(each)} for each in both)  # type: ignore[return-value]


def repeated(made: RunResult, repeats: int = 8, wide: float = 0.05) -> RunResult:
    """Return a result as if over several seeds: every operated number and curve with a band of this width."""
    curves = {
        lens: Curves(each.labels, each.values, each.values - wide, each.values + wide)
        for lens, each in made.operated.curves.items()
    }
    bands = {key: (value - wide, value + wide) for key, value in made.operated.numbers.items() if value is not None}
    return replace(made, operated=replace(made.operated, curves=curves, bands=bands), repeats=repeats)


def result(
    n_layers: int = 5,
    *,
    pairs: tuple[str, ...] = PAIRS,
    changed: bool = True,
    before: Mapping[int, float] | None = None,
    after: Mapping[int, float] | None = None,
    target: int = 3,
    top_k: int = 8,
    lenses: tuple[str, ...] = ("cosine", "log_prob"),
    model: ModelInfo | None = None,
    read_position: int | None = -1,
) -> RunResult:
    """Return a result with curves and predictions."""
    made = distributions()
    before = made[0] if before is None else before
    after = (made[1] if changed else before) if after is None else after
    sides = []
    for side in range(2):
        shift = 0.3 * side * changed
        values = np.array([curve(n_layers, 0.85 - 0.3 * i, 0.35 - 0.2 * i + shift, 7 + i) for i in range(len(pairs))])
        log_prob = np.minimum(curve(n_layers, -9, -1.9 - 4 * shift, 3), -0.01)
        known = {"cosine": Curves(pairs, values), "log_prob": Curves(("target",), log_prob[None])}
        sides.append({lens: known[lens] for lens in lenses})
    tops = [{p.id for p in predictions(d)[:top_k]} for d in (before, after)]
    listed = tops[0] | tops[1] | {target}
    clean = readouts(before, target, sides[0], top_k, listed)
    operated = readouts(after, target, sides[1], top_k, listed)
    has = bool(before)
    prompt = tokens("Pe", "anut", " butter", " and", " pineapple", " taste", " great", " on")
    kl = (
        float(sum(p * np.log(p / after[i]) for i, p in before.items()))
        if has and before.keys() == after.keys()
        else None
    )
    numbers = (clean.numbers["log_prob"], operated.numbers["log_prob"])
    effect = Effect(numbers[1] - numbers[0] if None not in numbers else None, None, kl, changed)  # type: ignore[operator]
    return RunResult(
        request=RunRequest(
            model="specimen-gpt2",
            ids=prompt.ids,
            read_position=read_position,
            target=target,
            pairs=tuple(Pair(label, 4, 6) for label in pairs),
            top_k=top_k,
        ),
        model=model or model_info(n_layers),
        tokens=prompt,
        target=target if has else None,
        versus=None,
        target_text=WORDS[target] if has else None,
        versus_text=None,
        clean=clean,
        operated=operated,
        effect=effect,
        unchanged=(),
        finite=True,
        seconds=0.014,
        reuse=Reuse(first_layer=n_layers, clean=True),
    )
