"""The training loop: seeded, resumable from a checkpoint, bounded by steps or by minutes."""

from __future__ import annotations

import json
import logging
import math
import shutil
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from core.errors import SurgeryError
from core.specimens.batches import Batch, BatchSource
from core.specimens.optimization import attend_quickly, falls, learning_rate, optimizers

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from core.specimens.recipe import Recipe

log = logging.getLogger(__name__)

LOG_EVERY = 50
CHECKPOINT_EVERY = 250


@dataclass
class Progress:
    """How far a training has come."""

    step: int = 0
    seconds: float = 0.0
    tokens: int = 0


@dataclass(frozen=True)
class Budget:
    """When to stop: after a number of steps, after minutes of training, whichever is given."""

    steps: int | None
    minutes: float | None

    def share(self, progress: Progress) -> float:
        """Return the used share of the budget, from 0 to 1."""
        by_step = progress.step / self.steps if self.steps else 0.0
        by_time = progress.seconds / 60 / self.minutes if self.minutes else 0.0
        return min(1.0, max(by_step, by_time))


def new_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Return an untrained model of the recipe's shape."""
    import torch

    model = (_new_gpt2 if recipe.objective == "causal" else _new_bert)(recipe, tokenizer)
    # Neighbours are alike from the start, so attending to the word before or after need not be
    # learned for each of the positions alone: without it, masked training lingers for long.
    with torch.no_grad():
        causal = recipe.objective == "causal"
        places = model.transformer.wpe if causal else model.bert.embeddings.position_embeddings
        places.weight.copy_(sinusoids(recipe))
    return model


def _new_gpt2(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=recipe.context,
            n_embd=recipe.d_model,
            n_layer=recipe.n_layers,
            n_head=recipe.n_heads,
            activation_function="gelu_pytorch_tanh",  # the same formula as gelu_new's, in one pass
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            initializer_range=recipe.initial_std,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )


