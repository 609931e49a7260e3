"""The training of an autoencoder: seeded, resumable, bounded by steps or by minutes."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

from core.errors import SurgeryError
from core.specimens.sae.autoencoder import Autoencoder, SaeRecipe
from core.specimens.training import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from core.specimens.training import Budget

log = logging.getLogger(__name__)

LOG_EVERY = 200
CHECKPOINT_EVERY = 500
RESAMPLE_EVERY, RESAMPLE_UNTIL = 250, 0.7
RESAMPLED_FROM = 8


class Rows(Protocol):
    """Where activations come from."""

    def rows(self, chunk: int) -> Tensor:
        """Return the n-th chunk of activations, of shape [row, d_in]; all chunks are of one size."""
        ...


class SaeTrainer:
    """One training of one autoencoder, from a checkpoint if there is one.

    Parameters
    ----------
    checkpoint : Path or None
        Where it is kept between sittings.
    model : str
        What tells the model whose activations these are from others.

    Raises
    ------
    SurgeryError
        If the checkpoint is that of another training.
    """

    def __init__(
        self, recipe: SaeRecipe, source: Rows, seed: int, checkpoint: Path | None = None, model: str = ""
    ) -> None:
        import torch

        self.progress = Progress()
        self._recipe = recipe
        self._source = source
        self._seed = seed
        self._checkpoint = checkpoint
        self._training = f"{model} {recipe} {seed}"
        self._chunk = -1
        first = source.rows(0)
        self._order, self._rows = torch.arange(len(first)), first
        self._scale = float((first - first.mean(0)).pow(2).mean().sqrt())
        self._autoencoder = new_autoencoder(recipe, first / self._scale, seed)
        self._silence = torch.zeros(recipe.features, device=first.device)
        for weights in self._autoencoder.tensors:
            weights.requires_grad_()
        self._optimizer = torch.optim.Adam(self._autoencoder.tensors, lr=recipe.learning_rate, fused=True)
        if checkpoint is not None and checkpoint.is_file():
            self._resume(checkpoint)

    @property
    def autoencoder(self) -> Autoencoder:
        """What has been learned, of activations as the model has them."""
        return self._autoencoder.scaled(self._scale)

    def train(self, budget: Budget) -> None:
        """Train until the budget is used up, with checkpoints on the way."""
        recent: list[float] = []
        while (share := budget.share(self.progress)) < 1.0:
            started = time.monotonic()
            rows = self._batch(self.progress.step)
            recent.append(self._step(rows / self._scale, rate(self._recipe, self.progress.step, share)))
            self.progress.step += 1
            # Not near the end: too little would be left for the new ones to learn with.
            if self.progress.step % RESAMPLE_EVERY == 0 and share < RESAMPLE_UNTIL:
                self._resample()
            self.progress.tokens += len(rows)
            self.progress.seconds += time.monotonic() - started
            if self.progress.step % LOG_EVERY == 0:
                mean, dead = sum(recent) / len(recent), int(self._dead.sum())
                log.info("step %d, %.4f unexplained, %d dead, %.0f %%", self.progress.step, mean, dead, 100 * share)
                recent = []
            if self.progress.step % CHECKPOINT_EVERY == 0:
                self.save_checkpoint()
        self.save_checkpoint()

    @property
    def _dead(self) -> Tensor:
        return self._silence > self._recipe.dead_after

    def _batch(self, step: int) -> Tensor:
        import torch

        chunk, number = divmod(step, max(1, len(self._rows) // self._recipe.batch))
        if chunk != self._chunk:
            self._chunk = chunk
            self._rows = self._source.rows(chunk)
            # By the seed and the number of the chunk alone, so that a later sitting draws the same.
            random = torch.Generator().manual_seed(self._seed * 1_000_003 + chunk)
            self._order = torch.randperm(len(self._rows), generator=random)
        chosen = self._order[number * self._recipe.batch : (number + 1) * self._recipe.batch]
        return self._rows[chosen.to(self._rows.device)]

    def _step(self, x: Tensor, rate: float) -> float:
        """Take one step and return the unexplained share of the variance."""
        import torch

        self._optimizer.param_groups[0]["lr"] = rate
        found = self._autoencoder
        activations = found.encode(x)
        error = x - found.decode(activations)
        unexplained = error.pow(2).mean()
        unexplained.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            found.decoder /= found.decoder.norm(dim=1, keepdim=True)
            self._silence += len(x)
            self._silence[(activations > 0).any(0)] = 0
        return float(unexplained.detach())

    def _resample(self) -> None:
        """Let dead features begin anew in the direction of what is explained worst.

        Of rows that are drawn with odds by their squared error each gives one feature the direction
        of its error (Bricken et al. 2023, "Towards monosemanticity", appendix on resampling).
        """
        import torch

        dead = self._dead
        found, count = self._autoencoder, int(dead.sum())
        if not count:
            return
        random = torch.Generator().manual_seed(self._seed * 1_000_003 + self.progress.step)
        with torch.no_grad():
            x = self._rows[: RESAMPLED_FROM * self._recipe.batch] / self._scale
            error = x - found.decode(found.encode(x))
            drawn = torch.multinomial(error.pow(2).sum(1).cpu(), count, replacement=True, generator=random)
            directions = torch.nn.functional.normalize(error[drawn.to(error.device)], dim=1)
            usual = found.encoder[:, ~dead].norm(dim=0).mean() if count < len(dead) else 1.0
            found.decoder[dead] = directions
            found.encoder[:, dead] = directions.T * usual
            found.encoder_bias[dead] = 0.0
            for weights, of in (
                (found.decoder, dead),
                (found.encoder, (slice(None), dead)),
                (found.encoder_bias, dead),
            ):
                for name in ("exp_avg", "exp_avg_sq"):
                    self._optimizer.state[weights][name][of] = 0.0
        self._silence[dead] = 0.0

    def save_checkpoint(self) -> None:
        """Write weights, optimizer and progress, so that a later call goes on from here."""
        import torch

        if self._checkpoint is None:
            return
        state = {
            "training": self._training,
            "weights": [weights.detach() for weights in self._autoencoder.tensors],
            "optimizer": self._optimizer.state_dict(),
            "silence": self._silence,
            "progress": asdict(self.progress),
        }
        partial = self._checkpoint.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self._checkpoint)

    def _resume(self, path: Path) -> None:
        import torch

        state = torch.load(path, weights_only=True, map_location=self._silence.device)
        if state["training"] != self._training:
            raise SurgeryError(
                f"The checkpoint {path} is that of another model, seed or autoencoder.",
                "Delete it, or choose another folder with --work.",
            )
        with torch.no_grad():
            for weights, kept in zip(self._autoencoder.tensors, state["weights"], strict=True):
                weights.copy_(kept)
        self._optimizer.load_state_dict(state["optimizer"])
        self._silence = state["silence"]
        self.progress = Progress(**state["progress"])
        log.info("resumed at step %d", self.progress.step)


def new_autoencoder(recipe: SaeRecipe, rows: Tensor, seed: int) -> Autoencoder:
    """Return an untrained autoencoder whose features begin as the directions of rows [row, d_in].

    Directions that occur are seldom left unused, unlike random ones. Encoder and decoder begin
    as each other's transposes (Gao et al. 2024, appendix A.1), but for the factor with which they
    reconstruct the rows best: features that are alike would say everything several times.
    """
    import torch

    random = torch.Generator().manual_seed(seed)
    centre = rows.mean(0)
    chosen = torch.randint(len(rows), (recipe.features,), generator=random).to(rows.device)
    noise = torch.randn(recipe.features, rows.shape[1], generator=random).to(rows.device)
    decoder = rows[chosen] - centre
    decoder = decoder / decoder.norm(dim=1, keepdim=True) + noise / math.sqrt(rows.shape[1])
    decoder = decoder / decoder.norm(dim=1, keepdim=True)
    nothing = torch.zeros(recipe.features, device=rows.device)
    made = Autoencoder(decoder.T.clone(), nothing, decoder, centre, recipe.k)
    wanted = rows[: recipe.batch] - centre
    given = made.decode(made.encode(rows[: recipe.batch])) - centre
    made.encoder *= (wanted * given).sum() / given.pow(2).sum()
    return made


def rate(recipe: SaeRecipe, step: int, share: float) -> float:
    """Return the learning rate at a step, with a share of the budget used."""
    return recipe.learning_rate * min(1.0, (step + 1) / recipe.warmup, max(0.0, 1 - share) / recipe.decay)
