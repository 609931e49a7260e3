"""From resolved incisions to hooks on the modules of a loaded model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.interventions.operation import Activation
from core.interventions.ops import OPERATIONS
from core.runs.batch import Batch
from core.runs.places import Hooks, hooks_at

if TYPE_CHECKING:
    from torch import Tensor

    from core.hooks.attach import Edit
    from core.models.info import ModelInfo
    from core.models.loaded_model import LoadedModel
    from core.runs.request import ResolvedIncision
    from core.sites.site import Site

NOTHING = Activation(layer_std=float("nan"), token_std=())
ALL_KEYS = slice(None)


class Compiled:
    """The hooks of a plan, and what they found when they ran.

    Parameters
    ----------
    incisions : sequence of ResolvedIncision
        In plan order.
    supplies : sequence of Activation
        For each incision what its operation needs to know beforehand.
    batch : Batch
        The prompts they are made in; positions count from each prompt's own first token.
    edit_of : callable
        What is really attached for a change, where it does more than that.
    rows : tuple of int, optional
        The tokens that are computed, where these are not all.

    Attributes
    ----------
    by_layer : dict of int to Hooks
        In model order; incisions at one site in plan order.
    on_logits : list of callable
        Edits of the model's answer [batch, token, vocab], in plan order.
    unchanged : set of int
        After a run: plan indices of incisions that left their activation as it was.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        incisions: Sequence[ResolvedIncision],
        supplies: Sequence[Activation],
        batch: Batch,
        edit_of: Callable[[Change], Edit] = lambda change: change,
        rows: tuple[int, ...] | None = None,
    ) -> None:
        self.by_layer: dict[int, Hooks] = defaultdict(Hooks)
        self.on_logits: list[Edit] = []
        self.changes: list[Change] = []
        for incision, known in sorted(
            zip(incisions, supplies, strict=True), key=lambda each: (each[0].receiver or each[0].site).depth
        ):
            on_logits = incision.receiver is None and incision.site.hook_point == "logits"
            change = Change(loaded, incision, known, batch, None if on_logits else rows)
            self.changes.append(change)
            edit, site = edit_of(change), change.site
            if on_logits:
                self.on_logits.append(edit)
                continue
            point, layer = site.hook_point, site.layer or 0
            if point == "logits":  # what reaches the output through the residual stream alone
                point, layer = "resid_post", loaded.info.n_layers - 1
            self.by_layer[layer].add(hooks_at(loaded, point, layer, len(batch.rows), edit))

    @property
    def hooks(self) -> Hooks:
        """All hooks, for a run through the whole model."""
        hooks = Hooks()
        for layer in sorted(self.by_layer):
            hooks.add(self.by_layer[layer])
        return hooks

    @property
    def unchanged(self) -> set[int]:
        """Plan indices of incisions that left their activation as it was, in every prompt."""
        return {change.incision.index for change in self.changes if change.left_as_it_was}


