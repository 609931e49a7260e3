"""One forward pass under a plan: the residual stream at every layer boundary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.hooks.attach import Hook, attached
from core.interventions.ops import OPERATIONS
from core.runs.compile import Compiled
from core.runs.spread import CleanSpread

if TYPE_CHECKING:
    from torch import Tensor

    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
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
    """

    residuals: Tensor
    unchanged: tuple[int, ...]

    def spread(self) -> CleanSpread:
        """Return the standard deviations that noise is sized by."""
        residuals = self.residuals.float()
        layers = tuple(float(layer.std()) for layer in residuals)
        tokens = tuple(tuple(layer.std(dim=-1).tolist()) for layer in residuals)
        return CleanSpread(layers, tokens)


def needs_clean_run(incisions: Sequence[ResolvedIncision]) -> bool:
    """Return whether one of the operations is sized by the clean run."""
    return any("spread" in OPERATIONS[incision.operation].wants(dict(incision.params)) for incision in incisions)


def trace(
    loaded: LoadedModel,
    ids: Sequence[int],
    incisions: Sequence[ResolvedIncision],
    spread: CleanSpread | None,
    cancel: CancelToken,
) -> Trace:
    """Run the model once under a plan.

    Parameters
    ----------
    ids : sequence of int, [token]
    incisions : sequence of ResolvedIncision
        In plan order.
    spread : CleanSpread or None
        Needed when `needs_clean_run` says so.
    cancel : CancelToken
        Asked before every block.

    Raises
    ------
    Cancelled
        If the token was set while running.
    """
    import torch

    compiled = Compiled(loaded, incisions, spread)
    kept: list[Tensor] = []

    def keep(x: Tensor) -> None:
        cancel.check()
        # Cloned: some families change their residual in place further down.
        kept.append(x[0].clone())

    watching = [Hook(block, "input", keep) for block in loaded.blocks]
    watching.append(Hook(loaded.blocks[-1], "output", keep))
    with torch.inference_mode(), attached([*compiled.hooks, *watching]):
        loaded.backbone(torch.tensor([list(ids)], device=loaded.info.device), **forward_options(loaded))
        return Trace(torch.stack(kept), tuple(sorted(compiled.unchanged)))


def forward_options(loaded: LoadedModel) -> dict[str, bool]:
    """Return the keyword arguments of an analysis forward pass: no key-value cache is built."""
    return {"use_cache": False} if loaded.info.objective == "causal" else {}


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

    head = loaded.head
    if head is None:
        raise ValueError("a model without a language-model head has no logits")
    with torch.inference_mode():
        normed = residual if loaded.final_norm is None else loaded.final_norm(residual)
        logits: Tensor = head(normed)
        return logits.float().cpu().double()
