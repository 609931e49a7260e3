"""Continuing a prompt, clean and operated side by side, token by token; or filling its masks."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from core.errors import SurgeryError
from core.hooks.attach import Hook, attached
from core.hooks.attention import attention_tapped
from core.models.tokenizing import token_text
from core.runs.batch import one
from core.runs.compile import Compiled
from core.runs.events import Event, Progress
from core.runs.generation import Continued, MadeToken, Side, filled
from core.runs.held import Held, can_hold
from core.runs.measure import depths
from core.runs.sampling import choose
from core.runs.supplies import Supplies
from core.runs.tape import taped
from core.runs.trace import trace

if TYPE_CHECKING:
    from torch import Tensor

    from core.cancel import CancelToken
    from core.interventions.operation import Activation
    from core.models.loaded_model import LoadedModel
    from core.runs.cache import RunCache
    from core.runs.generation import Generation
    from core.runs.request import ResolvedIncision, RunRequest
    from core.text.tokens import Tokens

END = "the model ends here"
FULL = "the model's context is full"
ALL_FILLED = "every mask is filled"
OVERFLOW = "the run overflowed"


def generate(
    loaded: LoadedModel,
    request: RunRequest,
    tokens: Tokens,
    settings: Generation,
    cache: RunCache,
    cancel: CancelToken,
    donor: LoadedModel | None = None,
) -> Iterator[Event]:
    """Continue a prompt clean and operated, and tell both after every step.

    A causal model goes on behind the prompt. Its keys and values are kept, so that what an
    incision did to the prompt stays as it was; the prompt itself is run through once. A masked
    model fills its masks one after the other, the first one first.

    Raises
    ------
    SurgeryError
        If the model has no language-model head, or the prompt has no mask to fill.
    Cancelled
        If the token was set; asked for before every block.
    """
    import torch

    started = time.perf_counter()
    fills = loaded.info.objective == "masked"
    _check(loaded, tokens, fills)
    clean, operated = _streams(loaded, request, tokens, settings, cache, cancel, donor)
    holds_not = () if fills or settings.hold == "prompt" else tuple(i.index for i in request.plan if not can_hold(i))
    made = Continued(
        request=request,
        tokens=tokens,
        settings=settings,
        clean=Side(),
        operated=Side(),
        fills_masks=fills,
        not_held=holds_not,
    )
    yield Progress("Continuing", 0.0)
    generator = torch.Generator().manual_seed(settings.seed)
    length = len(tokens.mask_positions) if fills else settings.length
    for step in range(length):
        number = float(torch.rand(1, generator=generator, dtype=torch.float64))
        sides = []
        for stream, side in ((clean, made.clean), (operated, made.operated)):
            cancel.check()
            sides.append(side if side.ended else _one_more(loaded, stream, side, settings, number))
        done = step + 1 == length or all(side.ended for side in sides)
        seconds = time.perf_counter() - started
        made = replace(made, clean=sides[0], operated=sides[1], done=done, seconds=seconds)
        yield Progress("Continuing", (step + 1) / length)
        yield made
        if done:
            return


def _check(loaded: LoadedModel, tokens: Tokens, fills: bool) -> None:
    """Refuse a model that cannot go on, and a prompt that has nothing to fill."""
    if loaded.head is None:
        raise SurgeryError(
            f"{loaded.info.name} has no language-model head: it cannot continue a text.",
            "Choose a causal or a masked language model.",
        )
    if fills and not tokens.mask_positions:
        raise SurgeryError("The prompt has no [MASK] to fill.", "Put [MASK] where the model is to fill in a word.")
    if not fills and "past_key_values" not in inspect.signature(type(loaded.network).forward).parameters:
        raise keeps_nothing(loaded)


def _streams(
    loaded: LoadedModel,
    request: RunRequest,
    tokens: Tokens,
    settings: Generation,
    cache: RunCache,
    cancel: CancelToken,
    donor: LoadedModel | None,
) -> tuple[Stream, Stream]:
    """Return the clean and the operated run, ready to give their first token."""
    supplies = Supplies(loaded, request, taped(loaded, request.ids, cache, cancel).trace, cache, cancel, donor)
    known = [supplies.carried(each, with_it) for each, with_it in zip(request.plan, supplies.gathered(), strict=True)]
    if loaded.info.objective == "masked":
        masks = tokens.mask_positions
        untouched_fill = _Filling(loaded, request, (), (), masks, cancel)
        return untouched_fill, _Filling(loaded, request, request.plan, known, masks, cancel)
    hold = settings.hold == "new"
    on_its_own = _Continuing(loaded, request, (), (), hold, cancel)
    return on_its_own, _Continuing(loaded, request, request.plan, known, hold, cancel)


def _one_more(loaded: LoadedModel, stream: Stream, side: Side, settings: Generation, number: float) -> Side:
    """Return a side with one more token."""
    logits = stream.logits()
    if not bool(logits.max().isfinite()):  # the largest of numbers one of which is none is none
        return replace(side, ended=OVERFLOW)
    token = choose(logits, settings, number)
    log_prob = float(logits.log_softmax(dim=-1)[token])
    rank = 1 + int((logits > logits[token]).sum())
    made = MadeToken(token, token_text(loaded, token), log_prob, math.exp(log_prob), rank, stream.position)
    return Side((*side.tokens, made), stream.take(token))


class Stream(Protocol):
    """A run that goes on.

    Attributes
    ----------
    position : int
        Where the next token will stand.
    """

    position: int

    def logits(self) -> Tensor:
        """Return what the model gives every token at the next position, [vocab], float64 on the CPU."""
        ...

    def take(self, token: int) -> str:
        """Go on with a token; return why it goes no further, or nothing."""
        ...


class _Continuing:
    """A causal model behind its prompt, with the keys and values of all that was before."""

    def __init__(
        self,
        loaded: LoadedModel,
        request: RunRequest,
        plan: Sequence[ResolvedIncision],
        known: Sequence[Activation],
        hold: bool,
        cancel: CancelToken,
    ) -> None:
        self.position = len(request.ids)
        self._loaded = loaded
        self._cancel = cancel
        self._new: tuple[int, ...] = request.ids
        self._past: Any = None
        self._compiled = Compiled(loaded, plan, known, one(request.ids), lambda change: Held(change, hold))
        # Only the last token's logits are needed, unless some of them are operated on.
        takes = "logits_to_keep" in inspect.signature(type(loaded.network).forward).parameters
        self._options = {"logits_to_keep": 1} if takes and not self._compiled.on_logits else {}

    def logits(self) -> Tensor:
        import torch

        loaded, hooks = self._loaded, self._compiled.hooks
        asking = [Hook(block, "input", self._ask) for block in dict.fromkeys(loaded.blocks)]
        network: Any = loaded.network
        with (
            torch.inference_mode(),
            attached([*hooks.modules, *asking]),
            attention_tapped(network, hooks.attention),
        ):
            ids = torch.tensor([self._new], device=loaded.info.device)
            answer = network(input_ids=ids, past_key_values=self._past, use_cache=True, **self._options)
            self._past = getattr(answer, "past_key_values", None)
            if self._past is None:
                raise keeps_nothing(loaded)
            logits: Tensor = answer.logits
            for edit in self._compiled.on_logits:
                changed = edit(logits)
                logits = logits if changed is None else changed
            return logits[0, -1].float().cpu().double()

    def _ask(self, x: Tensor) -> None:
        self._cancel.check()

    def take(self, token: int) -> str:
        self._new = (token,)
        self.position += 1
        if token in _ends(self._loaded):
            return END
        # The token that was made has to be read before the next one can be.
        return FULL if self.position > self._loaded.info.context else ""


class _Filling:
    """A masked model whose masks are filled one after the other."""

    def __init__(
        self,
        loaded: LoadedModel,
        request: RunRequest,
        plan: Sequence[ResolvedIncision],
        known: Sequence[Activation],
        masks: tuple[int, ...],
        cancel: CancelToken,
    ) -> None:
        self.position = masks[0]
        self._loaded = loaded
        self._ids = list(request.ids)
        self._plan, self._known = tuple(plan), tuple(known)
        self._masks = masks
        self._cancel = cancel

    def logits(self) -> Tensor:
        found = trace(self._loaded, self._ids, self._plan, self._cancel, self._known)
        by_depth = depths(self._loaded, found, self.position)
        assert by_depth is not None
        return by_depth.logits[-1]

    def take(self, token: int) -> str:
        self._ids[self.position] = token
        rest = [mask for mask in self._masks if mask > self.position]
        if not rest:
            return ALL_FILLED
        self.position = rest[0]
        return ""


def side_text(loaded: LoadedModel, made: Continued, side: Side) -> str:
    """Return what a side has added to the prompt, or the prompt with its masks filled."""
    if made.fills_masks:
        return "".join(text for text, _ in filled(made.tokens, side))
    text: str = loaded.tokenizer.decode([token.id for token in side.tokens], clean_up_tokenization_spaces=False)
    return text


def _ends(loaded: LoadedModel) -> set[int]:
    """Return the tokens that end a text."""
    network: Any = loaded.network
    ends = {loaded.tokenizer.eos_token_id}
    for config in (network.config, network.generation_config):
        named = getattr(config, "eos_token_id", None)
        ends.update(named if isinstance(named, list) else [named])
    return ends - {None}


def keeps_nothing(loaded: LoadedModel) -> SurgeryError:
    """Return what is said of a model that does not hand out the keys and values of its prompt."""
    return SurgeryError(
        f"{loaded.info.name} keeps no keys and values of its prompt: it cannot be continued.",
        "Choose another model.",
    )
