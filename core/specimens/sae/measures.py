"""How good an autoencoder is: what it leaves out, how many features fire, and what that costs the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.specimens.sae.activations import loss_with, residuals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.models.loaded_model import LoadedModel
    from core.specimens.batches import BatchSource
    from core.specimens.sae.autoencoder import Autoencoder

BATCHES = 32
LOSS_BATCHES = 8


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What was measured on text that was held out.

    Attributes
    ----------
    tokens : int
        On how many of them.
    unexplained : float
        Fraction of variance unexplained: squared error by squared distance from the mean.
    l0 : float
        Mean number of features that fire at a token.
    dead : int
        Features that fired at none of the tokens.
    loss_clean, loss_reconstructed, loss_zeroed : float
        Cross-entropy in nats of the model as it is, with the reconstruction in the activation's
        place, and with zeros there.
    density : ndarray of float, shape [feature]
        At what share of the tokens a feature fires.
    """

    tokens: int
    unexplained: float
    l0: float
    dead: int
    loss_clean: float
    loss_reconstructed: float
    loss_zeroed: float
    density: NDArray[np.float64]

    @property
    def loss_recovered(self) -> float:
        """How much of the loss that zeros cost is there with the reconstruction: 1 is all of it."""
        return (self.loss_zeroed - self.loss_reconstructed) / (self.loss_zeroed - self.loss_clean)


def measure(loaded: LoadedModel, layer: int, autoencoder: Autoencoder, batches: BatchSource) -> Measures:
    """Measure an autoencoder of the residual stream after a layer on the first batches of a source."""
    import torch

    fired = torch.zeros(autoencoder.decoder.shape[0], dtype=torch.float64)
    total, squares = torch.zeros(autoencoder.decoder.shape[1], dtype=torch.float64), 0.0
    missed, tokens = 0.0, 0
    for number in range(BATCHES):
        x = residuals(loaded, batches.batch(number).ids, layer)
        activations = autoencoder.encode(x)
        missed += float((x - autoencoder.decode(activations)).double().pow(2).sum())
        fired += (activations > 0).sum(0).cpu()
        total += x.double().sum(0).cpu()
        squares += float(x.double().pow(2).sum())
        tokens += len(x)
    few = [batches.batch(number) for number in range(LOSS_BATCHES)]
    clean, reconstructed, zeroed = (
        sum(loss_with(loaded, batch, layer, change) for batch in few) / LOSS_BATCHES
        for change in (None, lambda x: autoencoder.decode(autoencoder.encode(x)), torch.zeros_like)
    )
    return Measures(
        tokens=tokens,
        unexplained=missed / (squares - float(total.pow(2).sum()) / tokens),
        l0=float(fired.sum()) / tokens,
        dead=int((fired == 0).sum()),
        loss_clean=clean,
        loss_reconstructed=reconstructed,
        loss_zeroed=zeroed,
        density=(fired / tokens).numpy(),
    )
