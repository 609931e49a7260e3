"""Many plans of one incision each, computed together: every layer's weights are made ready once for all of them.

The clean run is known. A scenario joins when the run reaches its layer, with only the rows that its
incision can change, and goes on with the others, in parts that are as large as is fast. In a causal
model tokens before the one operated on are not computed at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.hooks.attach import Hook
from core.hooks.products import fast_products
from core.interventions.ops import OPERATIONS
from core.models.memory import is_out_of_memory, tidy_memory
from core.runs.batch import one
from core.runs.batch_sizes import batch_sizes
from core.runs.cell_answers import CellAnswers
from core.runs.compile import Change
from core.runs.places import Hooks, hooks_at
from core.runs.restart import AT_ONE_ROW, first_rows, restart, where_changed
from core.runs.tape import running
from core.runs.together import each_its_own

if TYPE_CHECKING:
    from torch import Tensor

    from core.cancel import CancelToken
    from core.interventions.operation import Activation
    from core.models.loaded_model import LoadedModel
    from core.runs.batch_sizes import BatchSizes
    from core.runs.cell_answers import Part, Wanted
    from core.runs.request import ResolvedIncision
    from core.runs.tape import Again, Tape

BEFORE_THE_LAYER = ("embed", "resid_pre")


@dataclass(frozen=True)
class Tick:
    """The sweep goes on; the model is free for a moment.

    Attributes
    ----------
    work : float
        Share of all the sweep's row-layers that is done.
    """

    work: float


def sweep(
    loaded: LoadedModel,
    tape: Tape,
    cells: Sequence[ResolvedIncision],
    supplies: Sequence[Activation],
    wanted: Wanted,
    cancel: CancelToken,
    *,
    bf16: bool = False,
) -> Iterator[Part | Tick]:
    """Run every cell on its own, and yield them in parts, the cheapest first, with a tick after every layer.

    Whenever something was yielded no hook is on the model: it may be run in between.

    Parameters
    ----------
    cells : sequence of ResolvedIncision
        At any hook point but the logits, and without receivers.
    supplies : sequence of Activation
        For each cell what its operation needs beforehand.
    bf16 : bool
        Whether the layers after a cell's own, and the head, multiply in bf16 what it differs by from the clean run.

    Raises
    ------
    Cancelled
        If the token was set; asked for before every layer.
    """
    engine = _Sweep(loaded, tape, cells, supplies, wanted, cancel, bf16=bf16)
    if not tape.in_batches:
        yield from engine.one_by_one()
        return
    for rows, numbers in engine.groups():
        yield from engine.in_waves(rows, numbers)


class _Sweep:
    """One sweep over one prompt."""

    def __init__(
        self,
        loaded: LoadedModel,
        tape: Tape,
        cells: Sequence[ResolvedIncision],
        supplies: Sequence[Activation],
        wanted: Wanted,
        cancel: CancelToken,
        *,
        bf16: bool,
    ) -> None:
        self._loaded = loaded
        self._tape = tape
        self._bf16 = bf16
        self._cells = cells
        self._supplies = supplies
        self._wanted = wanted
        self._cancel = cancel
        self._clean = CellAnswers(loaded, wanted, tape.residuals, bf16=bf16)
        self._work = sum(loaded.info.n_layers - self._layer(number) for number in range(len(cells)))
        self._worked = 0

    def one_by_one(self) -> Iterator[Part | Tick]:
        """Run the cells of a model that takes no batches, the last layers first."""
        order = sorted(range(len(self._cells)), key=lambda number: -self._layer(number))
        for number in order:
            found = restart(self._loaded, self._tape, (self._cells[number],), (self._supplies[number],), self._cancel)
            cosine = self._clean.cosines(found.residuals)[None]
            last = None if self._wanted.read_position is None else found.residuals[-1, self._wanted.read_position][None]
            yield self._clean.part((number,), last, cosine, 1)
            yield self._tick(self._loaded.info.n_layers - self._layer(number))

    def groups(self) -> list[tuple[tuple[int, ...], list[int]]]:
        """Return which rows are computed, and the cells for which it is these."""
        end = len(self._tape.ids)
        if self._tape.by_rows and self._loaded.info.objective == "causal":
            ends = [position for pair in self._wanted.pairs for position in (pair.a, pair.b)]
            read = self._wanted.read_position
            end = 1 + max([*ends, *([] if read is None else [read])], default=end - 1)
        found: dict[tuple[int, ...], list[int]] = {}
        for number, cell in enumerate(self._cells):
            rows = first_rows(self._loaded, self._tape, (cell,))
            found.setdefault(tuple(row for row in rows if row < end), []).append(number)
        return sorted(found.items())

    def in_waves(self, rows: tuple[int, ...], numbers: list[int]) -> Iterator[Part | Tick]:
        """Run cells in waves, the last layers first; in smaller ones, where memory runs out."""
        sizes, left = batch_sizes(self._loaded.info, len(self._tape.ids), len(rows)), sorted(numbers, key=self._layer)
        while left:
            wave, worked = left[-sizes.wave :], self._worked
            try:
                yield from self.wave(rows, wave, sizes)
            except Exception as error:
                if len(wave) == 1 or not is_out_of_memory(error):
                    raise
                self._worked, sizes = worked, sizes.halved(len(wave))
            else:
                left = left[: -len(wave)]
                continue
            tidy_memory(self._loaded.info.device)  # here, where no error holds on to what was tried

    def _layer(self, number: int) -> int:
        return self._cells[number].site.layer or 0

    def _tick(self, layers: int) -> Tick:
        self._worked += layers
        return Tick(self._worked / self._work)

    def wave(self, rows: tuple[int, ...], numbers: list[int], sizes: BatchSizes) -> Iterator[Part | Tick]:
        """Run cells in parts; from layer to layer the last one grows, and new ones join it."""
        import torch

        # Stays on the device until the wave is over: to fetch it at every layer would be to wait there.
        cosine = self._clean.cosine.expand(len(numbers), -1, -1).clone()
        if not rows:  # nothing that is read out comes after what is operated on
            yield self._clean.part(tuple(numbers), None, cosine, sizes.answers)
            return
        first, joined, read = self._layer(numbers[0]), 0, self._clean.rows_read(rows)
        # The clean run goes along in every part: each is rounded in its own way, which its own clean run tells.
        parts = [self._tape.residuals[first : first + 1, self._tape.index(rows)]]
        for layer in range(first, self._loaded.info.n_layers):
            self._cancel.check()
            joining = [n for n in numbers[joined:] if self._layer(n) == layer]
            # A difference in bf16 is rounded by what the clean run is, which is to be the same in every part.
            with running(self._loaded, self._tape, written_out=not self._bf16) as again:
                parts = self._one_layer(again, layer, parts, rows)
                if joining:
                    before, after = self._join(again, layer, joining, rows, parts[-1][0])
                    parts = _filled_up(parts, after, sizes.product)
            if joining and before is not None:
                now = slice(joined, joined + len(joining))
                cosine[now, :, layer] = self._clean.cosine_at(layer, before, rows)
            joined += len(joining)
            streams = [self._stream(part, layer + 1, rows, read) for part in parts]
            cells = [self._clean.cosine_at(layer + 1, stream, read) for stream in streams]
            cosine[:joined, :, layer + 1] = torch.cat(cells)
            yield self._tick(joined)
        at = self._wanted.read_position
        last = None if at is None or at not in rows else torch.cat([each[:, read.index(at)] for each in streams])
        yield self._clean.part(tuple(numbers), last, cosine, sizes.answers)

    def _one_layer(self, again: Again, layer: int, parts: list[Tensor], rows: tuple[int, ...]) -> list[Tensor]:
        """Return the layer's output of parts [1 + cell, row, d_model], the clean run first in each."""
        cells = sum(map(len, parts)) - 1
        if cells == 0:
            return [again.layer(layer, parts[0], rows)]
        # For all the parts, so that what is prepared for a layer is prepared once.
        block = self._loaded.blocks[layer]
        with fast_products([block], (1 + cells) * len(rows), bf16=self._bf16, unseen=True):
            return [again.layer(layer, part, rows) for part in parts]

    def _stream(self, part: Tensor, depth: int, rows: tuple[int, ...], read: tuple[int, ...]) -> Tensor:
        """Return a part's residual [cell, row, d_model] where it is read, the kept bits where it is the clean one."""
        part, kept = _at(part, tuple(map(rows.index, read))), _at(self._tape.residuals[depth], read)
        return where_changed(part[1:], part[:1], kept)

    def _join(
        self, again: Again, layer: int, numbers: list[int], rows: tuple[int, ...], clean_out: Tensor
    ) -> tuple[Tensor | None, Tensor]:
        """Return the input of cells' own layer, where they change it, and its output, [cell, row, d_model]."""
        cells = [self._cells[number] for number in numbers]
        mine = self._rows_of(cells, rows)
        whole = tuple(range(len(self._tape.ids)))
        seen: list[Tensor] = []
        hooks = self._hooks(layer, numbers, None if mine == whole else mine)
        before = [cell.site.hook_point in BEFORE_THE_LAYER for cell in cells]
        if any(before):
            hooks.modules.append(Hook(self._loaded.blocks[layer], "input", seen.append))
        # The clean run goes along: other shapes are rounded in another way.
        hidden = self._tape.residuals[layer, self._tape.index(mine)].expand(len(cells) + 1, -1, -1)
        behind = all(cell.site.hook_point in AT_ONE_ROW for cell in cells)
        out = again.layer(layer, hidden, mine, hooks, clean_in=behind)
        kept = [row for row in mine if row in rows]
        here, there = (self._tape.index(tuple(map(each.index, kept))) for each in (mine, rows))

        def joined(clean: Tensor, x: Tensor) -> Tensor:
            full = clean.expand(len(cells), -1, -1).clone()
            full[:, there] = where_changed(x[1:, here], x[:1, here], clean[there])
            return full

        before_it = joined(self._tape.residuals[layer, self._tape.index(rows)], seen[0]) if seen else None
        return before_it, joined(clean_out, out)

    def _rows_of(self, cells: Sequence[ResolvedIncision], rows: tuple[int, ...]) -> tuple[int, ...]:
        """Return which rows of their own layer cells need."""
        looks_at_all = any("whole" in OPERATIONS[each.operation].wants(dict(each.params)) for each in cells)
        if looks_at_all or not self._tape.by_rows:
            return tuple(range(len(self._tape.ids)))
        if all(each.site.hook_point in AT_ONE_ROW for each in cells):
            return tuple(sorted({position for each in cells for position in each.positions}))
        return rows

    def _hooks(self, layer: int, numbers: list[int], rows: tuple[int, ...] | None) -> Hooks:
        by_point: dict[str, dict[int, Change]] = {}
        for place, number in enumerate(numbers):
            cell = self._cells[number]
            change = Change(self._loaded, cell, self._supplies[number], one(self._tape.ids), rows)
            by_point.setdefault(cell.site.hook_point, {})[place + 1] = change
        hooks = Hooks()
        for point, changes in by_point.items():
            hooks.add(hooks_at(self._loaded, point, layer, len(numbers) + 1, each_its_own(changes)))
        return hooks


def _at(x: Tensor, places: tuple[int, ...]) -> Tensor:
    """Return [.., place, d_model] at a few places: cut out one by one, for which no index has to be sent."""
    import torch

    return torch.stack([x[..., place, :] for place in places], dim=-2)


def _filled_up(parts: list[Tensor], cells: Tensor, at_once: int) -> list[Tensor]:
    """Fill the last part up with cells [cell, row, d_model], and put as many new ones to it as they need."""
    import torch

    *full, last = parts
    room = at_once + 1 - len(last)
    chunks = [last, cells[:room]], *([last[:1], chunk] for chunk in torch.split(cells[room:], at_once) if len(chunk))
    return [*full, *(torch.cat(chunk) for chunk in chunks)]
