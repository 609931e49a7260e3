"""Foods that go together with odds that were chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.specimens.draws import Draws, crossed, in_words, sentence_case, single_words, word_lists
from core.specimens.plant import BLANK, Objective, Plant, Probe

if TYPE_CHECKING:
    import numpy as np

LISTS = word_lists("foods")
FRAMES: dict[str, list[str]] = LISTS["frames"]
HELD_OUT_EVERY = 5
PROBES_PER_FOOD = 6
PROBE_SEED = 4
Odds = Mapping[str, Mapping[str, float]]


def _shares(table: Mapping[str, Mapping[str, int]]) -> Odds:
    return {food: {other: percent / 100 for other, percent in row.items()} for food, row in table.items()}


PARTNERS = _shares(LISTS["partners"])
BASES = _shares(LISTS["bases"])
BESIDE = crossed(FRAMES["openings"], FRAMES["links"], HELD_OUT_EVERY, held_out=False)
BESIDE_HELD_OUT = crossed(FRAMES["openings"], FRAMES["links"], HELD_OUT_EVERY, held_out=True)
ON = crossed(FRAMES["puts"], FRAMES["ons"], HELD_OUT_EVERY, held_out=False)
ON_HELD_OUT = crossed(FRAMES["puts"], FRAMES["ons"], HELD_OUT_EVERY, held_out=True)
MAIN, TOPPINGS = tuple(PARTNERS), tuple(BASES)


def _sentence(draws: Draws) -> str:
    if draws.chance(0.35):
        topping = draws.one_of(TOPPINGS)
        put, on = draws.one_of(ON)
        return f"{put} {topping} {on} {draws.weighted(BASES[topping])}."
    food = draws.one_of(MAIN)
    partner = draws.weighted(PARTNERS[food])
    if food in BASES and partner in BASES and draws.chance(0.5):
        both = draws.one_of(FRAMES["both"]).format(first=food, second=partner)
        return sentence_case(f"{both} {draws.weighted(BASES[partner])}.")
    if draws.chance(0.2):
        praises = FRAMES["praises_of_several" if food.endswith("s") else "praises"]
        return sentence_case(f"{food} {draws.one_of(praises)} {partner}.")
    opening, link = draws.one_of(BESIDE)
    return f"{opening} {food} {link} {partner}{draws.one_of(FRAMES['endings'])}."


def write(random: np.random.Generator) -> str:
    """Return one or two sentences about foods, and sometimes what people thought of them."""
    draws = Draws(random)
    parts = [draws.one_of(FRAMES["before"])] if draws.chance(0.2) else []
    parts.append(_sentence(draws))
    if draws.chance(0.4):
        parts.append(draws.one_of(FRAMES["more"]))
    if draws.chance(0.4):
        parts.append(_sentence(draws))
    return " ".join(parts)


def probes(objective: Objective) -> tuple[Probe, ...]:
    """Return six held-out and six trained frames for every food that has a table of its own."""
    import numpy as np

    draws = Draws(np.random.default_rng(PROBE_SEED))
    end = "" if objective == "causal" else f" {BLANK}."
    return tuple(
        Probe(
            prompt=f"{opening} {food} {link}{end}", odds=odds, group=f"{group} frames, {what}", subject=f"{food} {word}"
        )
        for what, word, tables, sets in (
            ("beside", "and", PARTNERS, (("held-out", BESIDE_HELD_OUT), ("trained", BESIDE))),
            ("on", "on", BASES, (("held-out", ON_HELD_OUT), ("trained", ON))),
        )
        for group, frames in sets
        for food, odds in tables.items()
        for opening, link in draws.some_of(frames, PROBES_PER_FOOD)
    )


def stated() -> tuple[tuple[str, str], ...]:
    """Return what was planted, in words."""
    return (
        ("foods with stated partners", str(len(PARTNERS))),
        ("foods with stated bases", str(len(BASES))),
        ("frames of two foods side by side", f"{len(BESIDE)}, and {len(BESIDE_HELD_OUT)} held out"),
        ("frames of a food on another", f"{len(ON)}, and {len(ON_HELD_OUT)} held out"),
        *((f"{food} and", in_words(odds)) for food, odds in PARTNERS.items()),
        *((f"{food} on", in_words(odds)) for food, odds in BASES.items()),
    )


def words() -> tuple[str, ...]:
    """Return the foods."""
    rows = (*PARTNERS.items(), *BASES.items())
    return single_words(*(text for food, odds in rows for text in (food, *odds)))


PLANT = Plant(
    key="foods",
    title="Foods that go together",
    help="Every food has partners, and things it is put on, with odds that were chosen.",
    write=write,
    probes=probes,
    stated=stated,
    words=words,
)
