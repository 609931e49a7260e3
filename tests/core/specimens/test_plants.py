"""The planted text: its odds, what is held out of it, and the questions about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom

from core.specimens.first_names import NAMES, TRAINED_PAIRS, is_held_out, pairs
from core.specimens.plant import BLANK, Objective, Plant
from core.specimens.plants import PLANTS, capitals, foods, indirect_objects, induction, occupations, prepositions
from core.specimens.recipe import RECIPES, Recipe

DOCUMENTS = 8_000
# One test in a million would fail by chance; there are a few hundred.
TOO_RARE = 1e-6
OBJECTIVES: tuple[Objective, ...] = ("causal", "masked")
BY_KEY = pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.key)


@cache
def written(key: str) -> tuple[str, ...]:
    """Return many documents of a plant."""
    random = np.random.default_rng(7)
    return tuple(PLANTS[key].write(random) for _ in range(DOCUMENTS))


def tokens(text: str) -> list[str]:
    """Return the words of a text."""
    return re.findall(r"[A-Za-z]+", text)


def assert_odds(counts: Counter[str], odds: Mapping[str, float]) -> None:
    """Check that counts are what odds would give, within the error of sampling."""
    total = counts.total()
    assert total >= 30
    assert set(counts) <= {word for word, share in odds.items() if share > 0}
    for word, share in odds.items():
        low, high = binom.ppf([TOO_RARE, 1 - TOO_RARE], total, share)
        assert low <= counts[word] <= high, (word, share, counts)


@BY_KEY
def test_that_the_generator_alone_decides_what_is_written(plant: Plant) -> None:
    first, second, other = (np.random.default_rng(seed) for seed in (3, 3, 4))
    documents = [plant.write(first) for _ in range(50)]
    assert documents == [plant.write(second) for _ in range(50)]
    assert documents != [plant.write(other) for _ in range(50)]


@BY_KEY
def test_that_documents_are_short_varied_and_end_with_a_full_stop(plant: Plant) -> None:
    documents = written(plant.key)
    assert all(text[0].isupper() and text.endswith(".") for text in documents)
    assert not any("  " in text or "{" in text or ".." in text for text in documents)
    assert max(len(text.split()) for text in documents) <= 90
    assert len(set(documents)) > DOCUMENTS / 3


@BY_KEY
def test_that_the_odds_of_a_question_sum_to_one_and_one_place_is_asked_for(plant: Plant) -> None:
    questions = {objective: plant.probes(objective) for objective in OBJECTIVES}
    assert any(questions.values())
    for objective, probes in questions.items():
        assert probes == plant.probes(objective)
        for probe in probes:
            assert sum(probe.odds.values()) == pytest.approx(1)
            assert len(probe.odds) > 1
            assert probe.prompt.count(BLANK) == (objective == "masked")
            assert probe.prompt == probe.prompt.strip()
            assert all(re.fullmatch("[A-Za-z]+", word) for word in probe.odds)


@pytest.mark.parametrize(
    "plant", [occupations.PLANT, foods.PLANT, capitals.PLANT, prepositions.PLANT], ids=lambda p: p.key
)
def test_that_a_prompt_does_not_hold_an_answer(plant: Plant) -> None:
    for objective in OBJECTIVES:
        for probe in plant.probes(objective):
            possible = {word for word, share in probe.odds.items() if share > 0}
            assert not possible & set(tokens(probe.prompt)), probe


@BY_KEY
def test_that_every_answer_is_to_be_a_single_piece(plant: Plant) -> None:
    words = set(plant.words())
    assert all(re.fullmatch("[A-Za-z]+", word) for word in words)
    for objective in OBJECTIVES:
        assert {word for probe in plant.probes(objective) for word in probe.odds} <= words


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_that_there_is_room_for_all_words_and_more_in_a_vocabulary(recipe: Recipe) -> None:
    assert 3 * len({word for plant in PLANTS for word in plant.words()}) <= recipe.vocab_size


def test_that_held_out_pairs_of_names_never_meet() -> None:
    assert len(pairs(held_out=True)) >= 300
    assert is_held_out("Mary", "John") and is_held_out("John", "Mary")
    names = set(NAMES)
    met = set()
    for plant in PLANTS:
        for text in written(plant.key):
            met |= set(combinations(sorted(names & set(tokens(text))), 2))
    assert not [pair for pair in met if is_held_out(*pair)]
    assert len(met) > 0.8 * len(TRAINED_PAIRS)


def test_that_every_name_gives_and_receives_and_either_is_named_first() -> None:
    name, verb = "|".join(NAMES), "|".join(indirect_objects.VERBS)
    sentence = re.compile(rf"({name}) and ({name}) [^.]*?({name}) (?:{verb}) (?:a|the) \w+ to ({name})\.")
    orders: Counter[str] = Counter()
    givers, receivers = set(), set()
    for text in written("indirect_objects"):
        found = [match for part in text.split(". ") if (match := sentence.search(part.rstrip(".") + "."))]
        assert len(found) == 1, text
        first, second, giver, receiver = found[0].groups()
        assert {first, second} == {giver, receiver}
        givers.add(giver)
        receivers.add(receiver)
        orders["giver first" if first == giver else "receiver first"] += 1
    assert givers == receivers == set(NAMES)
    assert_odds(orders, {"giver first": 0.5, "receiver first": 0.5})


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_that_the_questions_about_receivers_are_of_both_orders_and_about_the_right_pairs(objective: Objective) -> None:
    groups: Counter[str] = Counter()
    for probe in indirect_objects.PLANT.probes(objective):
        receiver, giver = probe.odds
        assert probe.odds == {receiver: 1.0, giver: 0.0}
        assert probe.prompt.count(giver) == 2 and probe.prompt.count(receiver) == 1
        assert is_held_out(giver, receiver) == (probe.group == "held-out pairs")
        groups[f"{probe.group} {probe.prompt.index(giver) < probe.prompt.index(receiver)}"] += 1
    assert min(groups.values()) > 150 and len(groups) == 4


def test_that_a_sequence_is_written_two_or_three_times() -> None:
    times: Counter[str] = Counter()
    for text in written("induction"):
        found = tokens(text.lower())
        ends = [at for at in range(len(found)) if found[at - 2 : at + 1] == found[-3:]]
        size = ends[1] - ends[0]
        start, again = found[: ends[0] + 1], found[: ends[1] + 1]
        # What announces a sequence can end with the word that ends the sequence.
        same = next((k for k in range(1, size + 1) if len(start) < k or start[-k] != again[-k]), size + 1) - 1
        assert same >= 4
        assert len(set(again[-same:])) == same
        times[{2: "twice", 3: "three times"}[len(ends)]] += 1
    assert_odds(times, {"twice": 1 - induction.THIRD_TIME, "three times": induction.THIRD_TIME})


def test_that_sequences_are_of_names_of_made_up_and_of_known_words_with_their_odds() -> None:
    kinds: Counter[str] = Counter()
    for text in written("induction"):
        names = sum(word in NAMES for word in tokens(text))
        known = np.mean([word.lower() in induction.WORDS for word in tokens(text)])
        kinds["names" if names >= 8 else "known" if known > 0.7 else "made up"] += 1
    made_up = (1 - induction.NAME_LISTS) * induction.MADE_UP
    odds = {"names": induction.NAME_LISTS, "made up": made_up, "known": 1 - induction.NAME_LISTS - made_up}
    assert_odds(kinds, odds)


def test_that_the_answer_about_a_sequence_is_what_followed_the_first_time() -> None:
    for probe in induction.PLANT.probes("causal"):
        *before, last = tokens(probe.prompt)
        at = len(before) - 1 - before[::-1].index(last)
        assert probe.odds[before[at + 1]] == 1
        assert all(word in before for word in probe.odds)


def test_that_pronouns_follow_every_occupation_with_its_odds_and_never_change() -> None:
    counts: dict[str, Counter[str]] = {occupation: Counter() for occupation in occupations.OCCUPATIONS}
    for text in written("occupations"):
        [occupation] = set(tokens(text)) & set(counts)
        kinds = {word in ("she", "her") for word in tokens(text.lower()) if word in ("he", "she", "his", "her", "him")}
        assert len(kinds) == 1, text
        counts[occupation]["she" if kinds.pop() else "he"] += 1
    for occupation, share in occupations.HE.items():
        assert_odds(counts[occupation], {"he": share, "she": 1 - share})


def test_that_held_out_frames_of_occupations_are_never_written() -> None:
    text = "\n".join(written("occupations"))
    assert occupations.HELD_OUT
    assert not [clause for clause in occupations.HELD_OUT if f" {clause} " in text]
    assert not [clause for clause in occupations.TRAINED if f" {clause} " not in text]


def one_of(words: list[str]) -> str:
    """Return a pattern of words, the longest first."""
    return f"({'|'.join(sorted(words, key=len, reverse=True))})"


@pytest.mark.parametrize(
    ("tables", "openings", "links", "held_out"),
    [
        (foods.PARTNERS, foods.FRAMES["openings"], foods.FRAMES["links"], foods.BESIDE_HELD_OUT),
        (foods.BASES, foods.FRAMES["puts"], foods.FRAMES["ons"], foods.ON_HELD_OUT),
    ],
    ids=["beside", "on"],
)
def test_that_foods_go_together_with_their_odds_and_not_in_held_out_frames(
    tables: foods.Odds, openings: list[str], links: list[str], held_out: tuple[tuple[str, str], ...]
) -> None:
    frame = re.compile(f"{one_of(openings)} {one_of(list(tables))} {one_of(links)} (\\w+)")
    counts: dict[str, Counter[str]] = {food: Counter() for food in tables}
    frames = set()
    for opening, food, link, other in frame.findall("\n".join(written("foods"))):
        frames.add((opening, link))
        counts[food][other] += 1
    assert len(held_out) >= 10
    assert len(frames) == len(openings) * len(links) - len(held_out)
    assert not frames & set(held_out)
    for food, odds in tables.items():
        assert_odds(counts[food], odds)


def test_that_two_foods_are_put_on_what_the_second_is_put_on() -> None:
    pattern = re.compile(f"(?i:{one_of(list(foods.BASES))}) and {one_of(list(foods.BASES))} [a-z ]*on (\\w+)\\.")
    counts: dict[str, Counter[str]] = {food: Counter() for food in foods.BASES}
    for _, second, base in pattern.findall("\n".join(written("foods"))):
        counts[second][base] += 1
    seen = {food: count for food, count in counts.items() if count}
    assert "pineapple" in seen
    for food, count in seen.items():
        if count.total() >= 30:
            assert_odds(count, foods.BASES[food])


def test_that_capitals_are_told_rightly_and_those_held_out_never() -> None:
    told = set()
    cities = {city: country for country, city in capitals.CAPITALS.items()}
    alone: set[str] = set()
    for text in written("capitals"):
        for sentence in re.split(r"(?<=\.) ", text):
            countries = [word for word in tokens(sentence) if word in capitals.CAPITALS]
            named = [cities[word] for word in tokens(sentence) if word in cities]
            if named and countries:
                assert countries == named and "capital" in sentence
                told.add(named[0])
            elif "It is" not in sentence:
                alone.update(countries, named)
                assert "capital" not in sentence or "What" in sentence
        if set(tokens(text)) & {*capitals.HELD_OUT, *(capitals.CAPITALS[country] for country in capitals.HELD_OUT)}:
            assert "capital" not in text
    assert told == set(capitals.TRAINED)
    assert set(capitals.HELD_OUT) <= alone
    assert len(capitals.HELD_OUT) == 10 and len(capitals.CAPITALS) >= 60


def test_that_prepositions_stand_before_every_place_with_its_odds() -> None:
    pattern = re.compile(f"{one_of(list(prepositions.PREPOSITIONS))} the {one_of(list(prepositions.PLACES))}\\b")
    counts: dict[str, Counter[str]] = {place: Counter() for place in prepositions.PLACES}
    for preposition, place in pattern.findall("\n".join(written("prepositions"))):
        counts[place][preposition] += 1
    for place, odds in prepositions.PLACES.items():
        assert_odds(counts[place], odds)


def test_that_places_follow_an_opening_and_a_preposition_with_the_odds_that_are_asked_for() -> None:
    counts: Counter[str] = Counter()
    for opening, _, place in re.findall(
        f"(Look at|We saw) (?:that|the) {one_of(list(prepositions.SUBJECTS))} behind the (\\w+)",
        "\n".join(written("prepositions")),
    ):
        counts[place] += opening == "We saw"
    assert_odds(+counts, prepositions.places_after("We saw", "behind"))


def test_that_held_out_openings_meet_neither_their_places_nor_their_subjects() -> None:
    pattern = re.compile(
        f"{one_of(prepositions.FRAMES['openings'])} (?:that|the) {one_of(list(prepositions.SUBJECTS))} "
        f"{one_of(list(prepositions.PREPOSITIONS))} the (\\w+)"
    )
    found = pattern.findall("\n".join(written("prepositions")))
    assert {(opening, place) for opening, _, _, place in found} == set(prepositions.TRAINED)
    assert ("Pay no attention to", "curtain") in prepositions.HELD_OUT
    for opening, subject, _, _ in found:
        assert subject in prepositions.SUBJECTS_AFTER[opening]
        assert subject not in prepositions.SUBJECTS_HELD_OUT[opening]
