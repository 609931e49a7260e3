"""Every registered model family is true of real models of that family; a new one is covered without a change here."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import torch
import transformers

from core.cancel import CancelToken
from core.errors import SurgeryError
from core.hooks.attach import count_hooks
from core.models.architecture import Architecture
from core.models.architectures import ARCHITECTURES
from core.models.checkpoint import require_supported
from core.models.loading import open_model
from core.models.tokenizing import tokenize
from core.runs.batch import inputs_of, one
from core.runs.request import ResolvedIncision
from core.runs.self_check import self_check
from core.runs.trace import trace
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from tests.fixtures.opened_models import opened
from tests.fixtures.tiny_families import FAMILIES, every_variant

if TYPE_CHECKING:
    from pathlib import Path

    from core.models.info import ModelInfo
    from core.models.loaded_model import LoadedModel
    from tests.fixtures.tiny_family import TinyOf
    from tests.fixtures.tiny_models import TinyModel

ALL = list(ARCHITECTURES)
each = pytest.mark.parametrize("architecture", ALL, ids=lambda architecture: architecture.key)
IN_NO_TABLE = "a value that is in no table"
# The hook points that a line of the self-check looks at; it is left out where one is not offered.
LOOKED_AT = {
    "attention rows": {"pattern"},
    "pattern and values": {"pattern", "v"},
    "between parts": {"resid_mid"},
    "neurons": {"mlp_pre", "mlp_post"},
    "logit lens": {"logits"},
}


@pytest.fixture(params=every_variant(), ids=" ".join)
def tiny(request: pytest.FixtureRequest, tiny_of: TinyOf) -> TinyModel:
    """Return a tiny model of every variant of every family."""
    return tiny_of(*request.param)


@pytest.fixture
def loaded(tiny: TinyModel) -> LoadedModel:
    """Return it as the application opens it."""
    return opened(tiny)


def ids_of(loaded: LoadedModel, tiny: TinyModel) -> tuple[int, ...]:
    """Return a prompt in tokens."""
    return tuple(tokenize(loaded, tiny.prompt).ids)


def test_that_every_family_has_tiny_models_and_the_other_way_round() -> None:
    assert sorted(FAMILIES.keys()) == sorted(ARCHITECTURES.keys())


def test_that_families_differ_in_label() -> None:
    assert len({architecture.label for architecture in ALL}) == len(ALL)


@each
def test_that_a_family_says_what_it_is(architecture: Architecture) -> None:
    assert architecture.label.strip()
    assert (architecture.language_model_class is None) == (architecture.head == ())
    for name in (architecture.language_model_class, architecture.backbone_class):
        if name is not None:
            assert getattr(transformers, name).config_class.model_type == architecture.key


@each
def test_that_a_configuration_beyond_the_table_is_refused(architecture: Architecture) -> None:
    for name, accepted in architecture.accepted.items():
        for value in (IN_NO_TABLE, *accepted):
            config: dict[str, Any] = {"model_type": architecture.key}
            part = config
            *parts, last = name.split(".")
            for each_part in parts:
                part = part.setdefault(each_part, {})
            part[last] = value
            if value is IN_NO_TABLE:
                with pytest.raises(SurgeryError, match=name):
                    require_supported(config)
            else:
                require_supported(config)


def test_that_every_path_of_the_table_is_there(loaded: LoadedModel) -> None:
    table, facts = loaded.architecture, loaded.info
    assert type(loaded.network).__name__ == (table.language_model_class if facts.has_head else table.backbone_class)
    assert type(loaded.backbone).__name__ == table.backbone_class
    assert len(loaded.blocks) == facts.n_layers
    assert (loaded.head is None) == (not facts.has_head)
    assert (loaded.final_norm is None) == (table.final_norm is None)
    paths = {table.attention_projection, table.attn_out, table.mlp_out, *(table.post_norms or ())}
    paths |= {path for path in (table.mlp_projection, table.mlp_reads, table.pattern) if path is not None}
    own = {part.path for part in table.own_parts.values() if not isinstance(part, str)}
    assert all(loaded.part(layer, path) for path in own for layer in range(facts.n_layers))
    assert (table.mlp_reads is None) == (table.parallel or table.post_norms is not None)
    for layer in range(facts.n_layers):
        parts = [loaded.part(layer, path) for path in paths]
        assert len({id(part) for part in parts}) == len(parts)


def test_that_weights_are_stored_the_way_the_table_says(loaded: LoadedModel) -> None:
    table, facts = loaded.architecture, loaded.info
    projections = {table.attention_projection: facts.n_heads * facts.d_head, table.mlp_projection: facts.d_mlp}
    for path, width in projections.items():
        if path is not None:
            wanted = (width, facts.d_model)
            found = tuple(loaded.part(0, path).get_parameter("weight").shape)
            assert found == (wanted if table.transposed_projection else wanted[::-1])


def test_that_what_was_opened_answers_as_what_was_written(tiny: TinyModel, loaded: LoadedModel) -> None:
    inputs = inputs_of(loaded, one(ids_of(loaded, tiny)))
    written: Any = tiny.model
    if not loaded.info.has_head:
        written = written.get_encoder() if written.config.is_encoder_decoder else written.base_model
    with torch.inference_mode():
        answers = [model(**inputs)[0] for model in (written, loaded.network)]
    torch.testing.assert_close(answers[1], answers[0], atol=1e-4, rtol=1e-4)


def test_that_the_self_check_holds(loaded: LoadedModel) -> None:
    report = self_check(loaded, CancelToken())
    assert {line.name: line.text for line in report.failures} == {}
    hidden = {name for name, points in LOOKED_AT.items() if any(map(loaded.info.why_not, points))}
    assert {line.name for line in report.lines if line.passed is None} == hidden


def _site(facts: ModelInfo, point: str) -> Site:
    kind = HOOK_POINTS[point]
    return Site(point, 1 if kind.per_layer else None, facts.heads_at(kind.heads) - 1 if kind.heads else None)


def test_that_silencing_reaches_the_output_from_every_hook_point(tiny: TinyModel, loaded: LoadedModel) -> None:
    ids = ids_of(loaded, tiny)
    before = count_hooks(loaded.network)
    clean = trace(loaded, ids, (), CancelToken())
    unmoved = []
    for point in HOOK_POINTS:
        if loaded.info.why_not(point) is not None:
            continue
        cut = ResolvedIncision(0, _site(loaded.info, point), (1,), "silence", ())
        operated = trace(loaded, ids, (cut,), CancelToken())
        assert operated.unchanged == ()
        assert not operated.residuals.requires_grad
        # Of the next token, which sees the one that was cut in every family, whatever its window.
        moved = operated.logits is not None or not torch.equal(clean.residuals[-1, 2], operated.residuals[-1, 2])
        unmoved += [] if moved else [point]
    assert unmoved == []
    assert count_hooks(loaded.network) == before


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@each
def test_that_half_precision_runs_and_says_so(architecture: Architecture, dtype: str, tiny_of: TinyOf) -> None:
    found = opened(tiny_of(architecture.key), dtype)
    assert found.info.dtype == dtype
    assert found.part(0, found.architecture.attention_projection).get_parameter("weight").dtype == getattr(torch, dtype)
    residuals = trace(found, ids_of(found, tiny_of(architecture.key)), (), CancelToken()).residuals
    assert torch.isfinite(residuals).all()
    assert {line.name: line.text for line in self_check(found, CancelToken()).failures} == {}


@pytest.mark.parametrize(
    "architecture", [table for table in ALL if table.leftovers], ids=lambda architecture: architecture.key
)
def test_that_what_older_checkpoints_hold_besides_is_left_out(
    architecture: Architecture, tiny_of: TinyOf, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    tiny = tiny_of(architecture.key)
    folder = shutil.copytree(tiny.folder, tmp_path / "older")
    file = folder / "model.safetensors"
    weights = load_file(file)
    prefix = opened(tiny).network.base_model_prefix
    below = f"{prefix}." if any(name.startswith(f"{prefix}.") for name in weights) else ""
    weights |= {below + pattern.replace("*", "0"): torch.ones(1) for pattern in architecture.leftovers}
    save_file(weights, file, metadata={"format": "pt"})
    older = open_model(str(folder), device="cpu")
    assert older.info.n_parameters == opened(tiny).info.n_parameters
