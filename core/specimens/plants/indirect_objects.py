"""Two people, one of whom gives the other something, and the name of the one who receives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.specimens.draws import Draws, single_words, word_lists
from core.specimens.first_names import HELD_OUT_EVERY, NAMES, TRAINED_PAIRS, pairs
from core.specimens.plant import BLANK, Objective, Plant, Probe

if TYPE_CHECKING:
    import numpy as np

LISTS = word_lists("indirect_objects")
OPENINGS, VERBS = LISTS["openings"], LISTS["verbs"]
PLACES, OBJECTS = LISTS["places"], LISTS["objects"]
BEFORE, AFTER = LISTS["before"], LISTS["after"]
PROBES = 400
PROBE_SEED = 1


def _sentence(draws: Draws, pair: tuple[str, str]) -> tuple[str, dict[str, str]]:
    """Return a sentence without the receiver at its end, and who and what is in it."""
    a, b = pair if draws.chance(0.5) else pair[::-1]
    giver, receiver = (a, b) if draws.chance(0.5) else (b, a)
    cast = {
        "a": a, "b": b, "giver": giver, "receiver": receiver,
        "place": draws.one_of(PLACES), "object": draws.one_of(OBJECTS),
    }  # fmt: skip
    opening = draws.one_of(OPENINGS).format_map(cast)
    comma = "" if opening.endswith(" and") else ","
    article = "the" if draws.chance(0.2) else "a"
    return f"{opening}{comma} {giver} {draws.one_of(VERBS)} {article} {cast['object']} to", cast


def write(random: np.random.Generator) -> str:
    """Return a document about one pair of people."""
    draws = Draws(random)
    prompt, cast = _sentence(draws, draws.one_of(TRAINED_PAIRS))
    parts = [f"{prompt} {cast['receiver']}."]
    if draws.chance(0.3):
        parts.insert(0, draws.one_of(BEFORE).format_map(cast))
    if draws.chance(0.5):
        parts.append(draws.one_of(AFTER).format_map(cast))
    return " ".join(parts)


def probes(objective: Objective) -> tuple[Probe, ...]:
    """Return 400 sentences about held-out pairs and 400 about pairs that were trained on."""
    import numpy as np

    draws = Draws(np.random.default_rng(PROBE_SEED))
    found = []
    for group, allowed in (("held-out pairs", pairs(held_out=True)), ("trained pairs", TRAINED_PAIRS)):
        for pair in (draws.one_of(allowed) for _ in range(PROBES)):
            prompt, cast = _sentence(draws, pair)
            prompt = prompt if objective == "causal" else f"{prompt} {BLANK}."
            found.append(Probe(prompt=prompt, odds={cast["receiver"]: 1.0, cast["giver"]: 0.0}, group=group))
    return tuple(found)


def stated() -> tuple[tuple[str, str], ...]:
    """Return what was planted, in words."""
    held_out = len(pairs(held_out=True))
    return (
        ("names", str(len(NAMES))),
        ("pairs of names", str(held_out + len(TRAINED_PAIRS))),
        ("pairs held out, in both orders", f"{held_out}: numbers in the list add up to a multiple of {HELD_OUT_EVERY}"),
        ("openings, verbs, places, objects", f"{len(OPENINGS)}, {len(VERBS)}, {len(PLACES)}, {len(OBJECTS)}"),
        ("giver is the one named first", "50 %"),
        ("the last word is the one who does not give", "100 %"),
    )


def words() -> tuple[str, ...]:
    """Return the names and what they do."""
    return single_words(*NAMES, *VERBS, *PLACES, *OBJECTS)


PLANT = Plant(
    key="indirect_objects",
    title="Who receives it",
    help="Two people are named, one of them gives something: the sentence ends with the other one.",
    write=write,
    probes=probes,
    stated=stated,
    words=words,
)
