"""How much goes through the model at once: what is fast, and never more than fits into the memory that is free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.models.memory import DTYPE_BYTES, free_bytes

if TYPE_CHECKING:
    from core.models.info import ModelInfo

# Rows of one matrix product: enough to be bound by arithmetic; on a processor, few enough for its caches.
ROWS_AT_ONCE = 1024
ROWS_ON_GPU = 16384
# Predictions over the whole vocabulary; each takes some 200 KB, several times over.
ANSWERS_AT_ONCE = 128
ANSWERS_ON_GPU = 1024
# What the cells of one wave may take in main memory; each holds its rows of one layer.
WAVE_BYTES = 256 * 2**20
# Tokens of whole prompts in one pass through the model.
TOKENS_AT_ONCE = 2048
# The part of what is free that each of the three may take.
SHARE = 0.25


@dataclass(frozen=True)
class BatchSizes:
    """Counts of cells, each at least 1.

    Attributes
    ----------
    product : int
        That go through a layer in one piece.
    answers : int
        Whose predictions are made at once.
    wave : int
        That are on their way together.
    """

    product: int
    answers: int
    wave: int

    def halved(self, tried: int) -> BatchSizes:
        """Return what to try next where so many cells were too many."""
        return BatchSizes(*(max(1, min(tried, each) // 2) for each in (self.product, self.answers, self.wave)))


def batch_sizes(info: ModelInfo, n_tokens: int, n_rows: int) -> BatchSizes:
    """Return how many cells to compute at once on the model's device, by the memory that is free there now.

    Parameters
    ----------
    n_tokens : int
        Of the prompt: each cell has the keys and values of all of them.
    n_rows : int
        How many of them are computed.
    """
    on_gpu = _on_gpu(info)
    most_rows, most_answers = (ROWS_ON_GPU, ANSWERS_ON_GPU) if on_gpu else (ROWS_AT_ONCE, ANSWERS_AT_ONCE)
    room = int(SHARE * available_bytes(info.device))
    wave_room, n_rows, wide = room if on_gpu else min(room, WAVE_BYTES), max(1, n_rows), DTYPE_BYTES[info.dtype]
    # A layer's output is made while its input is there; logits are taken on to log-probabilities in float32.
    held, answer = 2 * n_rows * info.d_model * wide, info.vocab_size * (wide + 4 * DTYPE_BYTES["float32"])
    return BatchSizes(
        product=max(1, min(most_rows // n_rows, room // _layer_bytes(info, n_tokens, n_rows))),
        answers=max(1, min(most_answers, room // answer)),
        wave=max(1, wave_room // held),
    )


def tokens_at_once(info: ModelInfo) -> int:
    """Return how many tokens of whole prompts to run at once, every layer's residual being kept of each."""
    most = ROWS_ON_GPU if _on_gpu(info) else TOKENS_AT_ONCE
    # The residuals are there twice while they are put together.
    each = _layer_bytes(info, 1, 1) + 2 * (info.n_layers + 1) * info.d_model * DTYPE_BYTES[info.dtype]
    return max(1, min(most, int(SHARE * available_bytes(info.device)) // each))


def _on_gpu(info: ModelInfo) -> bool:
    return info.device.startswith(("cuda", "mps"))


def _layer_bytes(info: ModelInfo, n_tokens: int, n_rows: int) -> int:
    """Return about what one cell takes inside a layer: every intermediate value once, and copies of the largest."""
    heads = info.n_heads * info.d_head
    neurons = info.d_mlp or 4 * info.d_model
    of_rows = n_rows * (4 * info.d_model + 4 * heads + 3 * neurons)
    # Of all tokens, put together and repeated for every head; scores where the attention writes them out.
    of_tokens = n_tokens * (4 * heads + n_rows * info.n_heads)
    return (of_rows + of_tokens) * DTYPE_BYTES[info.dtype]


def available_bytes(device: str) -> int:
    """Return the memory that torch can take on a device: what is free, and what it holds there without using it."""
    free = free_bytes(device)
    if device.startswith("cuda"):
        import torch

        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device == "mps":
        import torch

        return min(free, torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    return free
