"""Activations that an autoencoder learns from, and the model's loss with others put in their place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from core.hooks.attach import attached
from core.runs.places import hooks_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from core.models.loaded_model import LoadedModel
    from core.specimens.batches import Batch, BatchSource

POINT = "resid_post"
BATCHES_AT_ONCE = 16


class _Enough(Exception):
    """What lies behind the layer is not needed."""


def middle_layer(n_layers: int) -> int:
    """Return the layer whose output is explained."""
    return max(0, n_layers // 2 - 1)


def residuals(loaded: LoadedModel, ids: NDArray[np.int64], layer: int) -> Tensor:
    """Return the residual stream after a layer, of shape [block * position, d_model], for ids [block, position]."""
    import torch

    kept: list[Tensor] = []

    def keep(x: Tensor) -> None:
        kept.append(x)
        raise _Enough

    with torch.no_grad(), suppress(_Enough), attached(hooks_at(loaded, POINT, layer, len(ids), keep).modules):
        loaded.backbone(input_ids=torch.from_numpy(ids).to(loaded.info.device))
    return kept[0].flatten(0, 1).float()


def loss_with(loaded: LoadedModel, batch: Batch, layer: int, change: Callable[[Tensor], Tensor] | None = None) -> float:
    """Return the mean cross-entropy in nats where the rows [row, d_model] after a layer are changed by a function."""
    import torch

    def edit(x: Tensor) -> Tensor | None:
        return None if change is None else change(x.flatten(0, 1).float()).view(x.shape).to(x.dtype)

    ids, labels = (torch.from_numpy(x).to(loaded.info.device) for x in (batch.ids, batch.labels))
    with torch.no_grad(), attached(hooks_at(loaded, POINT, layer, len(ids), edit).modules):
        logits = loaded.network(input_ids=ids).logits.float()
    if loaded.info.objective == "causal":
        logits, labels = logits[:, :-1], labels[:, 1:]
    return float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100))


class ActivationSource:
    """Rows of activations in chunks; the n-th chunk depends only on the batches and n."""

    def __init__(self, loaded: LoadedModel, layer: int, batches: BatchSource) -> None:
        self._loaded = loaded
        self._layer = layer
        self._batches = batches

    def rows(self, chunk: int) -> Tensor:
        """Return the activations at the tokens of sixteen batches, of shape [row, d_model]."""
        import torch

        first = chunk * BATCHES_AT_ONCE
        found = [self._batches.batch(first + number).ids for number in range(BATCHES_AT_ONCE)]
        # As in the training of the model: what is rounded is nothing beside what is left unexplained.
        with torch.autocast(self._loaded.info.device.split(":")[0], dtype=torch.bfloat16):
            return torch.cat([residuals(self._loaded, ids, self._layer) for ids in found])