class Change:
    """One incision as a function on an activation, all heads side by side.

    Attributes
    ----------
    incision : ResolvedIncision
    known : Activation
        What its operation needs to know beforehand.
    info : ModelInfo
    chosen : list of int
        Which of the rows that are computed it is made at.
    moved : Tensor or None
        Whether any call so far has changed anything, on the device; None before the first.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        incision: ResolvedIncision,
        known: Activation,
        batch: Batch,
        rows: tuple[int, ...] | None = None,
    ) -> None:
        self.incision = incision
        self.site = incision.receiver or incision.site
        self.moved: Tensor | None = None
        self.known = known
        self._batch = batch
        self._rows = rows
        self.chosen = list(incision.positions if rows is None else map(rows.index, incision.positions))
        self._operation = OPERATIONS[incision.operation]
        self._params = dict(incision.params)
        self.info = loaded.info

    @property
    def left_as_it_was(self) -> bool:
        """Whether no call so far has changed anything; a device has to be waited for."""
        return self.moved is None or not bool(self.moved)

    def __call__(self, x: Tensor) -> Tensor:
        """Return a changed copy of an activation [batch, token, width]."""
        changed = x.clone()
        if self._batch.is_even:
            self._change(changed, range(changed.shape[1]), slice(None))
        else:
            for row in range(len(self._batch.rows)):
                span = self._batch.span(row)
                self._change(changed[row : row + 1], range(x.shape[1])[span], span)
        return changed

    def note(self, moved: Tensor) -> None:
        """Keep whether something was changed, a single truth on the device."""
        self.moved = moved if self.moved is None else self.moved | moved

    @property
    def kind(self) -> Hashable | None:
        """Equal for changes that make the same of the same activation; None for one that looks at more than that."""
        site, incision, known = self.site, self.incision, self.known
        looks_at_more = not self._operation.wants(self._params) <= {"spread", "keys"}
        several = site.point.width == "keys" and site.head is None  # each of them a row of its own
        if looks_at_more or several or incision.receiver is not None:
            return None
        width = site.head is None, site.neuron is None
        return (
            incision.operation,
            incision.params,
            len(self.chosen),
            width,
            known.keys,
            known.layer_std,
            known.token_std,
        )

    def alone(self, before: Tensor) -> Tensor:
        """Return what the operation makes of the chosen tokens [batch, chosen token, width], having a kind."""
        known = replace(self.known, positions=self.incision.positions)
        return self._operation.apply(before, self._params, known).to(before.dtype)

    def _change(self, x: Tensor, tokens: range, span: slice) -> None:
        """Change one or more prompts' activations [batch, token, width] in place."""
        for number, columns in enumerate(site_columns(self.site, self.info, x.shape[-1], span)):
            before = x[:, tokens.start : tokens.stop, columns]
            after = self._carried(before) if self.incision.receiver is not None else self._operated(before, number)
            self.note((before != after).any())
            x[:, tokens.start : tokens.stop, columns] = after

    def applied(self, whole: Tensor, number: int) -> Tensor:
        """Return what the operation makes of the chosen tokens [batch, chosen token, width].

        Parameters
        ----------
        whole : Tensor, shape [batch, token, width]
            The site's columns of the activation.
        number : int
            Which of its runs of columns they are, as `site_columns` lists them.
        """
        donor = self.known.donor
        if donor is not None and donor.shape[-1] != whole.shape[-1]:  # of all heads' patterns, the one at hand
            donor = donor[:, number * whole.shape[-1] : (number + 1) * whole.shape[-1]]
        at_hand = None if self._rows is not None else whole
        known = replace(self.known, whole=at_hand, positions=self.incision.positions, donor=donor)
        return self._operation.apply(whole[:, self._chosen_of(whole)], self._params, known).to(whole.dtype)

    def _operated(self, whole: Tensor, number: int) -> Tensor:
        edited = whole.clone()
        edited[:, self._chosen_of(whole)] = self.applied(whole, number)
        return edited

    def _chosen_of(self, whole: Tensor) -> slice | list[int]:
        """Return the chosen tokens as an index; a slice, where they are neighbours, need not be sent to a device."""
        first, last = self.chosen[0], self.chosen[-1]
        neighbours = last - first + 1 == len(self.chosen) and last < whole.shape[1]
        return slice(first, last + 1) if neighbours else self.chosen

    def _carried(self, whole: Tensor) -> Tensor:
        """Return the receiver's activation with what the path carries to it."""
        carried = self.known.carried
        assert carried is not None, "the path of an incision with a receiver has been run"
        if self._rows is not None:
            carried = carried[list(self._rows)]
        return whole + carried.to(whole.device, whole.dtype)


def site_columns(site: Site, info: ModelInfo, width: int, span: slice = ALL_KEYS) -> list[slice]:
    """Return which columns of an activation, all heads side by side, are a site's.

    Parameters
    ----------
    width : int
        Of the whole activation.
    span : slice
        Of scores and patterns, the keys that are the prompt's own and no padding.

    Returns
    -------
    list of slice
        One; for the scores and patterns of all heads one per head, since each is a row of its own.
    """
    if site.neuron is not None:
        return [slice(site.neuron, site.neuron + 1)]
    n_heads = info.heads_at(site.point.heads)
    if site.point.width == "keys":
        n_keys = width // n_heads
        heads = range(n_heads) if site.head is None else (site.head,)
        first, last, _ = span.indices(n_keys)
        return [slice(head * n_keys + first, head * n_keys + last) for head in heads]
    if site.head is not None:
        one = width // n_heads  # of queries and keys it need not be that of z
        return [slice(site.head * one, (site.head + 1) * one)]
    return [slice(width)]
