"""Which language models the library knows, read from its table of names without importing torch."""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Objective = Literal["causal", "masked"]
TABLES: dict[str, Objective] = {
    "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES": "causal",
    "MODEL_FOR_MASKED_LM_MAPPING_NAMES": "masked",
}


def library_class(config: Mapping[str, Any]) -> tuple[Objective, str] | None:
    """Return the objective and the name of the class that the library has for a configuration.

    Families that the library has both kinds of are bidirectional unless their configuration says
    that they are decoders; so the library builds them.
    """
    family, known = str(config.get("model_type")), _known()
    causal, masked = known["causal"].get(family), known["masked"].get(family)
    if masked is not None and not config.get("is_decoder"):
        return "masked", masked
    return None if causal is None else ("causal", causal)


@cache
def _known() -> dict[Objective, dict[str, str]]:
    """Return the library's classes by objective and model_type.

    The tables are read as text: importing the module that holds them takes seconds.
    """
    found: dict[Objective, dict[str, str]] = {"causal": {}, "masked": {}}
    spec = find_spec("transformers")
    for folder in () if spec is None else spec.submodule_search_locations or ():
        source = Path(folder) / "models" / "auto" / "modeling_auto.py"
        if not source.is_file():  # another version of the library: nothing beyond the described families
            continue
        for line in ast.parse(source.read_text(encoding="utf-8")).body:
            match line:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[ast.List(elts=entries)])):
                    if name in TABLES:
                        found[TABLES[name]] = dict(pair for entry in entries for pair in _pairs(entry))
    return found


def _pairs(entry: ast.expr) -> list[tuple[str, str]]:
    match entry:
        case ast.Tuple(elts=[ast.Constant(value=str(family)), ast.Constant(value=str(name))]):
            return [(family, name)]
    return []
