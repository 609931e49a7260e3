"""The rules of the house: sizes, names, docstrings, what may stand where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

VISIBLE = {
    "main.py", "gui", "core", "resources", "tests", "pyproject.toml", "README.md",
    "LICENSE", "CHANGELOG.md", "constraints.txt",
}  # fmt: skip
MADE_BY_TOOLS = ("training", "build", "dist", "__pycache__", "*.egg-info")

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_METHODS = 20
SAYS_NOTHING = {"utils", "helpers", "misc", "common"}

TEXT_ENDINGS = {".py", ".md", ".toml", ".txt", ".json", ".yml", ".yaml", ".cfg", ".svg", ".surgery", ""}
# In pieces, so that this file does not hold what it looks for.
BELONGS_TO_ONE_MACHINE = ["/" + folder + "/" for folder in ("work", "tmp", "root", "home")] + [
    "../" + "shared",
    "pypi." + "org",
    "python" + "hosted",
    "download." + "pytorch",
]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_made_by_a_tool(path: Path) -> bool:
    """Return whether a path is no part of the source."""
    parts = path.relative_to(ROOT).parts
    hidden = any(part.startswith(".") and part not in (".ci", ".gitignore") for part in parts)
    return hidden or any(Path(part).match(pattern) for part in parts for pattern in MADE_BY_TOOLS)


def sources(*folders: str) -> Iterator[Path]:
    """Yield the Python files of the project, or of some of its folders."""
    for folder in folders or ("core", "gui", "tests"):
        yield from sorted((ROOT / folder).rglob("*.py"))
    yield ROOT / "main.py"


def trees(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield each file's name and its syntax tree."""
    for path in sources(*folders):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def lines(node: ast.AST) -> int:
    """Return how many lines a definition takes."""
    return (getattr(node, "end_lineno", 0) or 0) - getattr(node, "lineno", 0) + 1


def test_that_the_top_level_holds_what_was_agreed_and_nothing_else() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and not is_made_by_a_tool(path)}
    assert found == VISIBLE


def test_that_no_file_is_longer_than_400_lines() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {path.relative_to(ROOT).as_posix(): n for path, n in sizes.items() if n > LONGEST_FILE} == {}


def test_that_no_function_is_longer_than_60_lines() -> None:
    long = {
        f"{name}:{node.name}": lines(node)
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, Function) and lines(node) > LONGEST_FUNCTION
    }
    assert long == {}


def test_that_no_class_has_more_than_20_methods() -> None:
    counts = {
        f"{name}:{node.name}": sum(isinstance(child, Function) for child in node.body)
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    assert {name: count for name, count in counts.items() if count > MOST_METHODS} == {}


def test_that_no_module_is_a_dumping_ground() -> None:
    named = [path.relative_to(ROOT) for path in sources()]
    assert [str(path) for path in named if SAYS_NOTHING & {path.stem, *path.parts}] == []


def test_that_everything_public_has_a_docstring() -> None:
    bare = []
    for name, tree in trees("core", "gui"):
        if ast.get_docstring(tree) is None:
            bare.append(name)
        for node in tree.body:
            if (
                isinstance(node, Function | ast.ClassDef)
                and not node.name.startswith("_")
                and ast.get_docstring(node) is None
            ):
                bare.append(f"{name}:{node.name}")
    assert bare == []


def test_that_nothing_is_printed() -> None:
    prints = [
        f"{name}:{node.lineno}"
        for name, tree in trees("core", "gui")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert prints == []


def test_that_the_name_of_every_test_says_what_is_right() -> None:
    vague = ("works", "correctly", "as_expected", "properly")
    unnamed = [
        f"{name}:{node.name}"
        for name, tree in trees("tests")
        for node in ast.walk(tree)
        if isinstance(node, Function)
        and node.name.startswith("test_")
        and (not node.name.startswith("test_that_") or node.name.endswith(vague))
    ]
    assert unnamed == []


def test_that_nothing_names_one_machine_or_one_package_index() -> None:
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in sorted(ROOT.rglob("*"))
        if not is_made_by_a_tool(path)
        and path.is_file()
        and path.suffix in TEXT_ENDINGS
        and not path.is_relative_to(ROOT / "resources" / "specimens")
    }
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {word}"
        for path, text in texts.items()
        for word in BELONGS_TO_ONE_MACHINE
        if word in text
    ]
    assert found == []
