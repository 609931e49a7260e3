"""Parameters of operations are checked before anything runs."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.errors import SurgeryError
from core.interventions.operation import Operation, Parameter

STRENGTH = Parameter(name="sigma", label="σ", help="", kind="float", default=1.0, minimum=0.0, is_dose=True)
FACTOR = Parameter(name="k", label="k", help="", kind="float", default=0.5)
SEED = Parameter(name="seed", label="seed", help="", kind="int", default=0, minimum=0, maximum=10)
OVER = Parameter(name="std", label="std", help="", kind="choice", default="layer", choices=("layer", "token"))
OPERATION = Operation(key="shake", label="", help="", apply=lambda x, *_: x, parameters=(STRENGTH, SEED, OVER))
PLAIN = Operation(key="still", label="", help="", apply=lambda x, *_: x)


@pytest.mark.parametrize(
    ("parameter", "given", "kept"),
    [
        (STRENGTH, "2", 2.0),
        (STRENGTH, " 2.5 ", 2.5),
        (STRENGTH, "1e-3", 0.001),
        (STRENGTH, 3, 3.0),
        (STRENGTH, 0, 0.0),
        (FACTOR, "-1", -1.0),
        (SEED, "7", 7),
        (SEED, 7.0, 7),
        (SEED, 10, 10),
        (OVER, "token", "token"),
    ],
)
def test_that_a_value_is_kept_in_its_right_type(parameter: Parameter, given: Any, kept: Any) -> None:
    found = parameter.checked(given)
    assert found == kept
    assert type(found) is type(kept)


NO_NUMBERS = [math.nan, math.inf, -math.inf, "nan", "inf", "-Infinity", "", "two", "1,5", None, [1], {}, True, 10**400]


@pytest.mark.parametrize("given", NO_NUMBERS, ids=lambda value: repr(value)[:10])
@pytest.mark.parametrize(
    ("parameter", "allowed"),
    [(STRENGTH, "a number from 0"), (FACTOR, "a number"), (SEED, "a whole number from 0 up to 10")],
)
def test_that_what_is_no_finite_number_is_refused(parameter: Parameter, allowed: str, given: Any) -> None:
    with pytest.raises(SurgeryError) as caught:
        parameter.checked(given)
    assert caught.value.message == f"{parameter.name} cannot be {given!r}."
    assert caught.value.hint == f"Give {allowed}."


@pytest.mark.parametrize(
    ("parameter", "given"), [(STRENGTH, -0.1), (SEED, -1), (SEED, 11), (SEED, 1.5), (SEED, "1.0"), (SEED, "9" * 5000)]
)
def test_that_a_number_out_of_bounds_is_refused(parameter: Parameter, given: Any) -> None:
    with pytest.raises(SurgeryError, match=f"{parameter.name} cannot be"):
        parameter.checked(given)


@pytest.mark.parametrize("given", ["Layer", "", 0, None, ["layer"], {"layer": 1}])
def test_that_another_choice_names_those_there_are(given: Any) -> None:
    with pytest.raises(SurgeryError) as caught:
        OVER.checked(given)
    assert caught.value.hint == "Choose one of layer, token."


def test_that_parameters_left_out_take_their_defaults() -> None:
    assert OPERATION.checked({"seed": "4"}) == {"sigma": 1.0, "seed": 4, "std": "layer"}


def test_that_an_unknown_parameter_names_those_there_are() -> None:
    with pytest.raises(SurgeryError) as caught:
        OPERATION.checked({"sigmma": 1})
    assert caught.value.message == "The operation shake has no parameter 'sigmma'."
    assert caught.value.hint == "It takes sigma, seed, std."


def test_that_an_operation_without_parameters_takes_none() -> None:
    assert PLAIN.checked({}) == {}
    with pytest.raises(SurgeryError, match="It takes none"):
        PLAIN.checked({"k": 1})


def test_that_the_dose_is_the_parameter_that_says_so() -> None:
    assert OPERATION.dose is STRENGTH
    assert PLAIN.dose is None


KEYS = Parameter(name="keys", label="keys", help="", kind="tokens", default="0")
TEXT = Parameter(name="t", label="t", help="", kind="text", default="x")
SHOUTED = Parameter(name="t", label="t", help="", kind="text", default="X", parse=str.upper)


@pytest.mark.parametrize(
    ("parameter", "given", "kept"),
    [
        (KEYS, " 0, 2-3 ", "0,2-3"),
        (KEYS, 4, "4"),
        (KEYS, "'pizza'", '"pizza"'),
        (KEYS, "all", "all"),
        (TEXT, " a b ", "a b"),
        (SHOUTED, "a b", "A B"),
    ],
)
def test_that_a_text_is_kept_in_its_usual_spelling(parameter: Parameter, given: Any, kept: str) -> None:
    assert parameter.checked(given) == kept


@pytest.mark.parametrize(("parameter", "given"), [(KEYS, ""), (KEYS, "four"), (TEXT, " "), (TEXT, "two\nlines")])
def test_that_a_text_that_says_nothing_is_refused(parameter: Parameter, given: str) -> None:
    with pytest.raises(SurgeryError, match=r"does not name token positions|cannot be"):
        parameter.checked(given)


def test_that_an_operation_names_what_it_does_with_its_parameters() -> None:
    described = Operation(
        key="shake", label="Shake", help="", apply=lambda x, *_: x, describe=lambda params: f"shake {params['n']}"
    )
    assert described.name_with({"n": 3}) == "shake 3"
    assert Operation(key="still", label="Still", help="", apply=lambda x, *_: x).name_with({}) == "Still"
