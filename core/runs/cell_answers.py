"""What is read out of the cells of a sweep: from their hidden states to similarities, log-probabilities and KL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.hooks.products import fast_products
from core.readings.fetch import fetched
from core.runs.trace import logits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from core.models.loaded_model import LoadedModel
    from core.readings.values import Pair


@dataclass(frozen=True)
class Wanted:
    """What is read out of every cell.

    Attributes
    ----------
    read_position, target, versus : int or None
        As in `RunRequest`, the target filled in.
    pairs : tuple of Pair
    """

    read_position: int | None
    target: int | None
    versus: int | None
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Part:
    """Cells that are done.

    Attributes
    ----------
    cells : tuple of int
        Their numbers.
    log_prob, logit_difference, kl : ndarray of float64, shape [cell], or None
        In nats; None where nothing is predicted, or compared.
    cosine : ndarray of float64, shape [cell, pair, n_layers + 1]
    d_log_prob, d_logit_difference : ndarray of float64, shape [cell], or None
        Changes from the clean run, from one product with it: 0 to the bit where nothing changed.
    """

    cells: tuple[int, ...]
    log_prob: NDArray[np.float64] | None
    logit_difference: NDArray[np.float64] | None
    kl: NDArray[np.float64] | None
    cosine: NDArray[np.float64]
    d_log_prob: NDArray[np.float64] | None = None
    d_logit_difference: NDArray[np.float64] | None = None


class CellAnswers:
    """From hidden states to what is wanted, with the clean ones to compare with."""

    def __init__(self, loaded: LoadedModel, wanted: Wanted, residuals: Tensor, *, bf16: bool = False) -> None:
        self._loaded = loaded
        self._bf16 = bf16
        self._wanted = wanted
        ends = sorted({position for pair in wanted.pairs for position in (pair.a, pair.b)})
        self._ends = {position: residuals[:, position] for position in ends}
        self.cosine = self.cosines(residuals)
        predicts = loaded.head is not None and wanted.read_position is not None
        self._clean_last = residuals[-1, wanted.read_position] if predicts else None

    def rows_read(self, rows: tuple[int, ...]) -> tuple[int, ...]:
        """Return those of some rows that anything is read from; the first, where nothing is."""
        wanted = {*self._ends, self._wanted.read_position}
        return tuple(row for row in rows if row in wanted) or rows[:1]

    def cosines(self, residuals: Tensor) -> Tensor:
        """Return the pairs' similarities by depth [pair, n_layers + 1] of one run."""
        import torch

        rows = [_cosine(residuals[:, pair.a], residuals[:, pair.b]) for pair in self._wanted.pairs]
        return torch.stack(rows) if rows else _wide(residuals.new_empty(0, len(residuals)))

    def cosine_at(self, depth: int, stream: Tensor, rows: tuple[int, ...]) -> Tensor:
        """Return the similarities [cell, pair] at one depth, of hidden states [cell, row, d_model]."""
        found = self.cosine.new_empty(len(stream), len(self._wanted.pairs))
        for number, pair in enumerate(self._wanted.pairs):
            a, b = (
                stream[:, rows.index(end)] if end in rows else self._ends[end][depth].expand(len(stream), -1)
                for end in (pair.a, pair.b)
            )
            found[:, number] = _cosine(a, b)
        return found

    def part(self, cells: tuple[int, ...], last: Tensor | None, cosine: Tensor, at_once: int) -> Part:
        """Return cells' readouts, from their last residual at the read position; None where it is the clean one."""
        import torch

        wanted = self._wanted
        if self._clean_last is None or wanted.target is None:
            return Part(cells, None, None, None, fetched(cosine)[0].numpy())
        if last is None:
            last = self._clean_last.expand(len(cells), -1)
        rows = 1 + min(len(last), at_once)
        with torch.inference_mode(), fast_products(self._loaded.head_parts, rows, bf16=self._bf16):
            answers = torch.cat([self._answers(chunk) for chunk in torch.split(last, at_once)], dim=1)
        curves, numbers = (each.numpy() for each in fetched(cosine, answers))
        log_prob, clean_log_prob, other, clean_other, kl = numbers
        change, kl = log_prob - clean_log_prob, np.maximum(kl, 0.0)
        if wanted.versus is None:
            return Part(cells, log_prob, None, kl, curves, change)
        difference = log_prob - other
        return Part(cells, log_prob, difference, kl, curves, change, difference - (clean_log_prob - clean_other))

    def _answers(self, last: Tensor) -> Tensor:
        """Return [5, cell]: log p of the target and of the token it is compared with, each also clean; and KL."""
        import torch

        target, versus = self._wanted.target, self._wanted.versus
        assert self._clean_last is not None and target is not None
        # The clean run goes along: other shapes are rounded in another way.
        together = torch.cat([self._clean_last[None], last])[:, None]
        log_probs = logits_of(self._loaded, together)[:, 0].float().log_softmax(dim=-1)
        clean, operated = log_probs[0], log_probs[1:]
        # Not as a product: that adds a large vocabulary up one after the other, and is off in the fourth digit.
        kl = (clean - operated).mul_(clean.exp()).sum(dim=-1)
        found = []
        for token in (target, target if versus is None else versus):
            found += [operated[:, token], clean[token].expand(len(last))]
        return torch.stack([*found, kl])


def _cosine(a: Tensor, b: Tensor) -> Tensor:
    """Return cosine similarities of vectors [n, d_model]; 0 where one has no length."""
    import torch

    with torch.inference_mode():
        a, b = _wide(a), _wide(b)
        lengths = a.norm(dim=-1) * b.norm(dim=-1)
        found: Tensor = (a * b).sum(dim=-1) / torch.where(lengths == 0, torch.ones_like(lengths), lengths)
        return found


def _wide(x: Tensor) -> Tensor:
    """Return numbers in double precision, where a device has it: Apple's has not."""
    return x.float() if x.device.type == "mps" else x.double()
