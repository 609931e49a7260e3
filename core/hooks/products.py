"""Faster matrix products in place of a block's own, for the time of a ``with`` block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from core.hooks.differences import OfDifferences, is_plain, multiplies
from core.hooks.product_ways import MANY_ROWS, Forward, packed_gelu, packing_pays, quick_product

if TYPE_CHECKING:
    from torch.nn import Module

# The modules below a part that there can be a faster way for: a search through all takes long beside a run of few rows.
_FOUND: WeakKeyDictionary[Module, list[Module]] = WeakKeyDictionary()


@contextmanager
def fast_products(parts: Iterable[Module], rows: int, *, bf16: bool = False, unseen: bool = False) -> Iterator[None]:
    """Let the modules below some parts compute faster where that is known to be faster here.

    Parameters
    ----------
    parts : iterable of Module
        Blocks, or what makes the logits. Only what is in float32 on a CPU is touched.
    rows : int
        How many rows will go through each of them in all.
    bf16 : bool
        Whether to multiply in bf16 what [scenario, row, width] differs by from the first scenario.
    unseen : bool
        Whether nobody looks between a product and the activation behind it, which may be made in one pass.
    """
    put_on: list[Module] = []
    try:
        for part in parts:
            for module in _known_below(part):
                if not _is_free(module):  # others may have put theirs on
                    continue
                for each, forward in _forwards_of(module, rows, bf16=bf16, unseen=unseen):
                    each.forward = forward
                    put_on.append(each)
        yield
    finally:
        for module in put_on:
            del module.forward


def _known_below(part: Module) -> list[Module]:
    import torch
    from transformers.activations import NewGELUActivation
    from transformers.models.gpt2.modeling_gpt2 import GPT2MLP
    from transformers.pytorch_utils import Conv1D

    kinds = (GPT2MLP, NewGELUActivation, torch.nn.Linear, Conv1D)
    if type(part) in kinds:  # kept, it would hold on to itself
        return [module for module in part.modules() if type(module) in kinds]
    if part not in _FOUND:
        _FOUND[part] = [module for module in part.modules() if type(module) in kinds]
    return _FOUND[part]


def _forwards_of(module: Module, rows: int, *, bf16: bool, unseen: bool) -> list[tuple[Module, Forward]]:
    """Return the faster way of a module of a known kind, or of two right below it."""
    import torch
    from transformers.activations import NewGELUActivation
    from transformers.models.gpt2.modeling_gpt2 import GPT2MLP

    kind, held = type(module), cast("Any", module)
    if kind is GPT2MLP and unseen and not bf16 and rows >= MANY_ROWS:
        return _in_one_pass(held.c_fc, held.act)
    if kind is NewGELUActivation:
        # The same formula in one pass over the neurons, where the library's takes eight.
        return [
            (
                module,
                lambda x: torch.nn.functional.gelu(x, approximate="tanh") if is_plain(x) else kind.forward(module, x),
            )
        ]
    if not multiplies(module):
        return []
    weight, bias = held.weight if kind is torch.nn.Linear else held.weight.t(), held.bias
    forward = OfDifferences(weight, bias) if bf16 else quick_product(weight, bias, rows)
    return [] if forward is None else [(module, forward)]


def _in_one_pass(product: Any, activation: Module) -> list[tuple[Module, Forward]]:
    """Return the ways of a product that activates, and of an activation that has nothing left to do."""
    from transformers.activations import NewGELUActivation

    known = type(activation) is NewGELUActivation and multiplies(product)
    if not known or not (_is_free(product) and _is_free(activation)) or not packing_pays(activated=True):
        return []
    return [(product, packed_gelu(product.weight.t(), product.bias)), (activation, lambda x: x)]


def _is_free(module: Module) -> bool:
    return "forward" not in module.__dict__
