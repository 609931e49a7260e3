"""A run under a plan that starts at its first incised layer and token, from a kept clean run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from core.hooks.attach import Hook
from core.interventions.ops import OPERATIONS
from core.runs.batch import one
from core.runs.compile import Change, Compiled
from core.runs.result import Reuse
from core.runs.tape import running
from core.runs.trace import Trace, edited_logits

if TYPE_CHECKING:
    from torch import Tensor

    from core.cancel import CancelToken
    from core.hooks.attach import Edit
    from core.interventions.operation import Activation, Need
    from core.models.loaded_model import LoadedModel
    from core.runs.request import ResolvedIncision
    from core.runs.result import WhyAll
    from core.runs.tape import Again, Tape

# These see the residual after attention at their own token only: no other row of the layer changes.
AT_ONE_ROW = frozenset(
    {
        "q",
        "attn_scores",
        "pattern",
        "z",
        "attn_out",
        "resid_mid",
        "mlp_pre",
        "mlp_post",
        "mlp_out",
        "block",
        "resid_post",
    }
)


def restart(
    loaded: LoadedModel,
    tape: Tape,
    incisions: Sequence[ResolvedIncision],
    supplies: Sequence[Activation],
    cancel: CancelToken,
) -> Trace:
    """Run a plan, computing only what can differ from the clean run; see `descend`."""
    *_, found = descend(loaded, tape, incisions, supplies, cancel)
    return found


def descend(
    loaded: LoadedModel,
    tape: Tape,
    incisions: Sequence[ResolvedIncision],
    supplies: Sequence[Activation],
    cancel: CancelToken,
) -> Iterator[Trace]:
    """Run a plan and leave word after each layer, computing only what can differ from the clean run.

    Layers below the first incision are those of the clean run. So are, in a causal model, tokens
    before the first one operated on, unless an operation looks at all of them.

    Yields
    ------
    Trace
        As far as the run has come, fewer depths than there are and nothing but residuals, to be read
        at once; the first one can differ from the clean run by rounding where nothing was changed. The
        last one is the whole run.

    Raises
    ------
    Cancelled
        If the token was set; asked for before every block.
    """
    run = _Restart(loaded, tape, incisions, supplies, cancel)
    with running(loaded, tape) as again:
        for residuals in run.residuals(again):
            if len(residuals) <= loaded.info.n_layers:
                yield Trace(residuals)
    compiled = run.compiled
    answer = (each[0] for each in edited_logits(loaded, residuals[:, None], compiled)) if compiled.on_logits else ()
    yield Trace(residuals, tuple(sorted(run.unchanged)), *answer)


class _Restart:
    """One plan on one prompt."""

    def __init__(
        self,
        loaded: LoadedModel,
        tape: Tape,
        incisions: Sequence[ResolvedIncision],
        supplies: Sequence[Activation],
        cancel: CancelToken,
    ) -> None:
        self._loaded = loaded
        self._tape = tape
        self._cancel = cancel
        reuse = reuse_of(loaded, tape, incisions)
        self._rows = rows = tuple(range(reuse.first_token, len(tape.ids)))
        self._is_whole = len(rows) == len(tape.ids)
        plan, layers = list(zip(incisions, supplies, strict=True)), [_layer_of(each, loaded) for each in incisions]
        self._first = first = reuse.first_layer
        here = [each for each, layer in zip(plan, layers, strict=True) if layer == first]
        self._mine: tuple[int, ...] = ()
        self._in_first: Compiled | None = None
        batch = one(tape.ids)
        if here and not self._is_whole and all(_changes_one_row(incision) for incision, _ in here):
            plan = [each for each, layer in zip(plan, layers, strict=True) if layer != first]
            self._mine = tuple(sorted({position for incision, _ in here for position in incision.positions}))
            plans = [i for i, _ in here], [s for _, s in here]
            self._in_first = Compiled(loaded, *plans, batch, rows=self._mine)
            self._untouched = Compiled(loaded, *plans, batch, _left_alone, self._mine)
        at = None if self._is_whole else rows
        self.compiled = Compiled(loaded, [i for i, _ in plan], [s for _, s in plan], batch, rows=at)

    @property
    def unchanged(self) -> set[int]:
        """Plan indices of incisions that left their activation as it was."""
        return self.compiled.unchanged | (set() if self._in_first is None else self._in_first.unchanged)

    def residuals(self, again: Again) -> Iterator[Tensor]:
        """Yield the residual stream [depth, token, d_model] as far as it is settled, the last time all of it."""
        import torch

        tape, loaded = self._tape, self._loaded
        # As a slice: an index would be looked through in every layer.
        chosen, first = slice(self._rows[0] if self._rows else 0, None), self._first
        if first == loaded.info.n_layers:
            yield tape.residuals.clone()
            return
        # Filled as far as it is told: memory that is new is slow to write to.
        found = torch.empty_like(tape.residuals)
        found[: first + 1] = tape.residuals[: first + 1]
        if self._in_first is not None:
            self._cancel.check()
            mine, depth = tape.index(self._mine), first + 1
            found[depth] = tape.residuals[depth]
            found[depth, mine] = operated = self._first_layer(again, self._in_first)
            # The first point of the curves is told before the clean rows are computed that go on with it.
            yield self._settled(found, depth)
            clean = self._first_layer(again, self._untouched)
            # Where nothing was changed the bits are the same; experts that take rows by turns may yet round them apart.
            moved = torch.stack([change.moved for change in self._in_first.changes if change.moved is not None]).any()
            operated, first = torch.where(moved, operated, clean), depth
            found[first, mine] = where_changed(operated, clean, tape.residuals[first, mine])
            if first == loaded.info.n_layers:
                yield found
                return
            hidden, mine = self._clean(again, first).clone(), tape.index(tuple(map(self._rows.index, self._mine)))
            hidden[0, mine] = where_changed(operated, clean, hidden[0, mine])
        else:
            hidden = self._clean(again, first)
        for layer in range(first, loaded.info.n_layers):
            self._cancel.check()
            hooks, before = self.compiled.by_layer.get(layer), [hidden]
            if hooks is not None:
                hooks.modules.append(Hook(loaded.blocks[layer], "input", before.append))
            hidden = again.layer(layer, hidden, self._rows, hooks)
            found[layer + 1] = tape.residuals[layer + 1]
            for depth, x in ((layer, before[-1]), (layer + 1, hidden)):
                kept = tape.residuals[depth, chosen]
                found[depth, chosen] = where_changed(x[0], self._clean(again, depth)[0], kept)
            yield self._settled(found, layer + 1)

    def _settled(self, found: Tensor, depth: int) -> Tensor:
        """Return what no layer from this depth on can change: an incised one may yet do so to what goes into it."""
        return found[: depth + (depth not in self.compiled.by_layer)]

    def _clean(self, again: Again, depth: int) -> Tensor:
        """Return the clean hidden states [1, row, d_model], computed in the shape of the operated ones."""
        if self._is_whole:
            return self._tape.residuals[depth][None]
        return self._tape.rerun(again, self._rows, self._first, depth)

    def _first_layer(self, again: Again, compiled: Compiled) -> Tensor:
        """Return the first layer's output [row, d_model] at the incised tokens alone."""
        hidden = self._tape.residuals[self._first, self._tape.index(self._mine)][None]
        return again.layer(self._first, hidden, self._mine, compiled.by_layer[self._first], clean_in=True)[0]


