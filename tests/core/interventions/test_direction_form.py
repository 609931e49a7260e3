"""Directions are read and written as the user names them, without a model."""

from __future__ import annotations

import pytest

from core.errors import SurgeryError
from core.interventions.direction_form import DirectionForm, parse_direction
from core.interventions.ops import OPERATIONS

WRITTEN = {
    '" he"': DirectionForm("token", (" he",)),
    '" he"-" she"': DirectionForm("difference", (" he", " she")),
    '"-"-"\\""': DirectionForm("difference", ("-", '"')),
    '"é\\n"': DirectionForm("token", ("é\n",)),
    "pca1": DirectionForm("pca", number=1),
    "pca12": DirectionForm("pca", number=12),
    "donor": DirectionForm("donor"),
    "random0": DirectionForm("random", number=0),
    "random7": DirectionForm("random", number=7),
    "feature0": DirectionForm("feature", number=0),
    "feature1535": DirectionForm("feature", number=1535),
    "file:dir/v 1.npy": DirectionForm("file", path="dir/v 1.npy"),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_that_a_direction_is_read_and_written(text: str) -> None:
    assert parse_direction(text) == WRITTEN[text]
    assert str(WRITTEN[text]) == text


@pytest.mark.parametrize(
    ("text", "usual"),
    [(' " he" - " she" ', '" he"-" she"'), ("random007", "random7"), ('file: "a,b.npy"', "file:a,b.npy")],
)
def test_that_a_direction_is_kept_in_its_usual_spelling(text: str, usual: str) -> None:
    assert OPERATIONS["project_out"].checked({"v": text}) == {"v": usual}


@pytest.mark.parametrize(
    "text",
    [
        "he",
        '"',
        '""',
        '" he',
        '" he"-',
        '" he" " she"',
        "pca",
        "pca0",
        "pca-1",
        "random",
        "feature",
        "feature-1",
        "Donor",
        "file:",
        "-",
    ],
)
def test_that_what_is_no_direction_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        OPERATIONS["project_out"].checked({"v": text})
    assert caught.value.message == f"{text!r} is not a direction."
    assert caught.value.hint == 'Write " he", " he"-" she", pca1, donor, random7, feature7 or file:PATH.npy.'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('" he"-" he"', "is the difference of a token and itself."),
        ('"\\q"', "is not a token in quotes."),
        ("two\nlines", "v cannot be"),
    ],
)
def test_that_other_mistakes_are_named(text: str, message: str) -> None:
    with pytest.raises(SurgeryError, match=message):
        OPERATIONS["project_out"].checked({"v": text})


def test_that_a_direction_says_what_else_it_is_found_in() -> None:
    uses = {str(form): form.uses for form in WRITTEN.values() if form.uses}
    assert uses == {"pca1": "references", "pca12": "references", "donor": "donor"}
