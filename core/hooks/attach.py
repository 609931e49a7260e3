"""Attaching functions to the inputs and outputs of modules, for the time of a ``with`` block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

HIDDEN_STATES = "hidden_states"
Edit = Callable[["Tensor"], "Tensor | None"]


@dataclass(frozen=True)
class Hook:
    """A function on a module's hidden state.

    Attributes
    ----------
    module : Module
    side : {"input", "output"}
        Whether the function sees what goes in or what comes out.
    function : callable
        Takes the tensor and returns the one to go on with, or None to leave it.
    turn : (int, int) or None
        For a module that is called several times in one forward pass: which call, counted from
        0, and of how many. None means every call.
    """

    module: Module
    side: Literal["input", "output"]
    function: Edit
    turn: tuple[int, int] | None = None


@contextmanager
def attached(hooks: Iterable[Hook]) -> Iterator[None]:
    """Attach hooks in order and take all of them off at the end, whatever happens.

    Hooks on the same side of the same module are called in the order given. Modules that return
    a tuple are served through its first entry.
    """
    handles = []
    try:
        for hook in hooks:
            function = in_turn(hook.function, hook.turn)
            if hook.side == "input":
                handles.append(hook.module.register_forward_pre_hook(_on_input(function), with_kwargs=True))
            else:
                handles.append(hook.module.register_forward_hook(_on_output(function)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def in_turn(function: Edit, turn: tuple[int, int] | None) -> Edit:
    """Return a function that only acts when it is its turn, and passes all other calls by."""
    if turn is None:
        return function
    mine, of = turn
    calls = 0

    def counted(x: Tensor) -> Tensor | None:
        nonlocal calls
        number, calls = calls % of, calls + 1
        return function(x) if number == mine else None

    return counted


def _on_input(function: Edit) -> Callable[..., Any]:
    def call(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args:
            changed = function(args[0])
            return None if changed is None else ((changed, *args[1:]), kwargs)
        changed = function(kwargs[HIDDEN_STATES])
        return None if changed is None else (args, {**kwargs, HIDDEN_STATES: changed})

    return call


def _on_output(function: Edit) -> Callable[..., Any]:
    def call(module: Module, args: tuple[Any, ...], output: Any) -> Any:
        if isinstance(output, tuple):
            changed = function(output[0])
            return None if changed is None else (changed, *output[1:])
        return function(output)

    return call


def count_hooks(network: Module) -> int:
    """Return how many forward hooks are on a network's modules, ours and anybody's."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules())
