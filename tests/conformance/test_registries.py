"""Registries hold as many entries as there are files, and hook points are told apart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core.interventions import ops
from core.lenses import LENSES
from core.metrics import METRICS
from core.models import architectures
from core.registry import Registry
from core.sites.hook_point import HOOK_POINTS, HookPoint

ROOT = Path(__file__).resolve().parent.parent.parent
REGISTRIES: dict[str, Registry[Any]] = {
    "core/interventions/ops": ops.OPERATIONS,
    "core/metrics": METRICS,
    "core/lenses": LENSES,
    "core/models/architectures": architectures.ARCHITECTURES,
}
each_point = pytest.mark.parametrize("point", HOOK_POINTS.values(), ids=lambda point: point.name)


@pytest.mark.parametrize("folder", REGISTRIES)
def test_that_a_registry_has_as_many_entries_as_files(folder: str) -> None:
    files = [path.stem for path in (ROOT / folder).glob("*.py") if path.stem != "__init__"]
    assert files
    keys = [entry.key.replace("-", "_") for entry in REGISTRIES[folder]]
    assert sorted(keys) == sorted(files), "an entry is called like its file"


@pytest.mark.parametrize("folder", REGISTRIES)
def test_that_every_entry_says_its_own_key(folder: str) -> None:
    keys = REGISTRIES[folder].keys()
    assert tuple(REGISTRIES[folder][key].key for key in keys) == keys


@each_point
def test_that_a_hook_point_says_what_it_is(point: HookPoint) -> None:
    assert HOOK_POINTS[point.name] is point
    assert point.name.islower()
    assert point.label.strip()
    assert point.help.endswith(".")
    assert re.search(r"\[(query )?token, [a-z_ ]+\]", point.help), "the shape is said"
    assert point.per_layer or not point.per_head


def test_that_hook_points_differ_in_label_and_depth() -> None:
    assert len({point.label for point in HOOK_POINTS.values()}) == len(HOOK_POINTS)
    depths = [point.depth for point in HOOK_POINTS.values()]
    assert depths == sorted(set(depths))
