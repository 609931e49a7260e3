"""Every registered operation keeps to the protocol; a new one is covered without a change here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

import pytest
import torch

from core.errors import SurgeryError
from core.interventions.notation import format_cut, incision, parse_cut, parse_plan
from core.interventions.operation import EVERYWHERE, Activation, Need, Operation
from core.interventions.ops import OPERATIONS
from core.sites.hook_point import HOOK_POINTS
from core.sites.selection import at

if TYPE_CHECKING:
    from core.interventions.operation import Parameter

OTHERS = 4
ALL = list(OPERATIONS)
WITH_IDENTITY = [operation for operation in ALL if operation.identity is not None]
SEEDED = [operation for operation in ALL if operation.is_random(operation.checked({}))]
NOISY = [operation for operation in SEEDED if any(p.name == "sigma" for p in operation.parameters)]
PARAMETERS = [(operation, parameter) for operation in ALL for parameter in operation.parameters]
PLACES = [(operation, point) for operation in ALL for point in HOOK_POINTS if point in operation.points]
CHOICES = [(operation, parameter.name, choice) for operation, parameter in PARAMETERS for choice in parameter.choices]

each = pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.key)
each_dtype = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
each_parameter = pytest.mark.parametrize(
    ("operation", "parameter"), PARAMETERS, ids=[f"{operation.key}.{p.name}" for operation, p in PARAMETERS]
)
each_place = pytest.mark.parametrize(
    ("operation", "point"), PLACES, ids=[f"{operation.key}-{point}" for operation, point in PLACES]
)
each_seeded = pytest.mark.parametrize("operation", SEEDED, ids=lambda operation: operation.key)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def activation_at(point: str, batch: int, chosen: int, width: int, seed: int = 0) -> torch.Tensor:
    """Return an activation [batch, token, width] such as a hook point has; rows of a pattern sum to 1."""
    tokens = chosen + OTHERS
    if HOOK_POINTS[point].width == "keys":
        scores = drawn(batch, tokens, tokens, seed=seed)
        if point == "attn_scores":
            return scores
        return scores.masked_fill(torch.ones(tokens, tokens).triu(1).bool(), float("-inf")).softmax(-1)
    return drawn(batch, tokens, width, seed=seed)


def known(whole: torch.Tensor, chosen: int, point: str = "z") -> Activation:
    """Return everything any operation may need, for the last tokens of an activation."""
    width = whole.shape[-1]
    positions = tuple(range(whole.shape[1] - chosen, whole.shape[1]))
    other = activation_at(point, 1, chosen, width, seed=7)[0].to(whole.dtype)
    references = tuple(drawn(reached, width, seed=20 + n).to(whole.dtype) for n, reached in enumerate((chosen, 0) * 4))
    return Activation(
        layer_std=1.5,
        token_std=tuple(0.5 + n for n in range(chosen)),
        whole=whole,
        positions=positions,
        keys=(0,),
        donor=other[list(positions)],
        references=references,
        direction=torch.nn.functional.normalize(drawn(width, seed=9), dim=0),
    )


def applied(
    operation: Operation, whole: torch.Tensor, chosen: int, point: str = "z", **params: object
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the chosen tokens of an activation before and after an operation."""
    surroundings = known(whole, chosen, point)
    x = whole[:, list(surroundings.positions)]
    return x, operation.apply(x, operation.checked(params), surroundings)  # type: ignore[arg-type]


@each
def test_that_an_operation_says_what_it_is_and_does(operation: Operation) -> None:
    assert operation.key.isidentifier()
    assert operation.label.strip()
    assert operation.help[0].isupper()
    assert operation.help.endswith((".", "?"))
    assert len(operation.mark) == 1


def test_that_operations_differ_in_label_mark_and_order() -> None:
    for attribute in ("label", "mark", "order"):
        values = [getattr(operation, attribute) for operation in ALL]
        assert len(set(values)) == len(values), attribute


@each
def test_that_an_operation_has_at_most_one_dose_and_it_is_a_number(operation: Operation) -> None:
    doses = [parameter for parameter in operation.parameters if parameter.is_dose]
    assert len(doses) <= 1
    assert all(dose.kind == "float" for dose in doses)
    assert operation.dose is (doses[0] if doses else None)


@each_parameter
def test_that_a_parameter_is_described_and_its_default_is_valid(operation: Operation, parameter: Parameter) -> None:
    assert parameter.label.strip()
    assert parameter.help.endswith(".")
    checked = parameter.checked(parameter.default)
    assert checked == parameter.default
    assert type(checked) is {"float": float, "int": int}.get(parameter.kind, str)
    assert (parameter.kind == "choice") == bool(parameter.choices)


@each_parameter
def test_that_a_slider_offers_only_what_is_allowed(operation: Operation, parameter: Parameter) -> None:
    if parameter.is_dose:
        low, high = parameter.shown
        assert low < high
        assert [parameter.checked(low), parameter.checked(high)] == [low, high]
        assert low <= float(parameter.default) <= high


@each_place
def test_that_parameters_survive_json_and_the_notation(operation: Operation, point: str) -> None:
    site = f"L1.{point}" if HOOK_POINTS[point].per_layer else point
    made = incision(site, at(0, 2), operation.key, {})
    assert parse_cut(format_cut(made)) == made
    entry = {"site": site, "positions": [0, 2], "op": operation.key, "params": dict(made.params)}
    assert list(parse_plan(json.loads(json.dumps([entry], allow_nan=False)))) == [made]
    assert operation.checked(operation.checked({})) == operation.checked({})


