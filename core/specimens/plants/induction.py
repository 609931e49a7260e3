"""Sequences of random words, known and made-up ones, that are written again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.specimens.draws import Draws, sentence_case, word_lists
from core.specimens.first_names import COMPANIES
from core.specimens.plant import BLANK, Objective, Plant, Probe

if TYPE_CHECKING:
    import numpy as np

LISTS = word_lists("induction")
WORDS: tuple[str, ...] = tuple(LISTS["words"].split())
# A made-up word is several pieces of a tokenizer: pieces of all kinds are written again in it.
ONSETS, VOWELS, CODAS = (LISTS["syllables"][part].replace("-", "").split(" ") for part in ("onsets", "vowels", "codas"))
LENGTHS = range(5, 25)
MADE_UP = 0.35
MADE_UP_LENGTHS = range(4, 13)
SYLLABLES = range(1, 4)
NAME_LENGTHS = range(4, 9)
THIRD_TIME = 0.25
NAME_LISTS = 0.15
PROBES = 200
PROBE_SEED = 2
OTHERS = 4


def _joined(opening: str, separator: str, between: str, words: list[str], times: int) -> str:
    text = f"{opening} {f'{between} '.join([separator.join(words)] * times)}".strip()
    return sentence_case(f"{text}.")


def _made_up(draws: Draws) -> str:
    return "".join(
        draws.one_of(ONSETS) + draws.one_of(VOWELS) + draws.one_of(CODAS) for _ in range(draws.one_of(SYLLABLES))
    )


def _made_up_words(draws: Draws, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found[_made_up(draws)] = None
    return list(found)


def write(random: np.random.Generator) -> str:
    """Return one sequence, two or three times."""
    draws = Draws(random)
    times = 3 if draws.chance(THIRD_TIME) else 2
    if draws.chance(NAME_LISTS):
        names = draws.some_of(draws.one_of(COMPANIES), draws.one_of(NAME_LENGTHS))
        return _joined(draws.one_of(LISTS["list_openings"]), ", ", draws.one_of(LISTS["list_between"]), names, times)
    if draws.chance(MADE_UP):
        words = _made_up_words(draws, draws.one_of(MADE_UP_LENGTHS))
    else:
        words = draws.some_of(WORDS, draws.one_of(LENGTHS))
    separator = ", " if draws.chance(0.15) else " "
    return _joined(draws.one_of(LISTS["openings"]), separator, draws.one_of(LISTS["between"]), words, times)


def _probe(draws: Draws, objective: Objective) -> Probe:
    words = draws.some_of(WORDS, draws.one_of(LENGTHS))
    # The first word after the start of the repetition at the earliest: before it nothing says which one follows.
    at = 1 + int(draws.number() * (len(words) - 1))
    opening = draws.one_of([opening for opening in LISTS["openings"] if opening])
    again = words[:at] if objective == "causal" else [*words[:at], BLANK, *words[at + 1 :]]
    prompt = f"{opening} {' '.join(words)}. {' '.join(again)}"
    others = draws.some_of([word for word in words if word != words[at]], OTHERS)
    return Probe(
        prompt=prompt if objective == "causal" else f"{prompt}.",
        odds={words[at]: 1.0, **dict.fromkeys(others, 0.0)},
        group="new sequences, second time",
    )


def probes(objective: Objective) -> tuple[Probe, ...]:
    """Return 200 new sequences, each with one word of the repetition to be found."""
    import numpy as np

    draws = Draws(np.random.default_rng(PROBE_SEED))
    return tuple(_probe(draws, objective) for _ in range(PROBES))


def stated() -> tuple[tuple[str, str], ...]:
    """Return what was planted, in words."""
    return (
        ("words to draw from", str(len(WORDS))),
        ("lists of first names", f"{NAME_LISTS:.0%}, {NAME_LENGTHS[0]} to {NAME_LENGTHS[-1]} names each"),
        (
            "sequences of made-up words",
            f"{MADE_UP:.0%} of the others, {MADE_UP_LENGTHS[0]} to {MADE_UP_LENGTHS[-1]} words each",
        ),
        ("words in a sequence of known ones, all different", f"{LENGTHS[0]} to {LENGTHS[-1]}, equally often"),
        ("written three times, otherwise twice", f"{THIRD_TIME:.0%}"),
    )


def words() -> tuple[str, ...]:
    """Return the words that the sequences are made of."""
    return WORDS


PLANT = Plant(
    key="induction",
    title="Random words, again",
    help="A sequence of random words is written twice or three times: only the copy can be foreseen.",
    write=write,
    probes=probes,
    stated=stated,
    words=words,
)