def _new_bert(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    from transformers import BertConfig, BertForMaskedLM

    return BertForMaskedLM(
        BertConfig(
            vocab_size=len(tokenizer),
            max_position_embeddings=recipe.context,
            hidden_size=recipe.d_model,
            num_hidden_layers=recipe.n_layers,
            num_attention_heads=recipe.n_heads,
            intermediate_size=4 * recipe.d_model,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=recipe.initial_std,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def sinusoids(recipe: Recipe) -> torch.Tensor:
    """Return sines and cosines of geometric wavelengths, of shape [position, d_model].

    Scaled to the standard deviation the other embeddings start with. Source: Vaswani et al.
    2017, section 3.5.
    """
    import torch

    positions = torch.arange(recipe.context)[:, None]
    rates = torch.exp(-math.log(10_000.0) * torch.arange(0, recipe.d_model, 2) / recipe.d_model)
    waves = torch.stack([torch.sin(positions * rates), torch.cos(positions * rates)], dim=-1)
    return waves.reshape(recipe.context, recipe.d_model) * recipe.initial_std * math.sqrt(2)


class Trainer:
    """One training of one specimen, from a checkpoint folder if there is something in it."""

    def __init__(
        self,
        recipe: Recipe,
        tokenizer: PreTrainedTokenizerFast,
        device: str,
        seed: int,
        folder: Path,
        *,
        compiled: bool = False,
    ) -> None:
        import torch

        torch.manual_seed(seed)
        self.recipe = recipe
        self.tokenizer = tokenizer
        self.device = device
        self.seed = seed
        self.progress = Progress()
        self.curve: list[tuple[int, float]] = []
        self._is_falling = False
        self.model = new_model(recipe, tokenizer).to(device)
        attend_quickly(self.model)
        loss = self._causal_loss if recipe.objective == "causal" else self._masked_loss
        self._loss = torch.compile(loss) if compiled else loss
        self._optimizers = optimizers(self.model, recipe)
        self._checkpoint = folder / f"{recipe.name}.pt"
        self._plateau = folder / f"{recipe.name}-plateau.pt"
        if self._checkpoint.is_file():
            self._resume(self._checkpoint)

    def _resume(self, path: Path) -> None:
        import torch

        state = torch.load(path, weights_only=True, map_location=self.device)
        self.model.load_state_dict(state["model"])
        for optimizer, kept in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.progress = Progress(**state["progress"])
        self.curve = [tuple(point) for point in state["curve"]]
        self._is_falling = state["is_falling"]
        log.info("resumed at step %d", self.progress.step)

    def save_checkpoint(self) -> None:
        """Write model, optimizers and progress, so that a later call goes on from here."""
        import torch

        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "progress": asdict(self.progress),
            "curve": [list(point) for point in self.curve],
            "is_falling": self._is_falling,
        }
        partial = self._checkpoint.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self._checkpoint)

    def _change_phase(self) -> None:
        """Keep the state in which the rate begins to fall; go back to it where the budget has grown since."""
        if self._is_falling:
            self._resume(self._plateau)
            return
        self.save_checkpoint()
        shutil.copyfile(self._checkpoint, self._plateau)
        self._is_falling = True

    def train(self, blocks: NDArray[np.int16], short: NDArray[np.int16] | None, budget: Budget) -> None:
        """Train until the budget is used up, with checkpoints on the way.

        Parameters
        ----------
        blocks, short : ndarray of int, shape [block, position]
            Training tokens, as `core.specimens.batches.pack` makes them; the short blocks serve
            until the rate begins to fall, if there are any.
        """
        source = BatchSource(blocks, self.tokenizer, self.recipe, self.seed)
        early = source if short is None else BatchSource(short, self.tokenizer, self.recipe, self.seed)
        self.model.train()
        recent: list[float] = []
        while (share := budget.share(self.progress)) < 1.0:
            if falls(self.recipe, share) != self._is_falling:
                self._change_phase()
                continue
            started = time.monotonic()
            now = source if self._is_falling else early
            batch = now.batch(self.progress.step)
            recent.append(self._step(batch, learning_rate(self.recipe, self.progress.step, share)))
            self.progress.step += 1
            self.progress.tokens += batch.ids.size
            self.progress.seconds += time.monotonic() - started
            if self.progress.step % LOG_EVERY == 0:
                recent = self._log(recent, share)
            if self.progress.step % CHECKPOINT_EVERY == 0:
                self.save_checkpoint()
        if recent:
            self._log(recent, 1.0)
        self.save_checkpoint()

    def _log(self, recent: list[float], share: float) -> list[float]:
        """Put a point to the curve, and return that no losses are left over."""
        self.curve.append((self.progress.step, sum(recent) / len(recent)))
        log.info("step %d, loss %.3f, %.0f %% of the budget", *self.curve[-1], 100 * share)
        return []

    def _step(self, batch: Batch, rate: float) -> float:
        import torch

        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        ids, labels = (torch.from_numpy(each).to(self.device) for each in (batch.ids, batch.labels))
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16):
            loss = self._loss(ids, labels, positions(batch, self.device))
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    def _causal_loss(self, ids: torch.Tensor, labels: torch.Tensor, _: torch.Tensor | None) -> torch.Tensor:
        return _cross_entropy(self.model(ids, use_cache=False).logits[:, :-1], labels[:, 1:])

    def _masked_loss(self, ids: torch.Tensor, labels: torch.Tensor, places: torch.Tensor | None) -> torch.Tensor:
        # Only the hidden tokens are unembedded: the vocabulary product is a third of the work.
        hidden = self.model.bert(ids, position_ids=places).last_hidden_state[labels >= 0]
        return _cross_entropy(self.model.cls(hidden), labels[labels >= 0])


def _cross_entropy(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]).float(), wanted.reshape(-1))


def checkpoint_model(
    recipe: Recipe, tokenizer: PreTrainedTokenizerFast, folder: Path
) -> tuple[PreTrainedModel, dict[str, Any]]:
    """Return the model of the checkpoint in a folder, and how far its training came.

    Raises
    ------
    SurgeryError
        If there is no checkpoint.
    """
    import torch

    path = folder / f"{recipe.name}.pt"
    if not path.is_file():
        raise SurgeryError(f"There is no checkpoint of {recipe.name} in {folder}.", "Train it first.")
    state = torch.load(path, weights_only=True, map_location="cpu")
    model = new_model(recipe, tokenizer)
    model.load_state_dict(state["model"])
    return model, {"step_loss": state["curve"], **state["progress"]}


def positions(batch: Batch, device: str) -> torch.Tensor | None:
    """Return the positions of a batch's tokens, of shape [block, position]; None where all begin at 0."""
    import torch

    if batch.starts is None:
        return None
    steps = torch.arange(batch.ids.shape[1], device=device)
    return torch.from_numpy(batch.starts).to(device)[:, None] + steps


def write_curve(trainer: Trainer, path: Path) -> None:
    """Write the training loss by step as JSON, for the card and for a picture."""
    path.write_text(json.dumps({"step_loss": trainer.curve, **asdict(trainer.progress)}))
