"""Every registered operation keeps to the protocol; a new one is covered without a change here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch

from core.interventions.notation import format_cut, incision, parse_cut, parse_plan
from core.interventions.operation import Activation, Operation, Params
from core.interventions.ops import OPERATIONS
from core.runs.compile import Compiled
from core.runs.request import ResolvedIncision
from core.runs.spread import CleanSpread
from core.sites.hook_point import HOOK_POINTS
from core.sites.selection import at
from core.sites.site import Site
from tests.fixtures.opened_models import opened

if TYPE_CHECKING:
    from core.interventions.operation import Parameter
    from tests.fixtures.tiny_models import TinyModel

TOKENS, POSITIONS = 6, (1, 4)
LAYER, HEAD = 1, 2
ALL = list(OPERATIONS)
WITH_IDENTITY = [operation for operation in ALL if operation.identity is not None]
SEEDED = [operation for operation in ALL if any(p.name == "seed" for p in operation.parameters)]
NOISY = [operation for operation in SEEDED if any(p.name == "sigma" for p in operation.parameters)]
PARAMETERS = [(operation, parameter) for operation in ALL for parameter in operation.parameters]

each = pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.key)
each_dtype = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
each_parameter = pytest.mark.parametrize(
    ("operation", "parameter"), PARAMETERS, ids=[f"{operation.key}.{p.name}" for operation, p in PARAMETERS]
)
each_seeded = pytest.mark.parametrize("operation", SEEDED, ids=lambda operation: operation.key)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def applied(operation: Operation, x: torch.Tensor, **params: object) -> torch.Tensor:
    activation = Activation(layer_std=1.5, token_std=tuple(0.5 + n for n in range(x.shape[1])))
    return operation.apply(x, operation.checked(params), activation)  # type: ignore[arg-type]


def cut(operation: Operation, point: str, params: Params) -> ResolvedIncision:
    """Return an incision at two tokens of a hook point."""
    kind = HOOK_POINTS[point]
    site = Site(point, LAYER if kind.per_layer else None, HEAD if kind.per_head else None)
    return ResolvedIncision(0, site, POSITIONS, operation.key, tuple(operation.checked(params).items()))


def through(
    tiny: TinyModel, incision: ResolvedIncision, x: torch.Tensor, before: torch.Tensor
) -> tuple[torch.Tensor, Compiled]:
    """Return an activation after the hooks of an incision, and the hooks."""
    spread = CleanSpread(tuple(1.0 for _ in range(4)), tuple(tuple(1.0 for _ in range(TOKENS)) for _ in range(4)))
    compiled = Compiled(opened(tiny), [incision], spread)
    if len(compiled.hooks) == 2:  # what a block adds is its output less its input
        assert compiled.hooks[0].function(before) is None
    changed = compiled.hooks[-1].function(x)
    assert changed is not None
    return changed, compiled


def width_at(tiny: TinyModel, point: str) -> int:
    facts = opened(tiny).info
    return facts.n_heads * facts.d_head if point == "z" else facts.d_model


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
    assert type(checked) is {"float": float, "int": int, "choice": str}[parameter.kind]
    assert (parameter.kind == "choice") == bool(parameter.choices)


@each_parameter
def test_that_a_slider_offers_only_what_is_allowed(operation: Operation, parameter: Parameter) -> None:
    if parameter.is_dose:
        low, high = parameter.shown
        assert low < high
        assert [parameter.checked(low), parameter.checked(high)] == [low, high]
        assert low <= float(parameter.default) <= high


@each
def test_that_parameters_survive_json_and_the_notation(operation: Operation) -> None:
    made = incision("L1.mlp_out", at(0, 2), operation.key, {})
    assert parse_cut(format_cut(made)) == made
    entry = {"site": "L1.mlp_out", "positions": [0, 2], "op": operation.key, "params": dict(made.params)}
    assert list(parse_plan(json.loads(json.dumps([entry], allow_nan=False)))) == [made]
    assert operation.checked(operation.checked({})) == operation.checked({})


@pytest.mark.parametrize("operation", WITH_IDENTITY, ids=lambda operation: operation.key)
@pytest.mark.parametrize("point", HOOK_POINTS)
@each_dtype
def test_that_the_identity_changes_nothing_to_the_bit(
    tiny_llama: TinyModel, operation: Operation, point: str, dtype: torch.dtype
) -> None:
    assert operation.identity is not None
    assert dict(operation.checked(operation.identity)) == dict(operation.identity)
    width = width_at(tiny_llama, point)
    x, before = drawn(1, TOKENS, width).to(dtype), drawn(1, TOKENS, width, seed=1).to(dtype)
    changed, compiled = through(tiny_llama, cut(operation, point, operation.identity), x, before)
    assert torch.equal(changed, x)
    assert compiled.unchanged == {0}


@each
@pytest.mark.parametrize("point", HOOK_POINTS)
@each_dtype
def test_that_only_the_chosen_tokens_and_head_change(
    tiny_llama: TinyModel, operation: Operation, point: str, dtype: torch.dtype
) -> None:
    width, facts = width_at(tiny_llama, point), opened(tiny_llama).info
    x, before = drawn(1, TOKENS, width).to(dtype), drawn(1, TOKENS, width, seed=1).to(dtype)
    kept = x.clone()
    changed, compiled = through(tiny_llama, cut(operation, point, {}), x, before)
    columns = slice(HEAD * facts.d_head, (HEAD + 1) * facts.d_head) if point == "z" else slice(None)
    chosen = torch.zeros(1, TOKENS, width, dtype=torch.bool)
    chosen[:, POSITIONS, columns] = True
    assert torch.equal(changed[~chosen], x[~chosen])
    assert not torch.equal(changed[chosen], x[chosen])
    assert torch.equal(x, kept), "the activation itself was written to"
    assert compiled.unchanged == set()


@each
@each_dtype
@pytest.mark.parametrize("shape", [(1, 1, 8), (1, 5, 40), (3, 2, 8)])
def test_that_what_comes_out_is_shaped_as_what_went_in(
    operation: Operation, dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    x = drawn(*shape).to(dtype)
    kept = x.clone()
    changed = applied(operation, x)
    assert (changed.shape, changed.dtype, changed.device) == (x.shape, x.dtype, x.device)
    assert torch.isfinite(changed).all()
    assert not changed.requires_grad
    assert torch.equal(x, kept)


@each_seeded
def test_that_a_seed_decides_every_bit_and_nothing_else_does(operation: Operation) -> None:
    x = drawn(1, 5, 16)
    state = torch.get_rng_state()
    first = applied(operation, x, seed=3)
    torch.manual_seed(99)
    assert torch.equal(applied(operation, x, seed=3), first)
    assert not torch.equal(applied(operation, x, seed=4), first)
    torch.set_rng_state(state)
    applied(operation, x, seed=3)
    assert torch.equal(torch.get_rng_state(), state), "the global generator was used"


@each_seeded
def test_that_every_scenario_of_a_batch_draws_the_same(operation: Operation) -> None:
    x = drawn(1, 5, 16).expand(3, 5, 16)
    changed = applied(operation, x, seed=3)
    assert torch.equal(changed[0], changed[1])
    assert torch.equal(changed[0], changed[2])


@pytest.mark.parametrize("operation", NOISY, ids=lambda operation: operation.key)
@pytest.mark.parametrize("std", ["layer", "token"])
def test_that_noise_grows_in_proportion_to_its_strength(operation: Operation, std: str) -> None:
    x = drawn(1, 5, 400)
    once, thrice = (applied(operation, x, sigma=sigma, std=std) - x for sigma in (1.0, 3.0))
    assert torch.allclose(thrice, 3 * once, atol=1e-5)
    sizes = torch.full((5,), 1.5) if std == "layer" else torch.arange(5) + 0.5
    assert torch.allclose(once[0].std(dim=-1), sizes, rtol=0.15)
    assert once.mean().abs() < 0.1
