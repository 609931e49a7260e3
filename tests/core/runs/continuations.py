"""Continuations by the application, and by loops that use nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from core.cancel import CancelToken
from core.interventions.notation import parse_cut
from core.interventions.plan import Plan
from core.runs.cache import RunCache
from core.runs.generation import Continued, Generation
from core.sessions.operate import continue_prompt
from core.sessions.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor
    from torch.nn import Module

    from core.models.loaded_model import LoadedModel
    from core.runs.generation import Side

# From the chosen tokens' activation [token, width], that of the prompt [token, width] and the number of the new
# token (0 in the prompt) to what is put in.
Operation = Callable[["Tensor", "Tensor", int], "Tensor"]


def steps(
    loaded: LoadedModel,
    prompt: str,
    *cuts: str,
    cancel: CancelToken | None = None,
    session: dict[str, Any] | None = None,
    **settings: Any,
) -> Iterator[Continued]:
    """Yield every step of a continuation; ``session`` is what else its session says."""
    plan = Plan(tuple(map(parse_cut, cuts)))
    asked = Session(
        model=loaded.info.name, prompt=prompt, plan=plan, generation=Generation(**settings), **(session or {})
    )
    for event in continue_prompt(loaded, asked, RunCache(), cancel or CancelToken()):
        if isinstance(event, Continued):
            yield event


def continued(loaded: LoadedModel, prompt: str, *cuts: str, **settings: Any) -> Continued:
    """Return the whole of a continuation."""
    last = list(steps(loaded, prompt, *cuts, **settings))[-1]
    assert last.done
    return last


def plain(model: Any, ids: list[int], length: int) -> list[tuple[int, float]]:
    """Continue greedily, running the whole text anew for every token."""
    ids, found = list(ids), []
    for _ in range(length):
        with torch.no_grad():
            log_probs = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].double().log_softmax(-1)
        token = int(log_probs.argmax())
        found.append((token, float(log_probs[token])))
        ids.append(token)
    return found


def agree(found: Side, wanted: list[tuple[int, float]]) -> bool:
    """Return whether tokens and log-probabilities are the same; an end token ends the continuation only."""
    wanted = wanted[: len(found.tokens)] if found.ended else wanted
    same = [token.id for token in found.tokens] == [token for token, _ in wanted]
    close = (abs(token.log_prob - log_prob) < 1e-4 for token, (_, log_prob) in zip(found.tokens, wanted, strict=False))
    return same and all(close)


@dataclass
class PlainCut:
    """A change of what goes into or comes out of a module, in the prompt and at new tokens.

    Attributes
    ----------
    columns : slice
        Which dimensions of the activation.
    """

    module: Module
    side: str
    positions: list[int]
    operation: Operation
    hold: bool
    columns: slice = field(default_factory=lambda: slice(None))
    calls: int = 0
    prompt: Tensor | None = None

    def changed(self, x: Tensor) -> Tensor:
        """Return a changed copy of [1, token, width]."""
        x = x.clone()
        part = x[0, :, self.columns]
        if self.prompt is None:
            self.prompt = part.clone()
            part[self.positions] = self.operation(part[self.positions], self.prompt, 0)
        else:
            self.calls += 1
            if self.hold:
                part[:] = self.operation(part, self.prompt, self.calls)
        return x

    def attach(self) -> Any:
        """Put it on the module."""
        if self.side == "input":
            return self.module.register_forward_pre_hook(lambda m, args: (self.changed(args[0]), *args[1:]))

        def after(module: Module, args: Any, output: Any) -> Any:
            if isinstance(output, tuple):
                return (self.changed(output[0]), *output[1:])
            return self.changed(output)

        return self.module.register_forward_hook(after)


def plain_operated(model: Any, ids: list[int], length: int, cut: PlainCut) -> list[tuple[int, float]]:
    """Continue greedily under a change, with the library's own cache."""
    found, past, new = [], None, list(ids)
    with torch.no_grad(), ExitStack() as stack:
        stack.callback(cut.attach().remove)
        for _ in range(length):
            answer = model(input_ids=torch.tensor([new]), past_key_values=past, use_cache=True)
            past, log_probs = answer.past_key_values, answer.logits[0, -1].double().log_softmax(-1)
            token = int(log_probs.argmax())
            found.append((token, float(log_probs[token])))
            new = [token]
    return found
