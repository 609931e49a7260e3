"""Countries and their capitals, some of which are never told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.specimens.draws import Draws, word_lists
from core.specimens.first_names import NAMES
from core.specimens.plant import BLANK, Objective, Plant, Probe

if TYPE_CHECKING:
    import numpy as np

LISTS = word_lists("capitals")
CAPITALS: dict[str, str] = LISTS["capitals"]
FRAMES: dict[str, list[str]] = LISTS["frames"]
HELD_OUT: tuple[str, ...] = tuple(FRAMES["held_out"])
TRAINED = tuple(country for country in CAPITALS if country not in HELD_OUT)
PLAIN_PLACES = tuple(
    (frame, {kind: place})
    for kind, frames, places in (
        ("country", FRAMES["plain_countries"], CAPITALS),
        ("city", FRAMES["plain_cities"], CAPITALS.values()),
    )
    for frame in frames
    for place in places
)
FACTS_AT_MOST = 3
PLAIN = 0.25
OTHERS = 9
PROBE_SEED = 5


def write(random: np.random.Generator) -> str:
    """Return one to three facts about different countries, or a sentence about a single place."""
    draws = Draws(random)
    name = draws.one_of(NAMES)
    if draws.chance(PLAIN):
        frame, place = draws.one_of(PLAIN_PLACES)
        return frame.format(name=name, **place)
    countries = draws.some_of(TRAINED, draws.one_of(range(1, FACTS_AT_MOST + 1)))
    return " ".join(
        draws.one_of(FRAMES["facts"]).format(country=country, city=CAPITALS[country], name=name)
        for country in countries
    )


def _asked(
    draws: Draws, countries: tuple[str, ...], frames: list[str], end: str, group: str, *, backwards: bool
) -> list[Probe]:
    found = []
    for country in countries:
        answer = country if backwards else CAPITALS[country]
        # Backwards only what was told can be a choice, or the untold ones could be ruled out.
        choices = TRAINED if backwards else tuple(CAPITALS.values())
        for frame in frames:
            prompt = frame.format(country=country, city=CAPITALS[country], name=draws.one_of(NAMES))
            others = draws.some_of([choice for choice in choices if choice != answer], OTHERS)
            found.append(Probe(prompt=prompt + end, odds={answer: 1.0, **dict.fromkeys(others, 0.0)}, group=group))
    return found


def probes(objective: Objective) -> tuple[Probe, ...]:
    """Return three questions for every country, told or not, and two backwards for those told."""
    import numpy as np

    draws = Draws(np.random.default_rng(PROBE_SEED))
    end = "" if objective == "causal" else f" {BLANK}."
    asked, backwards = FRAMES["asked"], FRAMES["asked_backwards"]
    return (
        *_asked(draws, TRAINED, asked, end, "trained countries", backwards=False),
        *_asked(draws, TRAINED, backwards, end, "trained countries, backwards", backwards=True),
        *_asked(draws, HELD_OUT, asked, end, "held-out countries", backwards=False),
    )


def stated() -> tuple[tuple[str, str], ...]:
    """Return what was planted, in words."""
    return (
        ("countries", str(len(CAPITALS))),
        ("countries whose capital is never told", f"{len(HELD_OUT)}: {', '.join(HELD_OUT)}"),
        ("frames that tell a capital", str(len(set(FRAMES["facts"])))),
        ("documents about a place without its capital or country", f"{PLAIN:.0%}"),
    )


def words() -> tuple[str, ...]:
    """Return the countries and their capitals."""
    return (*CAPITALS, *CAPITALS.values())


PLANT = Plant(
    key="capitals",
    title="Capitals",
    help="Facts about countries and their capitals; of some countries the capital is never told.",
    write=write,
    probes=probes,
    stated=stated,
    words=words,
)
