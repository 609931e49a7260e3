"""How the weights go down: two optimizers, a rate that holds and then falls, and attention that is quick to train."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from core.specimens.recipe import Recipe

FINAL_RATE = 0.02
ATTENTION = "training"


def optimizers(model: PreTrainedModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Return Muon for the blocks' matrices and AdamW for all else.

    Muon makes every update of a matrix orthogonal, which learns more from as much text. Source:
    Jordan et al. 2024; the size of its updates is matched to AdamW's, as in Liu et al. 2025
    (arXiv 2502.16982), so that one learning rate serves both.
    """
    import torch

    embeddings = {
        id(weight) for each in model.modules() if isinstance(each, torch.nn.Embedding) for weight in each.parameters()
    }
    matrices = [weight for weight in model.parameters() if weight.dim() == 2 and id(weight) not in embeddings]
    kept = [weight for weight in model.parameters() if weight.dim() == 2 and id(weight) in embeddings]
    plain = [weight for weight in model.parameters() if weight.dim() != 2]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    return [
        torch.optim.Muon(matrices, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(
            [{"params": kept, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}],
            lr=rate,
            betas=(0.9, 0.98),
            fused=True,
        ),
    ]


def learning_rate(recipe: Recipe, step: int, share: float) -> float:
    """Return the rate at a step, with a share of the budget used: a rise, a plateau, and a fall at the end.

    On the plateau nothing depends on when the training will end: it can go on in another sitting.
    """
    rise = min(1.0, (step + 1) / recipe.warmup)
    if not falls(recipe, share):
        return recipe.learning_rate * rise
    fall = (share - 1 + recipe.decay) / recipe.decay
    return recipe.learning_rate * rise * (FINAL_RATE + (1 - FINAL_RATE) * (1 - math.sqrt(min(1.0, fall))))


def falls(recipe: Recipe, share: float) -> bool:
    """Return whether the rate falls when a share of the budget is used."""
    return share > 1 - recipe.decay


def attend_quickly(model: PreTrainedModel) -> None:
    """Let a model attend by plain products: on a CPU the library's way takes several times as long to train."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, eager_mask

    def attend(
        module: torch.nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        scaling: float | None = None,
        **more: Any,
    ) -> tuple[torch.Tensor, None]:
        scores = query @ key.transpose(-1, -2) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
        if attention_mask is not None:
            scores = scores + attention_mask.to(scores.dtype)
        return (scores.softmax(dim=-1) @ value).transpose(1, 2).contiguous(), None

    AttentionInterface.register(ATTENTION, attend)
    AttentionMaskInterface.register(ATTENTION, eager_mask)
    model.set_attn_implementation(ATTENTION)
