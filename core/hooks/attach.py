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
    """

    module: Module
    side: Literal["input", "output"]
    function: Callable[[Tensor], Tensor | None]


@contextmanager
def attached(hooks: Iterable[Hook]) -> Iterator[None]:
    """Attach hooks in order and take all of them off at the end, whatever happens.

    Hooks on the same side of the same module are called in the order given. Modules that return
    a tuple are served through its first entry.
    """
    handles = []
    try:
        for hook in hooks:
            if hook.side == "input":
                handles.append(hook.module.register_forward_pre_hook(_on_input(hook.function), with_kwargs=True))
            else:
                handles.append(hook.module.register_forward_hook(_on_output(hook.function)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _on_input(function: Callable[[Tensor], Tensor | None]) -> Callable[..., Any]:
    def call(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args:
            changed = function(args[0])
            return None if changed is None else ((changed, *args[1:]), kwargs)
        changed = function(kwargs[HIDDEN_STATES])
        return None if changed is None else (args, {**kwargs, HIDDEN_STATES: changed})

    return call


def _on_output(function: Callable[[Tensor], Tensor | None]) -> Callable[..., Any]:
    def call(module: Module, args: tuple[Any, ...], output: Any) -> Any:
        if isinstance(output, tuple):
            changed = function(output[0])
            return None if changed is None else (changed, *output[1:])
        return function(output)

    return call


def count_hooks(network: Module) -> int:
    """Return how many forward hooks are on a network's modules, ours and anybody's."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules())