def where_changed(operated: Tensor, clean: Tensor, kept: Tensor) -> Tensor:
    """Return the operated values where they differ from the clean ones, and elsewhere the bits that are kept.

    Fewer rows are rounded in another way: clean values that were computed along with the operated
    ones tell what was really changed.
    """
    import torch

    return torch.where(operated == clean, kept, operated)


def _layer_of(incision: ResolvedIncision, loaded: LoadedModel) -> int:
    """Return the layer in which an incision acts; the number of layers for the model's answer."""
    if incision.receiver is None and incision.site.hook_point == "logits":
        return loaded.info.n_layers
    site = incision.receiver or incision.site
    return loaded.info.n_layers - 1 if site.hook_point == "logits" else site.layer or 0


def _changes_one_row(incision: ResolvedIncision) -> bool:
    return incision.receiver is None and incision.site.hook_point in AT_ONE_ROW


def _left_alone(change: Change) -> Edit:
    """Return what stands where a change would, so that all else is computed in the very same way."""
    return lambda x: x


def first_rows(loaded: LoadedModel, tape: Tape, incisions: Sequence[ResolvedIncision]) -> tuple[int, ...]:
    """Return the tokens of a prompt that a plan can change, ascending; all of them where no shortcut holds."""
    first = 0 if why_all(loaded, tape, incisions) else min(each.positions[0] for each in incisions)
    return tuple(range(first, len(tape.ids)))


def reuse_of(loaded: LoadedModel, tape: Tape, incisions: Sequence[ResolvedIncision]) -> Reuse:
    """Return what a run under a plan takes from the clean run."""
    why = why_all(loaded, tape, incisions)
    # What comes from a whole other run is compared to the bit with what is computed in the same shape.
    if not why and _some_want("donor", incisions):
        why = "donor"
    layers = (_layer_of(each, loaded) for each in incisions)
    tokens = (each.positions[0] for each in incisions)
    return Reuse(
        first_layer=min(layers, default=loaded.info.n_layers), first_token=0 if why else min(tokens, default=0), why=why
    )


def why_all(loaded: LoadedModel, tape: Tape, incisions: Sequence[ResolvedIncision]) -> WhyAll:
    """Return why a plan can change all tokens of a prompt; empty where it cannot."""
    if loaded.info.objective != "causal":
        return "bidirectional"
    if not tape.by_rows:
        return "rows"
    return "whole" if _some_want("whole", incisions) else ""


def _some_want(need: Need, incisions: Sequence[ResolvedIncision]) -> bool:
    return any(need in OPERATIONS[each.operation].wants(dict(each.params)) for each in incisions)
