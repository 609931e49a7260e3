"""A clean run kept so that layers of it can be run again, from any layer on and for some tokens only.

Blocks are called as the library called them, with the arguments that were recorded. In a causal
model tokens before the first that is operated on cannot change: only the rows from there on are
computed, and the keys and values of the others are put to them inside the attention.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from core.hooks.attach import Hook, attached
from core.hooks.attention import AttentionHook, attention_tapped, tapped
from core.hooks.products import fast_products
from core.readings.fetch import sent
from core.runs.batch import inputs_of, one
from core.runs.known_products import Products, as_kept, kept_products
from core.runs.trace import Trace

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.runs.cache import RunCache
    from core.runs.places import Hooks

CLOSE = 1e-4


@dataclass(frozen=True)
class Call:
    """How a block was called: everything but the hidden state."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass
class Tape:
    """A clean run of one prompt.

    Attributes
    ----------
    ids : tuple of int
    residuals : Tensor, shape [n_layers + 1, token, d_model]
    calls : list of Call
        One per layer.
    keys, values : list of Tensor, each of shape [head, token, d_head]
        As the dot product sees them, one per layer; empty where the family hides them.
    products : dict of (layer, number) to Tensor, each of shape [token, width]
        What was made of the attention's input; empty where layers are shared or look ahead.
    by_rows : bool
        Whether single rows can be computed; found out by trying.
    in_batches : bool
        Whether many scenarios can be computed at once; found out by trying.
    row_layers : int
        How many rows of how many layers were run again so far, all added up.
    """

    ids: tuple[int, ...]
    residuals: Tensor
    calls: list[Call]
    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)
    products: Products = field(default_factory=dict)
    by_rows: bool = False
    in_batches: bool = False
    row_layers: int = 0
    _rerun: tuple[tuple[int, ...], dict[int, Tensor]] = ((), {})
    _indices: dict[tuple[int, ...], Tensor] = field(default_factory=dict)

    @cached_property
    def trace(self) -> Trace:
        """The clean run as any other run leaves it behind."""
        return Trace(self.residuals)

    @property
    def nbytes(self) -> int:
        """Memory of all that is kept."""
        kept = (self.residuals, *self.keys, *self.values, *self.products.values(), *self._rerun[1].values())
        return sum(each.nbytes for each in kept)

    def index(self, places: tuple[int, ...]) -> Tensor:
        """Return places as an index that stands on the device: sent there once, not in every layer."""
        if places not in self._indices:
            self._indices[places] = sent(places, self.residuals.device)
        return self._indices[places]

    def rerun(self, again: Again, rows: tuple[int, ...], first: int, depth: int) -> Tensor:
        """Return clean hidden states [1, row, d_model] as a run from a first layer on, for these rows only, gives them.

        They differ from the recorded ones by rounding. Kept for as long as the same rows are asked for.
        """
        known = self._rerun[1] if self._rerun[0] == rows else {}
        if first not in known:
            known = {first: self.residuals[first, self.index(rows)][None]}
        self._rerun = rows, known
        if depth not in known:
            known[depth] = again.layer(depth - 1, self.rerun(again, rows, first, depth - 1), rows)
        return known[depth]


def taped(loaded: LoadedModel, ids: tuple[int, ...], cache: RunCache, cancel: CancelToken) -> Tape:
    """Return the clean run of a prompt: the one that is kept, or a new one, which is kept from now on."""
    tape = cache.clean_tape(loaded.identity, ids)
    if tape is None:
        tape = record(loaded, ids, cancel)
        cache.keep_clean_tape(loaded.identity, tape)
    return tape


