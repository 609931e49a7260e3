"""A run under a plan that starts at its first incised layer and token, from a kept clean run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.hooks.attach import Hook
from core.interventions.ops import OPERATIONS
from core.runs.batch import one
from core.runs.compile import Change, Compiled
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
    if len(rows) == len(tape.ids):
        compiled = Compiled(loaded, incisions, supplies, one(tape.ids))
        residuals = _run(loaded, tape, compiled, rows, 1, cancel)
    else:
        # The clean run goes along: fewer rows are rounded in another way, and what is not changed must keep its bits.
        compiled = Compiled(loaded, incisions, supplies, one(tape.ids), on_second, rows, scenarios=2)
        residuals = _run(loaded, tape, compiled, rows, 2, cancel)
    logits = edited_logits(loaded, residuals[:, None], compiled)[0] if compiled.on_logits else None
    return Trace(residuals, tuple(sorted(compiled.unchanged)), logits)


def _run(
    loaded: LoadedModel, tape: Tape, compiled: Compiled, rows: tuple[int, ...], scenarios: int, cancel: CancelToken
) -> Tensor:
    """Return the residual stream [n_layers + 1, token, d_model] of the last of the scenarios."""
    residuals = tape.residuals.clone()
    if not compiled.by_layer:
        return residuals
    chosen = list(rows)
    first = min(compiled.by_layer)
    hidden = tape.residuals[first, chosen].expand(scenarios, -1, -1)
    with running(loaded, tape) as again:
        for layer in range(first, loaded.info.n_layers):
            cancel.check()
            hooks, before = compiled.by_layer.get(layer), [hidden]
            if hooks is not None:
                hooks.modules.append(Hook(loaded.blocks[layer], "input", before.append))
            hidden = again.layer(layer, hidden, rows, hooks)
            for depth, x in ((layer, before[-1]), (layer + 1, hidden)):
                residuals[depth, chosen] = x[0] if scenarios == 1 else tape.residuals[depth, chosen] + (x[1] - x[0])
    return residuals


def on_second(change: Change) -> Edit:
    """Return what makes a change in the second of two scenarios, and leaves the first one clean.

    The logits are made of what came out, and are those of the operated run alone.
    """
    import torch

    return lambda x: change(x) if len(x) == 1 else torch.cat([x[:1], change(x[1:])])


def first_rows(loaded: LoadedModel, tape: Tape, incisions: Sequence[ResolvedIncision]) -> tuple[int, ...]:
    """Return the tokens of a prompt that a plan can change, ascending; all of them where no shortcut holds."""
    everything = tuple(range(len(tape.ids)))
    looks_at_all = any("whole" in OPERATIONS[each.operation].wants(dict(each.params)) for each in incisions)
    if not tape.by_rows or loaded.info.objective != "causal" or looks_at_all:
        return everything
    return everything[min(each.positions[0] for each in incisions) :]