@each
def test_that_an_operation_is_refused_with_the_reason_where_it_makes_no_sense(operation: Operation) -> None:
    assert operation.points
    assert bool(operation.elsewhere) == (operation.points < EVERYWHERE)
    for point in HOOK_POINTS:
        if point in operation.points:
            operation.check_point(point)
            continue
        site = f"L1.{point}" if HOOK_POINTS[point].per_layer else point
        with pytest.raises(SurgeryError) as caught:
            parse_cut(f"{site}={operation.key}")
        assert caught.value.message == f"{operation.label} makes no sense at {point}. {operation.elsewhere}"
        assert operation.elsewhere.endswith(".")
        assert point not in caught.value.hint.removeprefix("Use it at ").rstrip(".").split(", ")


@each
def test_that_what_is_needed_is_something_a_run_can_give(operation: Operation) -> None:
    assert operation.wants(operation.checked({})) <= set(get_args(Need))


@pytest.mark.parametrize(("operation", "name", "choice"), CHOICES)
def test_that_every_choice_can_be_carried_out_and_named(operation: Operation, name: str, choice: str) -> None:
    params = operation.checked({name: choice})
    assert operation.wants(params) <= set(get_args(Need))
    assert operation.name_with(params).strip()
    x, changed = applied(operation, activation_at("z", 1, 2, 8), 2, **{name: choice})
    assert changed.shape == x.shape
    assert torch.isfinite(changed).all()


@pytest.mark.parametrize("operation", WITH_IDENTITY, ids=lambda operation: operation.key)
@pytest.mark.parametrize("point", HOOK_POINTS)
@each_dtype
def test_that_the_identity_changes_nothing_to_the_bit(operation: Operation, point: str, dtype: torch.dtype) -> None:
    assert operation.identity is not None
    assert dict(operation.checked(operation.identity)) == dict(operation.identity)
    x, changed = applied(operation, activation_at(point, 2, 2, 8).to(dtype), 2, point, **operation.identity)
    assert torch.equal(changed, x)


@each_place
@each_dtype
@pytest.mark.parametrize(("batch", "chosen", "width"), [(1, 1, 8), (1, 5, 40), (3, 2, 8)])
def test_that_what_comes_out_is_shaped_as_what_went_in_and_changed(
    operation: Operation, point: str, dtype: torch.dtype, batch: int, chosen: int, width: int
) -> None:
    whole = activation_at(point, batch, chosen, width).to(dtype)
    kept = whole.clone()
    x, changed = applied(operation, whole, chosen, point)
    assert (changed.shape, changed.dtype, changed.device) == (x.shape, x.dtype, x.device)
    assert torch.isfinite(changed).all()
    assert not changed.requires_grad
    assert not torch.equal(changed, x)
    assert torch.equal(whole, kept), "the activation itself was written to"


@each_place
def test_that_nothing_an_operation_was_given_is_written_to(operation: Operation, point: str) -> None:
    whole = activation_at(point, 2, 2, 8)
    surroundings, again = known(whole, 2, point), known(whole, 2, point)
    x = whole[:, list(surroundings.positions)]
    changed = operation.apply(x, operation.checked({}), surroundings)
    changed += 1.0
    assert torch.equal(x, whole[:, list(surroundings.positions)])
    for name in ("donor", "direction"):
        assert torch.equal(getattr(surroundings, name), getattr(again, name))
    assert all(map(torch.equal, surroundings.references, again.references))


@each_place
def test_that_each_row_of_a_batch_is_changed_as_it_is_alone(operation: Operation, point: str) -> None:
    whole = activation_at(point, 3, 2, 8)
    _, together = applied(operation, whole, 2, point)
    for row in range(3):
        _, alone = applied(operation, whole[row : row + 1], 2, point)
        assert torch.allclose(together[row : row + 1], alone, atol=1e-6)


@each_seeded
def test_that_a_seed_decides_every_bit_and_nothing_else_does(operation: Operation) -> None:
    whole = activation_at("z", 1, 5, 16)
    state = torch.get_rng_state()
    _, first = applied(operation, whole, 5, seed=3)
    torch.manual_seed(99)
    assert torch.equal(applied(operation, whole, 5, seed=3)[1], first)
    assert not all(torch.equal(applied(operation, whole, 5, seed=seed)[1], first) for seed in range(4, 12))
    torch.set_rng_state(state)
    applied(operation, whole, 5, seed=3)
    assert torch.equal(torch.get_rng_state(), state), "the global generator was used"


@each_seeded
def test_that_every_row_of_a_batch_draws_the_same(operation: Operation) -> None:
    _, changed = applied(operation, activation_at("z", 1, 5, 16).expand(3, -1, -1), 5, seed=3)
    assert torch.equal(changed[0], changed[1])
    assert torch.equal(changed[0], changed[2])


@pytest.mark.parametrize("operation", NOISY, ids=lambda operation: operation.key)
@pytest.mark.parametrize("std", ["layer", "token"])
def test_that_noise_grows_in_proportion_to_its_strength(operation: Operation, std: str) -> None:
    whole = activation_at("z", 1, 5, 400)
    (x, once), (_, thrice) = (applied(operation, whole, 5, sigma=sigma, std=std) for sigma in (1.0, 3.0))
    assert torch.allclose(thrice - x, 3 * (once - x), atol=1e-5)
    sizes = torch.full((5,), 1.5) if std == "layer" else torch.arange(5) + 0.5
    assert torch.allclose((once - x)[0].std(dim=-1), sizes, rtol=0.15)
    assert (once - x).mean().abs() < 0.1
