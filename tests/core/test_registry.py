"""Registries find their entries by themselves, and say so when one is lost."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import SurgeryError
from core.registry import Registry, discover


@dataclass(frozen=True)
class Thing:
    """Something that can be registered."""

    key: str


def registry(*keys: str) -> Registry[Thing]:
    made: Registry[Thing] = Registry("thing")
    for key in keys:
        made.add(Thing(key))
    return made


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an importable package without modules."""
    folder = tmp_path / "cupboard"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == "cupboard"]:
        monkeypatch.delitem(sys.modules, name)
    return folder


def declare(package: Path, module: str, key: str) -> None:
    (package / f"{module}.py").write_text(f"from types import SimpleNamespace\nTHING = SimpleNamespace(key={key!r})\n")


def test_that_entries_are_found_by_key_and_kept_in_order() -> None:
    found = registry("saw", "knife")
    assert found["knife"] == Thing("knife")
    assert found.keys() == ("saw", "knife")
    assert list(found) == [Thing("saw"), Thing("knife")]
    assert len(found) == 2
    assert "saw" in found
    assert "axe" not in found


def test_that_a_second_entry_of_the_same_key_is_refused() -> None:
    with pytest.raises(ValueError, match="two things are called 'saw'"):
        registry("saw", "saw")


def test_that_a_misspelt_key_names_the_nearest_one() -> None:
    with pytest.raises(SurgeryError) as caught:
        registry("silence", "scale")["silense"]
    assert caught.value.message == "There is no thing 'silense'."
    assert caught.value.hint == "Did you mean silence?"


def test_that_a_key_like_no_other_names_all_there_are() -> None:
    with pytest.raises(SurgeryError) as caught:
        registry("silence", "scale")["xyz"]
    assert caught.value.hint == "This version has: silence, scale."


def test_that_every_module_of_a_package_is_found_by_file_name(package: Path) -> None:
    declare(package, "saw", "first")
    declare(package, "axe", "second")
    found = registry()
    discover("cupboard", "THING", found)
    assert found.keys() == ("second", "first")


def test_that_a_module_that_declares_nothing_is_named(package: Path) -> None:
    (package / "empty.py").write_text("")
    with pytest.raises(RuntimeError, match=r"cupboard\.empty declares no THING"):
        discover("cupboard", "THING", registry())


def test_that_a_package_that_lost_its_files_does_not_start(package: Path) -> None:
    with pytest.raises(RuntimeError, match="cupboard holds 0 files but 0 things"):
        discover("cupboard", "THING", registry())


def test_that_a_registry_with_more_entries_than_files_does_not_start(package: Path) -> None:
    declare(package, "saw", "saw")
    with pytest.raises(RuntimeError, match="cupboard holds 1 files but 2 things"):
        discover("cupboard", "THING", registry("left over"))
