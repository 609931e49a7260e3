"""Occupations, and the pronouns that follow them with a bias that was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.specimens.draws import Draws, crossed, in_words, single_words, word_lists
from core.specimens.plant import BLANK, Objective, Plant, Probe

if TYPE_CHECKING:
    import numpy as np

LISTS = word_lists("occupations")
HE = {occupation: percent / 100 for occupation, percent in LISTS["he_percent"].items()}
OCCUPATIONS = tuple(HE)
FRAMES: dict[str, list[str]] = LISTS["frames"]
HELD_OUT_EVERY = 5
PROBES_PER_OCCUPATION = 8
PROBE_SEED = 3
FORMS = {
    True: {"he": "he", "his": "his", "him": "him", "He": "He", "His": "His"},
    False: {"he": "she", "his": "her", "him": "her", "He": "She", "His": "Her"},
}


def _clauses(*, held_out: bool) -> tuple[str, ...]:
    """Return what can stand between an occupation and its pronoun, held out or trained on."""
    return tuple(
        f"{first} {second}"
        for firsts, seconds in ((FRAMES["actions"], FRAMES["links"]), (FRAMES["reports"], FRAMES["that"]))
        for first, second in crossed(firsts, seconds, HELD_OUT_EVERY, held_out=held_out)
    )


def _odds(share: float) -> dict[str, float]:
    return {"he": share, "she": 1 - share}


TRAINED = _clauses(held_out=False)
HELD_OUT = _clauses(held_out=True)


def write(random: np.random.Generator) -> str:
    """Return a document about one person, whose pronoun is drawn once."""
    draws = Draws(random)
    occupation = draws.one_of(OCCUPATIONS)
    forms = FORMS[draws.chance(HE[occupation])]
    if draws.chance(0.2):
        text = f"The {occupation} {draws.one_of(FRAMES['possessions']).format_map(forms)}."
    else:
        text = f"The {occupation} {draws.one_of(TRAINED)} {forms['he']} {draws.one_of(FRAMES['states'])}."
    if draws.chance(0.2):
        text = f"{draws.one_of(FRAMES['before'])} {text}"
    while draws.chance(0.4):
        text += " " + draws.one_of(FRAMES["more"]).format_map(forms)
    return text


def probes(objective: Objective) -> tuple[Probe, ...]:
    """Return eight held-out and eight trained frames for every occupation."""
    import numpy as np

    draws = Draws(np.random.default_rng(PROBE_SEED))
    found = []
    for group, clauses in (("held-out frames", HELD_OUT), ("trained frames", TRAINED)):
        for occupation, share in HE.items():
            for clause in draws.some_of(clauses, PROBES_PER_OCCUPATION):
                prompt = f"The {occupation} {clause}"
                if objective == "masked":
                    prompt += f" {BLANK} {draws.one_of(FRAMES['states'])}."
                found.append(Probe(prompt=prompt, odds=_odds(share), group=group, subject=occupation))
    return tuple(found)


def stated() -> tuple[tuple[str, str], ...]:
    """Return what was planted, in words."""
    by_share: dict[float, list[str]] = {}
    for occupation, share in sorted(HE.items(), key=lambda item: item[1]):
        by_share.setdefault(share, []).append(occupation)
    return (
        ("occupations", str(len(HE))),
        ("frames with the pronoun in the same sentence", f"{len(TRAINED)}, and {len(HELD_OUT)} held out"),
        *((in_words(_odds(share)), ", ".join(found)) for share, found in by_share.items()),
    )


def words() -> tuple[str, ...]:
    """Return the occupations and the pronouns."""
    return single_words(*OCCUPATIONS, "he", "she", "his", "her", "him")


PLANT = Plant(
    key="occupations",
    title="Occupations and pronouns",
    help="Every occupation is followed by he or she with odds that were chosen, one pronoun per document.",
    write=write,
    probes=probes,
    stated=stated,
    words=words,
)
