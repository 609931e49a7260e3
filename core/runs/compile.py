"""From resolved incisions to hooks on the modules of a loaded model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from core.hooks.attach import Hook
from core.interventions.operation import Activation
from core.interventions.ops import OPERATIONS

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.loaded_model import LoadedModel
    from core.runs.request import ResolvedIncision
    from core.runs.spread import CleanSpread


class Compiled:
    """The hooks of a plan, and what they found when they ran.

    Attributes
    ----------
    hooks : list of Hook
        In model order; incisions at one site in plan order.
    unchanged : set of int
        After a run: plan indices of incisions that left their activation as it was.
    """

    def __init__(self, loaded: LoadedModel, incisions: Sequence[ResolvedIncision], spread: CleanSpread | None) -> None:
        self.hooks: list[Hook] = []
        self.unchanged: set[int] = set()
        self._loaded = loaded
        self._spread = spread
        for incision in sorted(incisions, key=lambda each: each.site.depth):
            self.hooks += self._hooks_of(incision)

    def _hooks_of(self, incision: ResolvedIncision) -> list[Hook]:
        site, table = incision.site, self._loaded.architecture
        change = self._change(incision)
        if site.layer is None:
            return [Hook(self._loaded.blocks[0], "input", change)]
        if site.hook_point == "z":
            return [Hook(self._loaded.part(site.layer, table.attention_projection), "input", change)]
        if site.hook_point == "attn_out":
            return [Hook(self._loaded.part(site.layer, table.attn_out), "output", change)]
        if site.hook_point == "mlp_out":
            return [Hook(self._loaded.part(site.layer, table.mlp_out), "output", change)]
        block = self._loaded.blocks[site.layer]
        if site.hook_point == "resid_post":
            return [Hook(block, "output", change)]
        return self._block_hooks(block, change)

    @staticmethod
    def _block_hooks(block: object, change: Callable[[Tensor], Tensor]) -> list[Hook]:
        """Change what a block adds: its output less its input."""
        import torch

        seen: list[Tensor] = []

        def remember(x: Tensor) -> None:
            # Cloned: some families change their residual in place further down.
            seen[:] = [x.clone()]

        def replace(out: Tensor) -> Tensor:
            before = seen.pop()
            added = out - before
            changed = change(added)
            # What is not changed keeps its very bits: the difference and the sum round.
            return torch.where(changed == added, out, before + changed)

        return [Hook(block, "input", remember), Hook(block, "output", replace)]  # type: ignore[arg-type]

    def _change(self, incision: ResolvedIncision) -> Callable[[Tensor], Tensor]:
        """Return the function from a whole activation [batch, token, width] to the changed one."""
        import torch

        operation = OPERATIONS[incision.operation]
        positions = torch.tensor(incision.positions, device=self._loaded.info.device)
        head, width = incision.site.head, self._loaded.info.d_head
        columns = slice(None) if head is None else slice(head * width, (head + 1) * width)
        activation = self._activation(incision)
        params = dict(incision.params)

        def change(x: Tensor) -> Tensor:
            before = x[:, positions, columns]
            after = operation.apply(before, params, activation)
            if torch.equal(before, after):
                self.unchanged.add(incision.index)
            changed = x.clone()
            changed[:, positions, columns] = after
            return changed

        return change

    def _activation(self, incision: ResolvedIncision) -> Activation:
        if self._spread is None:
            return Activation(layer_std=float("nan"), token_std=())
        boundary = 0 if incision.site.layer is None else incision.site.layer + 1
        return Activation(
            layer_std=self._spread.layer[boundary],
            token_std=tuple(self._spread.token[boundary][position] for position in incision.positions),
        )
