"""Forward passes under a plan: the residual stream at every layer boundary."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core.hooks.attach import Hook, attached
from core.hooks.attention import attention_tapped
from core.hooks.products import fast_products
from core.readings.fetch import fetched
from core.runs.batch import Batch, inputs_of, one, unpadded
from core.runs.compile import NOTHING, Compiled
from core.runs.spread import CleanSpread, spread_of

if TYPE_CHECKING:
    from torch import Tensor

    from core.cancel import CancelToken
    from core.interventions.operation import Activation
    from core.models.loaded_model import LoadedModel
    from core.runs.places import Hooks
    from core.runs.request import ResolvedIncision


@dataclass(frozen=True)
class Trace:
    """What a forward pass left behind. Stays on the model thread.

    Attributes
    ----------
    residuals : Tensor, shape [n_layers + 1, token, d_model]
        Entry 0 is the embedding (input of block 0), entry l + 1 the residual after block l,
        raw, before the final norm, with every incision in it.
    unchanged : tuple of int
        Plan indices of incisions that left their activation as it was.
    logits : Tensor or None, shape [token, vocab]
        The model's answer after the incisions on it; None where there are none.
    edited : Tensor of bool or None, shape [token]
        At which tokens these changed it: elsewhere it follows from the residual, to the bit only in one shape.
    """

    residuals: Tensor
    unchanged: tuple[int, ...] = ()
    logits: Tensor | None = None
    edited: Tensor | None = None

    @cached_property
    def spread(self) -> CleanSpread:
        """The standard deviations that noise is sized by: reckoned once, however many incisions ask."""
        return spread_of(self.residuals)


def trace(
    loaded: LoadedModel,
    ids: Sequence[int],
    incisions: Sequence[ResolvedIncision],
    cancel: CancelToken,
    supplies: Sequence[Activation] | None = None,
) -> Trace:
    """Run the model once on a prompt, under a plan; see `trace_batch`."""
    return trace_batch(loaded, one(ids), incisions, cancel, supplies)[0]


def trace_batch(
    loaded: LoadedModel,
    batch: Batch,
    incisions: Sequence[ResolvedIncision],
    cancel: CancelToken,
    supplies: Sequence[Activation] | None = None,
) -> list[Trace]:
    """Run the model once on several prompts, under one plan.

    Parameters
    ----------
    batch : Batch
    incisions : sequence of ResolvedIncision
        In plan order.
    cancel : CancelToken
        Asked before every block.
    supplies : sequence of Activation, optional
        For each incision what its operation needs besides the activation.

    Returns
    -------
    list of Trace
        One per prompt, without padding.

    Raises
    ------
    Cancelled
        If the token was set while running.
    """
    compiled = Compiled(loaded, incisions, [NOTHING] * len(incisions) if supplies is None else supplies, batch)
    residuals = forward(loaded, batch, compiled.hooks, cancel)
    answers: list[tuple[Tensor | None, Tensor | None]] = [(None, None)] * len(batch.rows)
    if compiled.on_logits:
        answers = list(
            zip(*(unpadded(each, batch) for each in edited_logits(loaded, residuals, compiled)), strict=True)
        )
    rows = unpadded(residuals.permute(1, 2, 0, 3), batch)
    unchanged = tuple(sorted(compiled.unchanged))
    return [
        Trace(row.transpose(0, 1).contiguous(), unchanged, *answer) for row, answer in zip(rows, answers, strict=True)
    ]


def forward(loaded: LoadedModel, batch: Batch, hooks: Hooks, cancel: CancelToken) -> Tensor:
    """Return the residual stream [n_layers + 1, batch, token, d_model] of a forward pass with hooks."""
    import torch

    kept: list[Tensor] = []

    def keep(x: Tensor) -> None:
        cancel.check()
        # Copied: some families change their residual in place further down. To one device: a model
        # can be spread over several.
        kept.append(x.to(loaded.info.device, copy=True))

    last = loaded.info.n_layers - 1
    # One hook for all layers of a shared block: it is called once for each of them.
    watching = [Hook(block, "input", keep) for block in dict.fromkeys(loaded.blocks)]
    watching.append(Hook(loaded.blocks[last], "output", keep, loaded.turn(last)))
    with (
        torch.inference_mode(),
        attached([*hooks.modules, *watching]),
        attention_tapped(loaded.network, hooks.attention),
        # As in the clean run that is kept: what a run does not change is to keep its bits.
        fast_products(dict.fromkeys(loaded.blocks), len(batch.rows) * batch.width),
    ):
        loaded.backbone(**inputs_of(loaded, batch))
        return torch.stack(kept)


def edited_logits(loaded: LoadedModel, residuals: Tensor, compiled: Compiled) -> tuple[Tensor, Tensor]:
    """Return the logits [batch, token, vocab] after the incisions on them, and where these changed them."""
    import torch

    with torch.inference_mode():
        before = logits = answer_of(loaded, residuals[-1])
        for edit in compiled.on_logits:
            changed = edit(logits)
            logits = logits if changed is None else changed
        return logits, (logits != before).any(dim=-1)


def answer_of(loaded: LoadedModel, residual: Tensor) -> Tensor:
    """Return the logits [..., vocab] of a residual [..., d_model], in the model's own precision.

    Where no gradient is wanted, by the product that is quickest for a few tokens.
    """
    import torch

    with fast_products(loaded.head_parts, 1) if torch.is_inference_mode_enabled() else nullcontext():
        return logits_of(loaded, residual)


def logits_of(loaded: LoadedModel, residual: Tensor) -> Tensor:
    """Return the same by the products that are there."""
    head = loaded.head
    if head is None:
        raise ValueError("a model without a language-model head has no logits")
    return head(residual if loaded.final_norm is None else loaded.final_norm(residual))


def unembed(loaded: LoadedModel, residual: Tensor) -> Tensor:
    """Return the logits a residual would give if the model ended there (logit lens).

    Parameters
    ----------
    residual : Tensor, shape [..., d_model]

    Returns
    -------
    Tensor, shape [..., vocab]
        Float64 on the CPU.

    Notes
    -----
    Final norm, where the family has one, then the whole head; nostalgebraist 2020, "interpreting
    GPT: the logit lens".
    """
    import torch

    with torch.inference_mode():
        return fetched(answer_of(loaded, residual))[0]
