"""What the clean run made of the attention's input: queries, keys and values, before anything rotates or joins them.

An incision behind them, or on the attention's way from them, leaves these products as they were, and a
layer of which few rows are computed takes as long as its weights take to be read: so they are not made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from core.models.loaded_model import LoadedModel

# By layer and number in it.
Products = dict[tuple[int, int], "Tensor"]


def products_into_attention(loaded: LoadedModel, layer: int) -> list[Module]:
    """Return a layer's products with the attention's input, of causal models whose layers are no others' too."""
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    blocks, table = loaded.blocks, loaded.architecture
    if loaded.info.objective != "causal" or len(dict.fromkeys(blocks)) < len(blocks):
        return []
    out = loaded.part(layer, table.attention_projection)
    inside = loaded.part(layer, table.attention).modules()
    return [module for module in inside if type(module) in (Linear, Conv1D) and module is not out]


@contextmanager
def kept_products(loaded: LoadedModel) -> Iterator[Products]:
    """Keep the products of the run inside a ``with`` block, each of shape [token, width]."""
    kept: Products = {}

    def keeper(layer: int, number: int) -> Any:
        def keep(module: Module, args: tuple[Any, ...], made: Any) -> None:
            if made.dim() == 3 and len(made) == 1:
                kept[layer, number] = made[0]

        return keep

    handles = [
        module.register_forward_hook(keeper(layer, number))
        for layer in range(loaded.info.n_layers)
        for number, module in enumerate(products_into_attention(loaded, layer))
    ]
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def as_kept(loaded: LoadedModel, products: Products, layer: int, index: Tensor) -> Iterator[None]:
    """Let a layer's products be the kept ones of some tokens, for the time of a ``with`` block."""
    put_on: list[Module] = []
    try:
        for number, module in enumerate(products_into_attention(loaded, layer)):
            made = products.get((layer, number))
            if made is not None and "forward" not in module.__dict__:  # others may have put theirs on
                rows = made.index_select(0, index.to(made.device))
                module.forward = lambda x, rows=rows: rows.expand(len(x), -1, -1).contiguous()
                put_on.append(module)
        yield
    finally:
        for module in put_on:
            del module.forward