def record(loaded: LoadedModel, ids: Sequence[int], cancel: CancelToken) -> Tape:
    """Run a prompt through the untouched model and keep what is needed to run parts of it again."""
    import torch

    kept: list[Tensor] = []
    calls: list[Call] = []
    keys: list[Tensor] = []
    values: list[Tensor] = []

    def watch(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        cancel.check()
        rest = dict(kwargs)
        hidden = args[0] if args else rest.pop("hidden_states")
        kept.append(hidden.to(loaded.info.device, copy=True)[0])
        calls.append(Call(args[1:], rest))

    def keep(into: list[Tensor]) -> Any:
        heads = loaded.info.n_key_value_heads
        return lambda x: into.append(x[0].unflatten(-1, (heads, -1)).transpose(0, 1).contiguous())

    blocks = dict.fromkeys(loaded.blocks)
    taps: list[AttentionHook] = []
    if not loaded.architecture.own_attention:
        attention = loaded.architecture.attention
        # A shared block is watched once: it is called for every layer of its group.
        for module in dict.fromkeys(loaded.part(layer, attention) for layer in range(loaded.info.n_layers)):
            taps += [AttentionHook(module, "k", keep(keys)), AttentionHook(module, "v", keep(values))]
    last = loaded.info.n_layers - 1

    def keep_last(x: Tensor) -> None:
        kept.append(x.to(loaded.info.device, copy=True)[0])

    handles = [block.register_forward_pre_hook(watch, with_kwargs=True) for block in blocks]
    try:
        with (
            torch.inference_mode(),
            attached([Hook(loaded.blocks[last], "output", keep_last, loaded.turn(last))]),
            attention_tapped(loaded.network, taps),
            # As in the runs that come after: what these do not change is to keep its bits.
            fast_products(blocks, len(ids)),
            kept_products(loaded) as products,
        ):
            loaded.backbone(**inputs_of(loaded, one(ids)))
            tape = Tape(tuple(ids), torch.stack(kept), calls, keys, values, products)
    finally:
        for handle in handles:
            handle.remove()
    _try_out(loaded, tape)
    if not tape.by_rows:
        tape.products.clear()  # only layers of which few rows are computed are the quicker for them
    return tape


def _try_out(loaded: LoadedModel, tape: Tape) -> None:
    """Find out what shortcuts give the recorded numbers again: the model decides, not a list of families."""
    n_tokens = len(tape.ids)
    # Once for every order of length: a window matters only to prompts that are longer.
    key = n_tokens.bit_length()
    if key not in loaded.shortcuts:
        in_batches = _gives_the_same(loaded, tape, range(n_tokens), 2)
        by_rows = (
            bool(tape.keys) and in_batches and _gives_the_same(loaded, tape, sorted({n_tokens // 2, n_tokens - 1}), 2)
        )
        loaded.shortcuts[key] = (in_batches, by_rows)
    tape.in_batches, tape.by_rows = loaded.shortcuts[key]


def _gives_the_same(loaded: LoadedModel, tape: Tape, rows: Sequence[int], count: int) -> bool:
    import torch

    rows = tuple(rows)
    try:
        with running(loaded, tape) as again:
            for layer in range(loaded.info.n_layers):
                hidden = tape.residuals[layer, list(rows)].expand(count, -1, -1)
                wanted = tape.residuals[layer + 1, list(rows)]
                off = (again.layer(layer, hidden, rows) - wanted).abs().max()
                if not bool(off <= CLOSE * torch.clamp(wanted.abs().max(), min=1.0)):
                    return False
    except (RuntimeError, ValueError, IndexError, TypeError):
        return False
    return True


class Again:
    """Runs single layers; made by `running`."""

    def __init__(self, loaded: LoadedModel, tape: Tape, *, written_out: bool) -> None:
        self._loaded = loaded
        self._is_written_out = written_out
        self._tape = tape
        self._blocks = loaded.blocks

    def layer(
        self,
        number: int,
        hidden: Tensor,
        rows: tuple[int, ...],
        hooks: Hooks | None = None,
        *,
        clean_in: bool = False,
    ) -> Tensor:
        """Return a layer's output.

        Parameters
        ----------
        hidden : Tensor, shape [scenario, row, d_model]
        rows : tuple of int
            Which tokens of the prompt the rows are, ascending; all others are as in the clean run.
        hooks : Hooks, optional
            What else happens in this layer.
        clean_in : bool
            Whether what the attention reads in it is as in the clean run, in all scenarios.

        Returns
        -------
        Tensor of the same shape
        """
        self._tape.row_layers += len(hidden) * len(rows)
        known = self._tape.products if clean_in else {}
        call, whole = self._tape.calls[number], len(self._tape.ids)
        if len(rows) < whole:
            index = self._tape.index(rows)
            call = Call(_of_rows(call.args, index, whole), _of_rows(call.kwargs, index, whole))
        with (
            as_kept(self._loaded, known, number, self._tape.index(rows)) if known else nullcontext(),
            fast_products([self._blocks[number]], len(hidden) * len(rows)),
            self._put_on(number, rows, hooks),
        ):
            out = self._blocks[number](hidden, *call.args, **call.kwargs)
        found: Tensor = out[0] if isinstance(out, tuple) else out
        return found.to(hidden.device)  # a model can be spread over several

    @contextmanager
    def _put_on(self, number: int, rows: tuple[int, ...], hooks: Hooks | None) -> Iterator[None]:
        """Attach what happens in one layer for the call of it: none of it has to wait for its turn."""
        loaded = self._loaded
        modules = [] if hooks is None else [replace(hook, turn=None) for hook in hooks.modules]
        taps = [] if hooks is None else [replace(hook, turn=None) for hook in hooks.attention]
        rests = {}
        if self._tape.keys:
            rests[loaded.part(number, loaded.architecture.attention)] = partial(self._rest, number, rows)
        with (
            attached(modules),
            attention_tapped(loaded.network, taps, rests, written_out=self._is_written_out),
        ):
            yield

    def _rest(
        self, number: int, rows: tuple[int, ...], k: Tensor, v: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Put the clean keys and values of the other tokens to those of the rows."""
        import torch

        whole = len(self._tape.ids)
        if len(rows) == whole:
            return k, v, mask
        full = []
        for new, clean in ((k, self._tape.keys[number]), (v, self._tape.values[number])):
            if rows == tuple(range(rows[0], whole)):
                before = clean[None, :, : rows[0]].expand(new.shape[0], -1, -1, -1)
                full.append(torch.cat([before, new], dim=2))
            else:
                each = clean.expand(new.shape[0], -1, -1, -1).clone()
                each[:, :, self._tape.index(rows).to(new.device)] = new
                full.append(each)
        if mask is None and self._loaded.info.objective == "causal":
            keys = torch.arange(whole, device=k.device)
            visible = keys[None] <= self._tape.index(rows).to(k.device)[:, None]
            mask = torch.zeros(visible.shape, dtype=k.dtype, device=k.device).masked_fill_(
                ~visible, torch.finfo(k.dtype).min
            )[None, None]
        return full[0], full[1], mask


@contextmanager
def running(loaded: LoadedModel, tape: Tape, *, written_out: bool = False) -> Iterator[Again]:
    """Make single layers of a kept run callable, for the time of a ``with`` block.

    Parameters
    ----------
    written_out : bool
        As in `attention_tapped`.
    """
    import torch

    # Here and not in every layer: it goes through all the configurations there are.
    with torch.inference_mode(), tapped(loaded.network) if tape.keys else nullcontext():
        yield Again(loaded, tape, written_out=written_out)


def _of_rows(value: Any, index: Tensor, whole: int) -> Any:
    """Return a recorded argument for some rows only: masks, positions and what rotates by them."""
    import torch

    if isinstance(value, dict):
        return {name: _of_rows(each, index, whole) for name, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_of_rows(each, index, whole) for each in value)
    if not isinstance(value, torch.Tensor):
        return value
    axis = {1: 0, 2: 1, 3: 1, 4: 2}.get(value.dim())
    return value if axis is None or value.shape[axis] != whole else value.index_select(axis, index.to(value.device))
