"""How much of what was planted a model gives back: its answers beside the odds that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from core.specimens.asking import Answer
    from core.specimens.plant import Probe


def by_group(probes: Iterable[Probe], answers: Sequence[Answer]) -> dict[str, dict[str, Any]]:
    """Return the recovery of each group of probes, with how many of them could not be asked."""
    counts: dict[str, int] = {}
    for probe in probes:
        counts[probe.group] = counts.get(probe.group, 0) + 1
    found = {}
    for group, count in counts.items():
        given = [answer for answer in answers if answer.probe.group == group]
        found[group] = {"asked": len(given), "left_out": count - len(given), **(recovery(given) if given else {})}
    return found


def recovery(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return in numbers how near answers are to the planted odds.

    Returns
    -------
    dict
        accuracy : how often the planted likeliest answer is the likeliest candidate, of probes that
            have just one (None if none has);
        top1 : how often an answer that was certain is the likeliest of all tokens (None if none was);
        planted, recovered : mean probability of the planted likeliest answers, as planted and as
            the model has it among the candidates;
        deviation : mean absolute difference of the two, over all candidates of all probes;
        correlation : Pearson's, over the same (None where every answer is certain or impossible);
        mass : mean probability of all candidates together.
    """
    decided, certain, likeliest = [], [], []
    planted: list[float] = []
    recovered: list[float] = []
    for answer in answers:
        odds = answer.probe.odds
        best = max(odds, key=lambda word: odds[word])
        likeliest.append((odds[best], answer.odds[best]))
        planted += odds.values()
        recovered += [answer.odds[word] for word in odds]
        if sum(share == odds[best] for share in odds.values()) == 1:
            decided.append(max(answer.odds, key=lambda word: answer.odds[word]) == best)
        if odds[best] == 1.0:
            certain.append(answer.top == best)
    uncertain = any(0 < share < 1 for share in planted)
    return {
        "accuracy": _mean(decided),
        "top1": _mean(certain),
        "planted": _mean([share for share, _ in likeliest]),
        "recovered": _mean([share for _, share in likeliest]),
        "deviation": _mean(np.abs(np.subtract(planted, recovered))),
        "correlation": correlation(planted, recovered) if uncertain else None,
        "mass": _mean([answer.mass for answer in answers]),
    }


def by_subject(answers: Iterable[Answer]) -> dict[str, dict[str, Any]]:
    """Return for each subject of the probes its planted odds beside the mean of the answers."""
    given: dict[str, list[Answer]] = {}
    for answer in answers:
        if answer.probe.subject:
            given.setdefault(answer.probe.subject, []).append(answer)
    return {
        subject: {
            "asked": len(those),
            "planted": dict(those[0].probe.odds),
            "recovered": {word: _mean([each.odds[word] for each in those]) for word in those[0].probe.odds},
        }
        for subject, those in given.items()
    }


def over_subjects(subjects: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the mean and the largest absolute difference, and the correlation, over subjects and candidates."""
    pairs = [(row["planted"][word], row["recovered"][word]) for row in subjects.values() for word in row["planted"]]
    planted, recovered = zip(*pairs, strict=True)
    apart = np.abs(np.subtract(planted, recovered))
    return {
        "subjects": len(subjects),
        "deviation": _mean(apart),
        "largest_deviation": float(apart.max()),
        "correlation": correlation(planted, recovered),
    }


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return Pearson's correlation, or None where one of the two does not vary."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _mean(values: Any) -> float | None:
    return float(np.mean(values)) if len(values) else None
