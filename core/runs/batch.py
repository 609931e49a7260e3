"""Several prompts of different length in one forward pass."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.loaded_model import LoadedModel

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Batch:
    """Prompts side by side, padded to the longest.

    Attributes
    ----------
    rows : tuple of tuple of int
        Token ids of each prompt.
    side : {"left", "right"}
        Where shorter ones are padded.
    """

    rows: tuple[tuple[int, ...], ...]
    side: Side = "right"

    @property
    def width(self) -> int:
        """Number of tokens of the longest prompt."""
        return max(map(len, self.rows))

    @property
    def is_even(self) -> bool:
        """Whether all prompts are of one length, so that nothing is padded."""
        return all(len(row) == self.width for row in self.rows)

    def span(self, row: int) -> slice:
        """Return where a prompt's own tokens stand."""
        length = len(self.rows[row])
        return slice(self.width - length, self.width) if self.side == "left" else slice(length)


def one(ids: Sequence[int]) -> Batch:
    """Return the batch of a single prompt."""
    return Batch((tuple(ids),))


def inputs_of(loaded: LoadedModel, batch: Batch) -> dict[str, Any]:
    """Return the keyword arguments of a forward pass over a batch; no key-value cache is built.

    Padded tokens are hidden from the others, and each prompt's positions count from its own first
    token, so that every prompt gives the numbers it gives alone.
    """
    import torch

    options: dict[str, Any] = {**forward_options(loaded)}
    device = loaded.info.device
    if batch.is_even:
        return {"input_ids": torch.tensor(batch.rows, device=device), **options}
    config: Any = loaded.network.config
    pad = getattr(config, "pad_token_id", None)
    ids = torch.full((len(batch.rows), batch.width), 0 if pad is None else int(pad))
    mask = torch.zeros_like(ids)
    positions = torch.zeros_like(ids)
    for number, row in enumerate(batch.rows):
        span = batch.span(number)
        ids[number, span] = torch.tensor(row)
        mask[number, span] = 1
        positions[number, span] = torch.arange(len(row))
    options |= {"input_ids": ids.to(device), "attention_mask": mask.to(device)}
    counts_itself = loaded.architecture.positions_after_padding
    if not counts_itself and "position_ids" in inspect.signature(type(loaded.backbone).forward).parameters:
        options["position_ids"] = positions.to(device)
    return options


def forward_options(loaded: LoadedModel) -> dict[str, bool]:
    """Return the keyword arguments of an analysis forward pass: no key-value cache is built."""
    return {"use_cache": False} if loaded.info.objective == "causal" else {}


def unpadded(x: Tensor, batch: Batch) -> list[Tensor]:
    """Return each prompt's own tokens of an activation [batch, token, ...]."""
    return [x[number, batch.span(number)] for number in range(len(batch.rows))]
