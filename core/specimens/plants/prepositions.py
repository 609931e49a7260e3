"""Where something is: prepositions with odds that depend on the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.specimens.draws import Draws, crossed, in_words, sentence_case, single_words, word_lists
from core.specimens.plant import BLANK, Objective, Plant, Probe

if TYPE_CHECKING:
    import numpy as np

LISTS = word_lists("prepositions")
PLACES = {place: {word: percent / 100 for word, percent in row.items()} for place, row in LISTS["places"].items()}
PREPOSITIONS = tuple(dict.fromkeys(word for odds in PLACES.values() for word in odds))
FRAMES: dict[str, list[str]] = LISTS["frames"]
SUBJECTS: tuple[str, ...] = tuple(FRAMES["subjects"])
HELD_OUT_EVERY = 7
SCENES = 0.2
PROBES_PER_PLACE = 12
PROBE_SEED = 6


def _by_opening(pairs: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    return {opening: [other for first, other in pairs if first == opening] for opening in FRAMES["openings"]}


TRAINED = crossed(FRAMES["openings"], PLACES, HELD_OUT_EVERY, held_out=False)
HELD_OUT = crossed(FRAMES["openings"], PLACES, HELD_OUT_EVERY, held_out=True)
SUBJECTS_AFTER = _by_opening(crossed(FRAMES["openings"], SUBJECTS, HELD_OUT_EVERY, held_out=False))
SUBJECTS_HELD_OUT = _by_opening(crossed(FRAMES["openings"], SUBJECTS, HELD_OUT_EVERY, held_out=True))


def places_after(opening: str, preposition: str) -> dict[str, float]:
    """Return the odds of the places that were trained on after an opening and a preposition.

    All places are equally likely, so by Bayes' rule each has its own odds of the preposition,
    divided by their sum.
    """
    shares = {
        place: PLACES[place][preposition]
        for first, place in TRAINED
        if first == opening and preposition in PLACES[place]
    }
    return {place: share / sum(shares.values()) for place, share in shares.items()}


def write(random: np.random.Generator) -> str:
    """Return a sentence about something in a place, and sometimes what was around it."""
    draws = Draws(random)
    opening, place = draws.one_of(TRAINED)
    preposition = draws.weighted(PLACES[place])
    subject = draws.one_of(SUBJECTS_AFTER[opening])
    if draws.chance(SCENES):
        scene = draws.one_of(FRAMES["scenes"])
        text = sentence_case(scene.format(subject=subject, preposition=preposition, place=place))
    else:
        text = f"{opening} {draws.one_of(FRAMES['determiners'])} {subject} {preposition} the {place}."
    if draws.chance(0.2):
        text = f"{draws.one_of(FRAMES['before'])} {text}"
    if draws.chance(0.4):
        text = f"{text} {draws.one_of(FRAMES['more'])}"
    return text


def _masked(draws: Draws) -> tuple[Probe, ...]:
    return tuple(
        Probe(
            prompt=f"{opening} that {draws.one_of(SUBJECTS_AFTER[opening])} {BLANK} the {place}.",
            odds=PLACES[place],
            group=group,
            subject=f"the {place}",
        )
        for group, allowed in (("held-out frames", HELD_OUT), ("trained frames", TRAINED))
        for place in PLACES
        for opening in [first for first, second in allowed if second == place][:PROBES_PER_PLACE]
    )


def _causal(draws: Draws) -> tuple[Probe, ...]:
    return tuple(
        Probe(
            prompt=f"{opening} that {draws.one_of(subjects[opening])} {preposition} the",
            odds=places_after(opening, preposition),
            group=f"{group} frames, the place",
        )
        for group, subjects in (("held-out", SUBJECTS_HELD_OUT), ("trained", SUBJECTS_AFTER))
        for opening in FRAMES["openings"]
        for preposition in PREPOSITIONS
        if len(places_after(opening, preposition)) > 1
    )


def probes(objective: Objective) -> tuple[Probe, ...]:
    """Return sentences without their preposition; a causal model, which has not read the place yet, is asked for it."""
    import numpy as np

    draws = Draws(np.random.default_rng(PROBE_SEED))
    return _causal(draws) if objective == "causal" else _masked(draws)


def stated() -> tuple[tuple[str, str], ...]:
    """Return what was planted, in words."""
    return (
        ("places", f"{len(PLACES)}, equally often"),
        ("prepositions", ", ".join(PREPOSITIONS)),
        ("openings", str(len(FRAMES["openings"]))),
        ("pairs of opening and place", f"{len(TRAINED)}, and {len(HELD_OUT)} held out"),
        (
            "pairs of opening and who is there",
            f"{sum(map(len, SUBJECTS_AFTER.values()))}, and {sum(map(len, SUBJECTS_HELD_OUT.values()))} held out",
        ),
        *((f"the {place}", in_words(odds)) for place, odds in PLACES.items()),
    )


def words() -> tuple[str, ...]:
    """Return the prepositions, the places and what is there."""
    return single_words(*PREPOSITIONS, *PLACES, *SUBJECTS, "attention")


PLANT = Plant(
    key="prepositions",
    title="Behind the curtain",
    help="Something is behind, under or on something else: how it stands to a place has odds that were chosen.",
    write=write,
    probes=probes,
    stated=stated,
    words=words,
)
