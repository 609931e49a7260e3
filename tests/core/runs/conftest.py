"""Loaded tiny models, one load a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.models.loading import open_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.models.loaded_model import LoadedModel
    from tests.fixtures.tiny_models import TinyModel


@pytest.fixture(scope="session")
def opened() -> Callable[[TinyModel], LoadedModel]:
    """Open a tiny model from its folder, each only once."""
    kept: dict[str, LoadedModel] = {}

    def open_once(tiny: TinyModel) -> LoadedModel:
        if tiny.name not in kept:
            kept[tiny.name] = open_model(str(tiny.folder), device="cpu")
        return kept[tiny.name]

    return open_once
