"""A model on a device that is not there, and a watch over what goes between it and the processor.

Tensors on torch's ``meta`` device have shapes but no numbers: what would wait for a device, such as to
look at a number or to copy one to the processor, fails there.
"""

from __future__ import annotations

import copy
import sys
from collections import Counter
from dataclasses import replace
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from core.models.loaded_model import LoadedModel
from core.runs.tape import Call, Tape

FACTORIES = (
    torch.tensor,
    torch.as_tensor,
    torch.arange,
    torch.zeros,
    torch.ones,
    torch.full,
    torch.empty,
    torch.eye,
    torch.linspace,
    torch.rand,
    torch.randn,
)
INDEXING = (torch.Tensor.__getitem__, torch.Tensor.__setitem__)


def moved(loaded: LoadedModel) -> LoadedModel:
    """Return a copy of a model on the device, in bf16."""
    network = copy.deepcopy(loaded.network).to("meta", torch.bfloat16)
    info = replace(loaded.info, device="meta", dtype="bfloat16")
    return LoadedModel(f"{loaded.identity} on meta", info, loaded.architecture, network, loaded.tokenizer)


def moved_tape(tape: Tape) -> Tape:
    """Return a copy of a clean run on the device, with what was found out about its model."""

    def there(kept: Any) -> Any:
        return tree_map(_there, kept)

    return Tape(
        ids=tape.ids,
        residuals=_there(tape.residuals),
        calls=[Call(there(call.args), there(call.kwargs)) for call in tape.calls],
        keys=there(tape.keys),
        values=there(tape.values),
        products=there(tape.products),
        by_rows=tape.by_rows,
        in_batches=tape.in_batches,
    )


def _there(x: Any) -> Any:
    if not isinstance(x, torch.Tensor):
        return x
    return x.to("meta", torch.bfloat16 if x.is_floating_point() else x.dtype)


class Crossings:
    """Counts what is made on the processor or sent to the device, by the line of ours that does it.

    Attributes
    ----------
    made : Counter of str
        Tensors for which no device was named.
    sent : Counter of str
        Copies to the device, each of which waits for it.
    mixed : Counter of str
        Operations on tensors from both sides.
    """

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self.mixed: Counter[str] = Counter()
        self._functions = _Functions(self)
        self._operations = _Operations(self)

    def __enter__(self) -> Crossings:
        self._functions.__enter__()
        self._operations.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._operations.__exit__(*error)
        self._functions.__exit__(*error)


class _Functions(TorchFunctionMode):
    """Sees what torch is called with, before lists have become tensors."""

    def __init__(self, crossings: Crossings) -> None:
        super().__init__()
        self._crossings = crossings

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, where = kwargs or {}, _line_of_ours()
        if where is not None and function in FACTORIES and kwargs.get("device") is None:
            self._crossings.made[where] += 1
        if where is not None and (_names_a_device(function, kwargs) or _indexes_by_a_list(function, args)):
            self._crossings.sent[where] += 1
        return function(*args, **kwargs)


class _Operations(TorchDispatchMode):
    """Sees every operation, on whatever tensors."""

    def __init__(self, crossings: Crossings) -> None:
        super().__init__()
        self._crossings = crossings

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = operation(*args, **(kwargs or {}))
        taken = {x.device.type for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)}
        given = {x.device.type for x in tree_leaves(out) if isinstance(x, torch.Tensor)}
        where = _line_of_ours()
        if where is not None and len(taken | given) > 1:
            copies = operation._schema.name in ("aten::to", "aten::_to_copy", "aten::copy_")
            (self._crossings.sent if copies else self._crossings.mixed)[where] += 1
        return out


def _names_a_device(function: Any, kwargs: dict[str, Any]) -> bool:
    return function is torch.tensor and str(kwargs.get("device") or "cpu") != "cpu"


def _indexes_by_a_list(function: Any, args: tuple[Any, ...]) -> bool:
    if function not in INDEXING:
        return False
    return any(isinstance(part, list) for part in (args[1] if isinstance(args[1], tuple) else args[1:2]))


def _line_of_ours() -> str | None:
    """Return the file and line, if what is called was called by the engine itself and not by the library in it."""
    frame = sys._getframe(2)
    while frame is not None:
        path = frame.f_code.co_filename.replace("\\", "/")
        if "/site-packages/transformers/" in path:
            return None
        if "/core/" in path and "/site-packages/" not in path and "/tests/" not in path:
            return f"{path.rsplit('/core/', 1)[1]}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return None
