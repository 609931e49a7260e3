"""The ways to silence every head at one token that are compared: a notebook's, and the engine's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from core.bench.shapes import build
from core.cancel import CancelToken
from core.models.weight_layout import lay_out
from core.readings.fetch import fetched
from core.readings.values import Pair
from core.runs.cell_answers import Part, Wanted
from core.runs.compile import NOTHING
from core.runs.request import ResolvedIncision
from core.runs.restart import descend, restart
from core.runs.screen import screen
from core.runs.sweep import sweep
from core.runs.sweep_cost import batches_of
from core.runs.tape import Tape, record
from core.sites.site import Site

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.bench.shapes import Shape
    from core.models.loaded_model import LoadedModel

TARGET = 10
# The prompt that the project's ratios are stated for has ten tokens, and the sixth is operated on.
SHARE_BEFORE = 0.5
Cell = tuple[int, int]


class Subject:
    """A model that is measured.

    Parameters
    ----------
    shape : Shape
    device, dtype : str

    Attributes
    ----------
    loaded : LoadedModel
        As the application has it.
    """

    def __init__(self, shape: Shape, device: str = "cpu", dtype: str = "float32") -> None:
        self._made_of = shape, device, dtype
        self.loaded = build(*self._made_of)
        self._is_laid_out = lay_out(self.loaded.network)

    @cached_property
    def as_in_the_library(self) -> LoadedModel:
        """The same model with its weights in memory as the library lays them out: a notebook's is so."""
        return build(*self._made_of) if self._is_laid_out else self.loaded


@dataclass(frozen=True)
class Task:
    """A prompt, the token that is operated on, and what is read out of every cell.

    Attributes
    ----------
    subject : Subject
    ids : tuple of int
    position : int
    """

    subject: Subject
    ids: tuple[int, ...]
    position: int

    @property
    def loaded(self) -> LoadedModel:
        """The model as the application has it."""
        return self.subject.loaded

    @property
    def wanted(self) -> Wanted:
        """Two similarities at every layer, and the last token's log-probability."""
        last = len(self.ids) - 1
        pairs = (Pair("operated|last", self.position, last), Pair("early|last", min(2, last), last))
        return Wanted(last, TARGET, None, pairs)

    @property
    def cells(self) -> list[Cell]:
        """All (layer, head)."""
        info = self.loaded.info
        return [(layer, head) for layer in range(info.n_layers) for head in range(info.n_heads)]

    def incision(self, cell: Cell) -> ResolvedIncision:
        """Return the silencing of a head."""
        return ResolvedIncision(0, Site("z", *cell), (self.position,), "silence", ())

    def record(self) -> Tape:
        """Return a clean run."""
        return record(self.loaded, self.ids, CancelToken())

    def sweep(
        self, tape: Tape, cells: Iterable[Cell], *, bf16: bool = False
    ) -> dict[Cell, tuple[float, NDArray[np.float64]]]:
        """Return each cell's log-probability and similarities [pair, n_layers + 1], by the engine's sweep.

        In the batches that the application runs, after each of which there is something to show.
        """
        chosen = list(cells)
        plan = [self.incision(cell) for cell in chosen]
        found = {}
        for batch in batches_of(self.loaded, tape, plan, range(len(plan)), bf16=bf16):
            for part in self._engine(tape, [plan[number] for number in batch.cells], bf16=bf16):
                assert part.log_prob is not None
                for place, number in enumerate(part.cells):
                    found[chosen[batch.cells[number]]] = float(part.log_prob[place]), part.cosine[place]
        return found

    def _engine(self, tape: Tape, plan: list[ResolvedIncision], *, bf16: bool) -> Iterator[Part]:
        nothing = [NOTHING] * len(plan)
        for found in sweep(self.loaded, tape, plan, nothing, self.wanted, CancelToken(), bf16=bf16):
            if isinstance(found, Part):
                yield found

    def screen(self, cells: Iterable[Cell]) -> None:
        """Estimate what silencing each of some heads does to the same readouts."""
        plan = [self.incision(cell) for cell in cells]
        screen(self.loaded, self.ids, plan, [NOTHING] * len(plan), self.wanted, CancelToken())

    def click(self, tape: Tape, cell: Cell) -> None:
        """Run one head's silencing from its own layer on, and read it out."""
        import torch

        from core.runs.trace import answer_of

        found = restart(self.loaded, tape, (self.incision(cell),), [NOTHING], CancelToken())
        with torch.inference_mode():
            answer_of(self.loaded, found.residuals[-1, -1:]).log_softmax(dim=-1)
            for pair in self.wanted.pairs:
                torch.cosine_similarity(found.residuals[:, pair.a], found.residuals[:, pair.b], dim=-1)

    def first_point(self, tape: Tape, cell: Cell) -> None:
        """Run one head's silencing until the first depth that it changes can be drawn."""
        import torch

        found = next(descend(self.loaded, tape, (self.incision(cell),), [NOTHING], CancelToken()))
        with torch.inference_mode():
            for pair in self.wanted.pairs:
                torch.cosine_similarity(found.residuals[-1, pair.a], found.residuals[-1, pair.b], dim=-1)


def task_of(subject: Subject, n_tokens: int, number: int = 0) -> Task:
    """Return a task on a made-up prompt."""
    ids = tuple((100 + 7 * number + place) % subject.loaded.info.vocab_size for place in range(n_tokens))
    return Task(subject, ids, int(n_tokens * SHARE_BEFORE))


def notebook(task: Task, cells: list[Cell]) -> list[tuple[float, NDArray[np.float64]]]:
    """Return what a full forward pass with ordinary hooks gives for cells of one layer, one batch row each.

    Nothing of the engine is used: one cell is the notebook's way, all heads of a layer the batched one.
    """
    import torch

    loaded, kept, layer = task.subject.as_in_the_library, [], cells[0][0]
    width = loaded.info.d_head

    def silence(module: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        z = args[0].clone()
        for row, (_, head) in enumerate(cells):
            z[row, task.position, head * width : (head + 1) * width] = 0
        return (z, *args[1:])

    def keep_input(module: Any, args: tuple[Any, ...]) -> None:
        kept.append(args[0])

    def keep(module: Any, args: tuple[Any, ...], out: Any) -> None:
        kept.append(out[0] if isinstance(out, tuple) else out)

    handles = [loaded.blocks[0].register_forward_pre_hook(keep_input)]
    handles += [block.register_forward_hook(keep) for block in loaded.blocks]
    projection = loaded.part(layer, loaded.architecture.attention_projection)
    handles.append(projection.register_forward_pre_hook(silence))
    try:
        with torch.inference_mode():
            network: Any = loaded.network
            ids = torch.tensor([task.ids] * len(cells), device=loaded.info.device)
            log_probs = network(ids).logits[:, -1].float().log_softmax(dim=-1)[:, TARGET]
            cosines = torch.stack(
                [
                    torch.stack(
                        [torch.cosine_similarity(x[:, pair.a].float(), x[:, pair.b].float(), dim=-1) for x in kept]
                    )
                    for pair in task.wanted.pairs
                ]
            )
    finally:
        for handle in handles:
            handle.remove()
    numbers, curves = fetched(log_probs, cosines)
    return [(float(numbers[row]), curves[:, :, row].numpy()) for row in range(len(cells))]
