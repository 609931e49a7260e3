"""A run under a plan that starts at its first incised layer and token, from a kept clean run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.hooks.attach import Hook
from core.interventions.ops import OPERATIONS
from core.runs.batch import one
from core.runs.compile import Compiled
from core.runs.tape import running
from core.runs.trace import Trace, edited_logits

if TYPE_CHECKING:
    from torch import Tensor

    from core.cancel import CancelToken
    from core.hooks.attach import Edit
    from core.interventions.operation import Activation
    from core.models.loaded_model import LoadedModel
    from core.runs.request import ResolvedIncision
    from core.runs.tape import Tape


def restart(
    loaded: LoadedModel,
    tape: Tape,
    incisions: Sequence[ResolvedIncision],
    supplies: Sequence[Activation],
    cancel: CancelToken,
) -> Trace:
    """Run a plan, computing only what can differ from the clean run.

    Layers below the first incision are those of the clean run. So are, in a causal model, tokens
    before the first one operated on, unless an operation looks at all of them.

    Raises
    ------
    Cancelled
        If the token was set; asked for before every block.
    """
    rows = first_rows(loaded, tape, incisions)
    everything = len(rows) == len(tape.ids)
    compiled = Compiled(loaded, incisions, supplies, one(tape.ids), rows=None if everything else rows)
    residuals = tape.residuals.clone()
    if compiled.by_layer:
        first = min(compiled.by_layer)
        hidden = residuals[first : first + 1, list(rows)]
        with running(loaded, tape) as again:
            for layer in range(first, loaded.info.n_layers):
                cancel.check()
                hooks = compiled.by_layer.get(layer)
                if hooks is not None:
                    hooks.modules.append(Hook(loaded.blocks[layer], "input", _keeper(residuals, layer, rows)))
                hidden = again.layer(layer, hidden, rows, hooks)
                residuals[layer + 1, list(rows)] = hidden[0]
    logits = edited_logits(loaded, residuals[:, None], compiled)[0] if compiled.on_logits else None
    return Trace(residuals, tuple(sorted(compiled.unchanged)), logits)


def first_rows(loaded: LoadedModel, tape: Tape, incisions: Sequence[ResolvedIncision]) -> tuple[int, ...]:
    """Return the tokens of a prompt that a plan can change, ascending; all of them where no shortcut holds."""
    everything = tuple(range(len(tape.ids)))
    looks_at_all = any("whole" in OPERATIONS[each.operation].wants(dict(each.params)) for each in incisions)
    if not tape.by_rows or loaded.info.objective != "causal" or looks_at_all:
        return everything
    return everything[min(each.positions[0] for each in incisions) :]


def _keeper(residuals: Tensor, layer: int, rows: tuple[int, ...]) -> Edit:
    """Return a function that keeps a block's input, with every incision in it."""

    def keep(x: Tensor) -> None:
        residuals[layer, list(rows)] = x[0]

    return keep
