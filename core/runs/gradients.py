"""Gradients of readouts at the activations of a clean run: one pass forward, one back.

Outside this module nothing asks for gradients. The weights do not either: only the activations do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.hooks.attach import Hook, attached
from core.hooks.attention import Attended, attention_pattern, attention_scores, attention_tapped
from core.runs.batch import Batch, inputs_of
from core.runs.places import Hooks, hooks_at

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel

    Place = tuple[str, int]
    # Takes the last residual [token, d_model] and returns a number.
    Readout = Callable[[Tensor], Tensor]

IN_ATTENTION = frozenset({"q", "k", "v", "attn_scores", "pattern"})
# Rows of one pass: readouts go through side by side while that costs less than one pass for each.
ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Slope:
    """An activation of the clean run, and how the readouts change with it.

    Attributes
    ----------
    value : Tensor, shape [1, token, width]
        All heads side by side.
    gradient : Tensor, shape [readout, token, width]
    """

    value: Tensor
    gradient: Tensor


@dataclass(frozen=True)
class AttentionSlope:
    """The attention of one layer in the clean run, and how the readouts change with its pattern.

    Attributes
    ----------
    attended : Attended
        Of one prompt.
    v_gradient : Tensor, shape [readout, key-value head, token, width]
    out_gradient : Tensor, shape [readout, token, head, width]
    """

    attended: Attended
    v_gradient: Tensor
    out_gradient: Tensor

    def scores(self) -> Tensor:
        """Return the clean scores before the mask [1, head, query, key]."""
        return attention_scores(self.attended.q, self.attended.k, self.attended.options)

    def pattern(self) -> Tensor:
        """Return the clean pattern [1, head, query, key]."""
        attended = self.attended
        return attention_pattern(self.scores(), attended.mask, attended.causal, attended.options)

    def pattern_gradient(self) -> Tensor:
        """Return how the readouts change with the pattern [readout, head, query, key]: out = pattern v."""
        v = self.attended.v
        v = v.repeat_interleave(self.attended.q.shape[1] // v.shape[1], dim=1)
        return self.out_gradient.transpose(1, 2) @ v.transpose(2, 3)


@dataclass
class Slopes:
    """What `slopes` found.

    Attributes
    ----------
    places : dict of (hook point, layer) to Slope
    attention : dict of layer to AttentionSlope
    """

    places: dict[Place, Slope]
    attention: dict[int, AttentionSlope]


def slopes(
    loaded: LoadedModel,
    ids: Sequence[int],
    places: Collection[Place],
    readouts: Sequence[Readout],
    cancel: CancelToken,
) -> Slopes:
    """Return the gradients of readouts at places of the clean run.

    Parameters
    ----------
    places : collection of (hook point, layer)
        Any but the logits; the embedding is at layer 0.
    readouts : sequence of callable
        Each takes the last residual [token, d_model].

    Raises
    ------
    Cancelled
        If the token was set; asked for before every block, on the way down and back.
    """
    at_once = max(1, ROWS_AT_ONCE // len(ids))
    parts = [
        _Recording(loaded, ids, places, cancel).of(readouts[start : start + at_once])
        for start in range(0, len(readouts), at_once)
    ]
    return parts[0] if len(parts) == 1 else _joined(parts)


def _joined(parts: Sequence[Slopes]) -> Slopes:
    import torch

    first = parts[0]
    found = Slopes({}, {})
    for place, slope in first.places.items():
        found.places[place] = Slope(slope.value, torch.cat([part.places[place].gradient for part in parts]))
    for layer, slope_there in first.attention.items():
        found.attention[layer] = AttentionSlope(
            slope_there.attended,
            torch.cat([part.attention[layer].v_gradient for part in parts]),
            torch.cat([part.attention[layer].out_gradient for part in parts]),
        )
    return found


class _Recording:
    """One pass forward with as many copies of the prompt as there are readouts, and one back."""

    def __init__(self, loaded: LoadedModel, ids: Sequence[int], places: Collection[Place], cancel: CancelToken) -> None:
        self._loaded = loaded
        self._ids = tuple(ids)
        self._cancel = cancel
        self._watched = set(places)
        self._layers: set[int] = set()
        if not loaded.architecture.own_attention:
            self._layers = {layer for point, layer in places if point in IN_ATTENTION}
            self._watched = {place for place in places if place[0] not in IN_ATTENTION}
        self._seen: dict[Place, Tensor] = {}
        self._kept: dict[Place, Tensor] = {}
        self._attended: defaultdict[Module, list[Attended]] = defaultdict(list)

    def of(self, readouts: Sequence[Readout]) -> Slopes:
        """Return the slopes of these readouts."""
        import torch

        try:
            with torch.inference_mode(False), torch.enable_grad():
                last = self._forward(len(readouts))
                total = sum(readout(row) for readout, row in zip(readouts, last, strict=True))
                assert isinstance(total, torch.Tensor)
                return self._back(total)
        finally:
            self._seen.clear()
            self._kept.clear()
            self._attended.clear()

    def _forward(self, copies: int) -> Tensor:
        """Return the last residual [copy, token, d_model], and keep what gradients are wanted of."""
        loaded, n_layers = self._loaded, self._loaded.info.n_layers
        hooks, last = Hooks(), []

        def enter(x: Tensor) -> Tensor | None:
            self._cancel.check()
            if x.requires_grad:
                x.register_hook(self._on_the_way_back)  # type: ignore[no-untyped-call]
                return None
            return x.detach().clone().requires_grad_()

        def leave(x: Tensor) -> None:
            last.append(x)

        hooks.modules += [Hook(block, "input", enter) for block in dict.fromkeys(loaded.blocks)]
        for place in sorted(self._watched | {self._where(place) for place in self._watched}):
            hooks.add(hooks_at(loaded, *place, copies, self._keeper(place)))
        hooks.modules.append(Hook(loaded.blocks[-1], "output", leave, loaded.turn(n_layers - 1)))
        watchers = {self._module(layer): self._attended[self._module(layer)].append for layer in self._layers}
        with attached(hooks.modules), attention_tapped(loaded.network, hooks.attention, watchers=watchers):
            loaded.backbone(**inputs_of(loaded, Batch((self._ids,) * copies)))
        return last[0]

    def _on_the_way_back(self, gradient: Tensor) -> None:
        self._cancel.check()

    def _keeper(self, place: Place) -> Callable[[Tensor], Tensor | None]:
        def keep(x: Tensor) -> Tensor | None:
            if self._where(place) != place:
                self._seen[place] = x.detach().clone()
                return None
            self._kept[place] = x
            # What goes on is a copy: some families change it in place further down.
            return x.clone()

        return keep

    def _where(self, place: Place) -> Place:
        """Return the place whose gradient tells that of another, which no module holds."""
        point, layer = place
        if point == "block":
            return "resid_post", layer
        if point == "resid_mid" and self._loaded.architecture.post_norms is None:
            return "attn_out", layer
        return place

    def _back(self, total: Tensor) -> Slopes:
        """Return the gradients of a sum to which each copy of the prompt gives one term."""
        import torch

        calls = {layer: self._call(layer) for layer in self._layers}
        tensors = [*self._kept.values(), *(x for call in calls.values() for x in (call.v, call.out))]
        gradients = iter(torch.autograd.grad(total, tensors, materialize_grads=True))
        by_place = {place: next(gradients) for place in self._kept}
        found = Slopes({}, {})
        for place in self._watched:
            gradient = by_place[self._where(place)]
            if place[0] == "resid_mid" and place not in self._kept:
                gradient = gradient / self._loaded.residual_multiplier
            value = self._kept[place] if place in self._kept else self._seen[place]
            found.places[place] = Slope(value.detach()[:1], gradient)
        for layer, call in calls.items():
            found.attention[layer] = AttentionSlope(_of_one(call), next(gradients), next(gradients))
        return found

    def _module(self, layer: int) -> Module:
        return self._loaded.part(layer, self._loaded.architecture.attention)

    def _call(self, layer: int) -> Attended:
        turn = self._loaded.turn(layer)
        return self._attended[self._module(layer)][0 if turn is None else turn[0]]


def _of_one(call: Attended) -> Attended:
    """Return a call for the first of several copies, without what leads back to the others."""
    import torch

    def first(x: Any) -> Any:
        if not isinstance(x, torch.Tensor):
            return x
        return x.detach()[:1] if x.dim() == 4 else x.detach()

    options = {name: first(value) for name, value in call.options.items()}
    return Attended(
        first(call.q), first(call.k), first(call.v), first(call.mask), call.causal, options, first(call.out)
    )
