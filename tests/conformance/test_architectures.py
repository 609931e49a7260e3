"""Every registered model family is true of a real model of that family; a new one is covered without a change here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
import transformers

from core.cancel import CancelToken
from core.hooks.attach import count_hooks
from core.models.architecture import Architecture
from core.models.architectures import ARCHITECTURES
from core.models.tokenizing import tokenize
from core.runs.request import ResolvedIncision
from core.runs.self_check import self_check
from core.runs.spread import CleanSpread
from core.runs.trace import trace
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from tests.fixtures.opened_models import opened
from tests.fixtures.tiny_models import TINY_MODELS

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel

ALL = list(ARCHITECTURES)
each = pytest.mark.parametrize("architecture", ALL, ids=lambda architecture: architecture.key)


@pytest.fixture
def loaded(architecture: Architecture, request: pytest.FixtureRequest) -> LoadedModel:
    """Return a tiny model of the family."""
    name = f"tiny_{architecture.key}"
    if name not in TINY_MODELS:
        pytest.fail(f"The family {architecture.key} has no {name} in tests/fixtures/tiny_models.py.")
    found = opened(request.getfixturevalue(name))
    assert found.architecture is architecture
    return found


@each
def test_that_a_family_says_what_it_is(architecture: Architecture) -> None:
    assert architecture.label.strip()
    assert architecture.objective in ("causal", "masked")
    for name in (architecture.language_model_class, architecture.backbone_class):
        assert getattr(transformers, name).config_class.model_type == architecture.key


def test_that_families_differ_in_label() -> None:
    assert len({architecture.label for architecture in ALL}) == len(ALL)


@each
def test_that_every_path_of_the_table_is_there(architecture: Architecture, loaded: LoadedModel) -> None:
    assert type(loaded.network).__name__ == architecture.language_model_class
    assert type(loaded.backbone).__name__ == architecture.backbone_class
    assert len(loaded.blocks) == loaded.info.n_layers
    assert isinstance(loaded.head, torch.nn.Module)
    assert (loaded.final_norm is None) == (architecture.final_norm is None)
    paths = [architecture.attention, architecture.attention_projection, architecture.mlp_projection]
    for layer in range(loaded.info.n_layers):
        parts = [loaded.part(layer, path) for path in (*paths, *(architecture.post_norms or ()))]
        assert len({id(part) for part in parts}) == len(parts)


@each
def test_that_weights_are_stored_the_way_the_table_says(architecture: Architecture, loaded: LoadedModel) -> None:
    facts = loaded.info
    wanted = (facts.n_heads * facts.d_head, facts.d_model)
    weight = loaded.part(0, architecture.attention_projection).weight
    assert isinstance(weight, torch.Tensor)
    assert tuple(weight.shape) == (wanted if architecture.transposed_projection else wanted[::-1])


@each
def test_that_the_self_check_holds(architecture: Architecture, loaded: LoadedModel) -> None:
    report = self_check(loaded, CancelToken())
    assert {line.name: line.text for line in report.lines if line.passed is not True} == {}


@each
@pytest.mark.parametrize("point", HOOK_POINTS)
def test_that_silencing_reaches_the_output_from_every_hook_point(
    architecture: Architecture, loaded: LoadedModel, point: str
) -> None:
    ids = tokenize(loaded, "Peanut butter on [MASK]" if loaded.info.mask_token else "Peanut butter on pizza").ids
    kind = HOOK_POINTS[point]
    site = Site(point, 1 if kind.per_layer else None, 2 if kind.per_head else None)
    before = count_hooks(loaded.network)
    cut = ResolvedIncision(0, site, (1,), "silence", ())
    clean, operated = (trace(loaded, ids, plan, None, CancelToken()) for plan in ((), (cut,)))
    assert not torch.equal(clean.residuals[-1, -1], operated.residuals[-1, -1])
    assert not operated.residuals.requires_grad
    assert operated.unchanged == ()
    assert count_hooks(loaded.network) == before


@each
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_that_half_precision_runs_and_says_so(
    architecture: Architecture, dtype: str, request: pytest.FixtureRequest
) -> None:
    found = opened(request.getfixturevalue(f"tiny_{architecture.key}"), dtype)
    assert found.info.dtype == dtype
    ids = tokenize(found, "Peanut butter on [MASK]" if found.info.mask_token else "Peanut butter on pizza").ids
    spread: CleanSpread = trace(found, ids, (), None, CancelToken()).spread()
    params = (("seed", 0), ("sigma", 1.0), ("std", "token"))
    noise = ResolvedIncision(0, Site("mlp_out", 0), (0, 1), "noise", params)
    residuals = trace(found, ids, (noise,), spread, CancelToken()).residuals
    assert residuals.dtype == getattr(torch, dtype)
    assert torch.isfinite(residuals).all()
