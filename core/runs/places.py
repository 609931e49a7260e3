"""From a hook point of a layer to the hooks that see its activation, in any family."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from core.hooks.attach import Edit, Hook
from core.hooks.attention import AttentionHook, Part
from core.models.architecture import OwnPart

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from core.models.loaded_model import LoadedModel


@dataclass
class Hooks:
    """Hooks on modules and on the attention, each in the order they are to be called."""

    modules: list[Hook] = field(default_factory=list)
    attention: list[AttentionHook] = field(default_factory=list)

    def add(self, other: Hooks) -> None:
        """Put other hooks behind these."""
        self.modules += other.modules
        self.attention += other.attention


def hooks_at(loaded: LoadedModel, point: str, layer: int | None, rows: int, edit: Edit) -> Hooks:
    """Return the hooks through which a function sees, and may change, an activation.

    Parameters
    ----------
    point : str
        Any hook point but ``logits``, which no module of the backbone holds.
    layer : int or None
        None for the embedding.
    rows : int
        Size of the batch; some families fold batch and tokens into one axis.
    edit : callable
        Takes the activation [batch, token, width], all heads side by side, and returns what to go
        on with, or None to leave it.
    """
    place = _Place(loaded, 0 if layer is None else layer, rows, edit)
    if point in ("embed", "resid_pre"):
        return place.at_block("input")
    if point == "resid_post":
        return place.at_block("output")
    if point == "block":
        return place.what_the_block_adds()
    if point == "resid_mid":
        return place.between()
    if point == "mlp_pre":
        return place.before_nonlinearity()
    if point in ("q", "k", "v", "attn_scores", "pattern"):
        return place.in_attention(cast("Part", point))
    table = loaded.architecture
    if point == "z":
        return place.at_part(table.attention_projection, "input")
    if point == "attn_out":
        return place.at_part(table.attn_out, "output")
    if point == "mlp_out":
        return place.at_part(table.mlp_out, "output")
    assert point == "mlp_post" and table.mlp_projection is not None, point
    return place.at_part(table.mlp_projection, "input")


class _Place:
    """One layer, and the function that is to see something of it."""

    def __init__(self, loaded: LoadedModel, layer: int, rows: int, edit: Edit) -> None:
        self._loaded = loaded
        self._layer = layer
        self._rows = rows
        self._edit = edit
        self._turn = loaded.turn(layer)

    @property
    def _block(self) -> Module:
        return self._loaded.blocks[self._layer]

    def _part(self, path: str) -> Module:
        return self._loaded.part(self._layer, path)

    def at_block(self, side: str) -> Hooks:
        """See the residual before or after the block."""
        return Hooks([Hook(self._block, side, self._edit, self._turn)])  # type: ignore[arg-type]

    def at_part(self, path: str, side: str) -> Hooks:
        """See what goes into a module, or comes out."""
        return Hooks([Hook(self._part(path), side, self._unfolded(self._edit), self._turn)])  # type: ignore[arg-type]

    def _unfolded(self, edit: Edit) -> Edit:
        """Serve modules that take batch and tokens as one axis."""

        def call(x: Tensor) -> Tensor | None:
            if x.dim() != 2:
                return edit(x)
            changed = edit(x.view(self._rows, -1, x.shape[-1]))
            return None if changed is None else changed.reshape(x.shape)

        return call

    def before_nonlinearity(self) -> Hooks:
        """See the neurons before their nonlinearity; with a gate, what is gated by them."""
        table = self._loaded.architecture
        assert table.mlp_pre is not None
        if table.mlp_pre_half == "whole":
            return self.at_part(table.mlp_pre, "output")
        first = table.mlp_pre_half == "first"

        def call(x: Tensor) -> Tensor | None:
            half = x.shape[-1] // 2
            columns = slice(half) if first else slice(half, None)
            edited = self._edit(x[..., columns])
            if edited is None:
                return None
            changed = x.clone()
            changed[..., columns] = edited
            return changed

        return Hooks([Hook(self._part(table.mlp_pre), "output", self._unfolded(call), self._turn)])

    def in_attention(self, part: Part) -> Hooks:
        """See queries, keys, values, scores or pattern."""
        table = self._loaded.architecture
        if not table.own_attention:
            return Hooks(attention=[AttentionHook(self._part(table.attention), part, self._edit, self._turn)])
        if part != "pattern":
            return self._in_projection(part)
        assert table.pattern is not None

        def call(x: Tensor) -> Tensor | None:
            """Serve [batch, head, query, key], or batch and head as one axis."""
            heads = self._loaded.info.n_heads
            split = x.view(-1, heads, *x.shape[-2:])
            flat = split.transpose(1, 2).flatten(2)
            edited = self._edit(flat)
            if edited is None:
                return None
            rows = edited.view(*flat.shape[:2], heads, -1).transpose(1, 2)
            # As the families go on to view it.
            return rows.reshape(x.shape).contiguous()

        return Hooks([Hook(self._part(table.pattern), "input", call, self._turn)])

    def _in_projection(self, name: Part) -> Hooks:
        """See queries, keys or values where they leave the projection, in a family with attention of its own."""
        part, info = self._loaded.architecture.own_parts[name], self._loaded.info
        assert isinstance(part, OwnPart), part
        groups, slots = part.groups, part.slots
        if groups is None:
            groups, slots = info.n_key_value_heads, info.n_heads // info.n_key_value_heads + 2

        def call(x: Tensor) -> Tensor | None:
            split = x.view(*x.shape[:-1], groups, slots, -1)
            mine = split[..., part.first : part.end, :]
            edited = self._edit(mine.flatten(-3))
            if edited is None:
                return None
            changed = split.clone()
            changed[..., part.first : part.end, :] = edited.view(mine.shape)
            return changed.view(x.shape)

        return Hooks([Hook(self._part(part.path), "output", call, self._turn)])

    def what_the_block_adds(self) -> Hooks:
        """See the block's output less its input."""
        import torch

        seen: list[Tensor] = []

        def replace(out: Tensor) -> Tensor | None:
            before = seen.pop()
            added = out - before
            edited = self._edit(added)
            if edited is None:
                return None
            # What is not changed keeps its very bits: the difference and the sum round.
            return torch.where(edited == added, out, before + edited)

        return Hooks(
            [Hook(self._block, "input", _remember(seen), self._turn), Hook(self._block, "output", replace, self._turn)]
        )

    def between(self) -> Hooks:
        """See the residual between attention and MLP."""
        table = self._loaded.architecture
        if table.post_norms is not None:
            return self.at_part(table.post_norms[0], "output")
        if table.mlp_reads is None:
            return self._through_attention()

        def put_in(x: Tensor) -> None:
            edited = self._edit(x)
            if edited is not None:
                # In place: this very tensor is also what the MLP's output is added to, and a sum of differences rounds.
                x.copy_(edited)

        return Hooks([Hook(self._part(table.mlp_reads), "input", self._unfolded(put_in), self._turn)])

    def _through_attention(self) -> Hooks:
        """See the residual between attention and MLP where no module is known that reads it.

        It is changed through what the attention adds, to within a rounding.
        """
        import torch

        table, times = self._loaded.architecture, self._loaded.residual_multiplier
        seen: list[Tensor] = []

        def replace(out: Tensor) -> Tensor | None:
            before = seen.pop()
            middle = before + out * times
            edited = self._edit(middle)
            if edited is None:
                return None
            # Reckoned from what it is added to, so that a residual of 0 is 0: a norm would make the rest large.
            return torch.where(edited == middle, out, (edited - before) / times)

        remember = Hook(self._block, "input", _remember(seen), self._turn)
        return Hooks([remember, Hook(self._part(table.attn_out), "output", replace, self._turn)])


def _remember(seen: list[Tensor]) -> Edit:
    def call(x: Tensor) -> None:
        # Cloned: some families change their residual in place further down.
        seen[:] = [x.clone()]

    return call
