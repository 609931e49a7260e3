"""Reaching into attention: queries, keys, values, scores and pattern of one forward pass.

The library lets its models compute attention through a function chosen by name. While a ``with``
block lasts, that function is ours: it goes on to the usual one, except where something is watched
or changed.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from core.hooks.attach import Edit, in_turn

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

Part = Literal["q", "k", "v", "attn_scores", "pattern"]
# Up to so many scores of each head, with a mask and in float32, plain batched products take half to all of the
# time that torch's fused attention takes on a processor; from some four times as many on they take twice as long.
FEW_SCORES = 512
TAP = "_attention_tap"
PREFIX = "tapped_"
_FOUND: WeakKeyDictionary[Module, dict[int, Any]] = WeakKeyDictionary()


@dataclass(frozen=True)
class AttentionHook:
    """A function on a part of the attention.

    Attributes
    ----------
    module : Module
        The one that computes the attention.
    part : {"q", "k", "v", "attn_scores", "pattern"}
        As the dot product and the softmax see them: q and k after norms and rotary positions,
        scores scaled, capped and with position bias, but before the mask.
    function : callable
        Takes [batch, token, heads * width], the heads side by side, and returns what to go on
        with, or None to leave it. The width of scores and pattern is the number of keys.
    turn : (int, int) or None
        As in `Hook`.
    """

    module: Module
    part: Part
    function: Edit
    turn: tuple[int, int] | None = None


# Takes the keys, the values [batch, head, token, width] and the mask of the rows that are computed, and
# returns those of the whole prompt, with a mask [.., row, token] that has them in it.
Rest = Callable[["Tensor", "Tensor", "Tensor | None"], "tuple[Tensor, Tensor, Tensor | None]"]


@dataclass(frozen=True)
class Attended:
    """One call of a module's attention.

    Attributes
    ----------
    q, k, v : Tensor, shape [batch, head, token, width]
        As the dot product sees them.
    mask : Tensor or None
        As the library gave it.
    causal : bool
        Whether the library's function hides later tokens by itself, without a mask.
    options : dict
        What else it was called with, such as the scaling.
    out : Tensor, shape [batch, token, head, width]
    """

    q: Tensor
    k: Tensor
    v: Tensor
    mask: Tensor | None
    causal: bool
    options: dict[str, Any]
    out: Tensor


Watcher = Callable[[Attended], None]


@contextmanager
def attention_tapped(
    network: Module,
    hooks: Iterable[AttentionHook],
    rests: Mapping[Module, Rest] | None = None,
    watchers: Mapping[Module, Watcher] | None = None,
    *,
    written_out: bool = False,
) -> Iterator[None]:
    """Attach functions to the attention, in order, and take all of them off at the end.

    Parameters
    ----------
    rests : mapping of Module to callable, optional
        Where only some rows of the prompt are computed: what puts the others' keys and values to them.
    watchers : mapping of Module to callable, optional
        What is told of every call in which neither scores nor pattern are changed.
    written_out : bool
        Whether several short scenarios are multiplied out on a processor, which is faster, and rounded in a way
        that depends on how many they are.
    """
    by_module: defaultdict[Module, list[AttentionHook]] = defaultdict(list)
    for hook in hooks:
        by_module[hook.module].append(hook)
    for module in (*(rests or ()), *(watchers or ())):
        by_module[module]  # also where no part is watched
    try:
        with tapped(network) if by_module else nullcontext():
            for module, mine in by_module.items():
                tap = _Tap(mine, (rests or {}).get(module), (watchers or {}).get(module), written_out=written_out)
                setattr(module, TAP, tap)
            yield
    finally:
        for module in by_module:
            module.__dict__.pop(TAP, None)


@contextmanager
def tapped(network: Module) -> Iterator[None]:
    """Let a network's attention go through our function, for the time of a ``with`` block and those inside it."""
    configs = {} if _is_tapped(network) else _configs(network)
    before = {key: config._attn_implementation_internal for key, config in configs.items()}
    try:
        for key, config in configs.items():
            config._attn_implementation_internal = _registered(before[key] or "eager")
        yield
    finally:
        for key, config in configs.items():
            config._attn_implementation_internal = before[key]


def _configs(network: Module) -> dict[int, Any]:
    """Return the configurations that a network's modules look at; found once, the search takes as long as a layer."""
    if network not in _FOUND:
        found = [config for m in network.modules() if (config := getattr(m, "config", None)) is not None]
        _FOUND[network] = {id(config): config for config in found}
    return _FOUND[network]


def _is_tapped(network: Module) -> bool:
    return str(getattr(network.config, "_attn_implementation_internal", "")).startswith(PREFIX)


