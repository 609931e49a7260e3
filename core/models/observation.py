"""What of a detected family only a forward pass shows: which outputs are added, and after which norm."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from core.errors import SurgeryError
from core.models.detection import final_norms, norms_below
from core.models.loaded_model import blocks_of, find_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor
    from torch.nn import Module
    from transformers import PreTrainedModel

    from core.models.architecture import Architecture

N_TOKENS = 4
IN, OUT, LAST = "input", "output", "last hidden state"
Seen = dict[str, "Tensor"]


def observed(table: Architecture, network: PreTrainedModel, has_head: bool) -> Architecture:
    """Return a detected table with what two short forward passes show.

    Of all places where a norm may stand, the one is taken that rebuilds the first block's output
    best; whether it is good enough is for the self-check to say.

    Raises
    ------
    SurgeryError
        If the network cannot be run on token ids alone.
    """
    try:
        return _observed(table, network, has_head)
    except SurgeryError:
        raise
    except Exception as error:  # what a strange network raises has no common class
        raise SurgeryError(
            f"The network of the family {table.key!r} cannot be run on a few tokens: {type(error).__name__}: {error}.",
            "Choose a model of a family that is described.",
        ) from error


def _observed(table: Architecture, network: PreTrainedModel, has_head: bool) -> Architecture:
    backbone: Any = network.base_model if has_head else network
    config: Any = network.config
    width, n_layers = int(config.hidden_size), int(config.num_hidden_layers)
    blocks = blocks_of(backbone, table, n_layers)
    first, norms = blocks[0], norms_below(blocks[0], width)
    readers = [*norms, *_holders(table.mlp_out)]
    watched = {path: find_part(first, path, table) for path in (table.attn_out, table.mlp_out, *norms)}
    seen = _forward(backbone, first, blocks[-1], watched, {path: first.get_submodule(path) for path in readers})
    multiplier = 1.0 if table.residual_multiplier is None else float(getattr(config, table.residual_multiplier))
    settled = _with_norms(table, seen, watched, norms, multiplier)
    ends = [None, *final_norms(backbone, table.blocks, width)]
    final = min(ends, key=lambda path: _final_deviation(seen, None if path is None else backbone.get_submodule(path)))
    silenced = _forward(backbone, first, blocks[-1], watched, {}, silenced=watched[settled.attn_out])
    mlp = settled.mlp_out
    parallel = _distance(seen[mlp], silenced[mlp]) == 0.0
    reads = None if parallel or settled.post_norms is not None else _mlp_reads(settled, seen, readers, multiplier)
    return replace(settled, final_norm=final, parallel=parallel, mlp_reads=reads)


def _holders(path: str) -> list[str]:
    """Return the modules that a module is in, outermost first, and itself."""
    parts = path.split(".")
    return [".".join(parts[: number + 1]) for number in range(len(parts))]


def _mlp_reads(table: Architecture, seen: Seen, readers: list[str], multiplier: float) -> str | None:
    """Return the module that the sum of the residual and attn_out goes into, to the bit; None if there is none."""
    middle = seen[IN] + multiplier * seen[table.attn_out]
    taken = [path for path in readers if f"{IN} of {path}" in seen]
    return next((path for path in taken if _distance(seen[f"{IN} of {path}"], middle) == 0.0), None)


def _with_norms(
    table: Architecture, seen: Seen, watched: Mapping[str, Module], norms: list[str], multiplier: float
) -> Architecture:
    """Return the table with the norms on outputs or on sums that rebuild the block's output best."""
    import torch

    x, y = seen[IN], seen[OUT]
    attn, mlp = table.attn_out, table.mlp_out
    found: list[tuple[float, Architecture]] = []
    for one, other in product((attn, *norms), (mlp, *norms)):
        if one != other and one in seen and other in seen:
            deviation = _distance(x + multiplier * seen[one] + multiplier * seen[other], y)
            kept = replace(
                table,
                attention_output=None if one == table.attention_projection else one,
                mlp_output=None if other == table.mlp_projection else other,
            )
            found.append((deviation, kept))
    if attn in seen and mlp in seen:
        with torch.inference_mode():
            for one, other in product([path for path in norms if path in seen], repeat=2):
                middle = watched[one](x + multiplier * seen[attn])
                deviation = _distance(watched[other](middle + multiplier * seen[mlp]), y)
                found.append((deviation, replace(table, post_norms=(one, other))))
    return min(found, key=lambda each: each[0], default=(0.0, table))[1]


def _forward(
    backbone: Any,
    first: Module,
    last: Module,
    watched: Mapping[str, Module],
    readers: Mapping[str, Module],
    silenced: Module | None = None,
) -> Seen:
    """Run a few tokens and return what watched modules of the first block gave and readers took, as the residual."""
    import torch

    seen: dict[str, Tensor] = {}

    def keep(name: str, module: Module, args: Any, kwargs: Any, output: Any) -> Any:
        tensor = output[0] if isinstance(output, tuple) else output
        seen[name] = tensor.clone()
        if module is silenced:
            return (tensor * 0.0, *output[1:]) if isinstance(output, tuple) else tensor * 0.0
        return None

    def keep_input(name: str, module: Module, args: Any, kwargs: Any) -> None:
        given = args[0] if args else kwargs.get("hidden_states")
        if isinstance(given, torch.Tensor):
            seen[name] = given.clone()

    handles = []
    for name, module in ((IN, first), *((f"{IN} of {path}", module) for path, module in readers.items())):
        handles.append(module.register_forward_pre_hook(partial(keep_input, name), with_kwargs=True))
    for name, module in (*watched.items(), (OUT, first), (f"{OUT} of the last", last)):
        handles.append(module.register_forward_hook(partial(keep, name), with_kwargs=True))
    try:
        size = int(backbone.config.vocab_size)
        ids = torch.tensor([[(17 + 31 * number) % size for number in range(N_TOKENS)]], device=backbone.device)
        with torch.inference_mode():
            seen[LAST] = backbone(ids).last_hidden_state
    finally:
        for handle in handles:
            handle.remove()
    shape, device = seen[IN].shape, seen[IN].device
    same = {
        name: x.to(device).reshape(shape)
        for name, x in seen.items()
        if x.numel() == shape.numel() and x.shape[-1] == shape[-1]
    }
    return {LAST: seen[LAST].to(device), **same}


def _final_deviation(seen: Seen, norm: Module | None) -> float:
    import torch

    out = seen[f"{OUT} of the last"]
    with torch.inference_mode():
        return _distance(out if norm is None else norm(out), seen[LAST])


def _distance(one: Tensor, other: Tensor) -> float:
    if one.shape != other.shape:
        return float("inf")
    difference = (one.double() - other.double()).abs()
    return float(difference.max()) if bool(difference.isfinite().all()) else float("inf")