def _registered(usual: str) -> str:
    """Make the library know our function, beside the usual one and with its kind of mask."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    name = PREFIX + usual
    if name not in ALL_ATTENTION_FUNCTIONS:

        def attend(module: Module, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, **options: Any) -> Any:
            own: Any = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
            plain = own if usual == "eager" else ALL_ATTENTION_FUNCTIONS[usual]
            tap: _Tap | None = getattr(module, TAP, None)
            if tap is None:
                return plain(module, q, k, v, mask, **options)
            return tap(plain, module, q, k, v, mask, options)

        AttentionInterface.register(name, attend)
        AttentionMaskInterface.register(name, ALL_MASK_ATTENTION_FUNCTIONS[usual])
    return name


class _Tap:
    """What is done to the attention of one module."""

    def __init__(
        self, hooks: Iterable[AttentionHook], rest: Rest | None, watcher: Watcher | None, *, written_out: bool
    ) -> None:
        self._rest = rest
        self._watcher = watcher
        self._is_written_out = written_out
        self._edits: defaultdict[Part, list[Edit]] = defaultdict(list)
        for hook in hooks:
            self._edits[hook.part].append(in_turn(hook.function, hook.turn))

    def __call__(
        self,
        plain: Callable[..., Any],
        module: Module,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        mask: Tensor | None,
        options: dict[str, Any],
    ) -> Any:
        q, k, v = self._edited("q", q), self._edited("k", k), self._edited("v", v)
        if self._rest is not None:
            k, v, mask = self._rest(k, v, mask)
        if self._edits["attn_scores"] or self._edits["pattern"]:
            scores = attention_scores(q, k, options)
            changed = self._edited("attn_scores", scores)
            causal = _is_causal(module, q, mask, options)
            clean = attention_pattern(changed, mask, causal, options)
            pattern = self._edited("pattern", clean)
            # What was only watched keeps the very bits of the usual computation, and so does each row left as it was.
            if changed is not scores or pattern is not clean:
                usual = clean if changed is scores else attention_pattern(scores, mask, causal, options)
                out = pattern @ v.repeat_interleave(pattern.shape[1] // v.shape[1], dim=1)
                kept = (pattern == usual).all(dim=-1, keepdim=True).transpose(1, 2)
                usual_out = plain(module, q, k, v, mask, **options)[0]
                return usual_out.where(kept, out.transpose(1, 2)).contiguous(), pattern
        with _written_out() if self._is_written_out and _is_short(q, k, mask) else nullcontext():
            found = plain(module, q, k, v, mask, **options)
        if self._watcher is not None:
            self._watcher(Attended(q, k, v, mask, _is_causal(module, q, mask, options), options, found[0]))
        return found

    def _edited(self, part: Part, x: Tensor) -> Tensor:
        """Return [batch, head, token, width] after the functions on this part; the same if nothing changed."""
        import torch

        if not self._edits[part]:
            return x
        batch, heads, tokens, width = x.shape
        before = flat = x.transpose(1, 2).reshape(batch, tokens, heads * width)
        for edit in self._edits[part]:
            changed = edit(flat)
            flat = flat if changed is None else changed
        # A device would have to be waited for; there the numbers are the same in another layout.
        if flat is before or (flat.device.type == "cpu" and torch.equal(flat, before)):
            return x
        return flat.view(batch, tokens, heads, width).transpose(1, 2)


def _is_short(q: Tensor, k: Tensor, mask: Tensor | None) -> bool:
    """Return whether several scenarios have so few scores each that a kernel made for long prompts is slower."""
    import torch

    if mask is None or q.dtype != torch.float32 or q.device.type != "cpu":
        return False
    (scenarios, _, n_queries, _), n_keys = q.shape, k.shape[2]
    return scenarios > 1 and n_queries > 1 and n_queries * n_keys <= FEW_SCORES


def _written_out() -> AbstractContextManager[None]:
    """Let the library's attention multiply, take the softmax and multiply again, for the time of a ``with`` block."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    written_out: AbstractContextManager[None] = sdpa_kernel(SDPBackend.MATH)
    return written_out


def attention_scores(q: Tensor, k: Tensor, options: dict[str, Any]) -> Tensor:
    """Return the scores before the mask [batch, head, query token, key token]."""
    scaling = options.get("scaling")
    scaling = q.shape[-1] ** -0.5 if scaling is None else scaling
    k = k.repeat_interleave(q.shape[1] // k.shape[1], dim=1)
    scores: Tensor = (q @ k.transpose(2, 3)) * scaling
    if (cap := options.get("softcap")) is not None:
        scores = (scores / cap).tanh() * cap
    if (bias := options.get("position_bias")) is not None:
        scores = scores + bias
    return scores


def attention_pattern(scores: Tensor, mask: Tensor | None, causal: bool, options: dict[str, Any]) -> Tensor:
    """Return the softmax over the keys that each query may see, of the same shape and dtype."""
    import torch

    lowest = torch.finfo(scores.dtype).min
    if mask is None and causal:
        n_queries, n_keys = scores.shape[-2:]
        mask = torch.ones(n_queries, n_keys, dtype=torch.bool, device=scores.device).tril(n_keys - n_queries)
    if mask is not None:
        mask = mask[..., : scores.shape[-1]]
        scores = scores.masked_fill(~mask, lowest) if mask.dtype == torch.bool else scores + mask
    if (sinks := options.get("s_aux")) is not None:
        column = sinks.reshape(1, -1, 1, 1).expand(scores.shape[0], -1, scores.shape[-2], 1)
        return torch.cat([scores, column], dim=-1).float().softmax(dim=-1)[..., :-1].to(scores.dtype)
    return scores.float().softmax(dim=-1).to(scores.dtype)


def _is_causal(module: Module, q: Tensor, mask: Tensor | None, options: dict[str, Any]) -> bool:
    """Return whether the usual function would hide later tokens by itself, without a mask."""
    causal = options.get("is_causal")
    causal = getattr(module, "is_causal", True) if causal is None else causal
    return bool(causal) and mask is None and q.shape[2] > 1
