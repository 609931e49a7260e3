"""Heads that read a name and write it: measured on sentences of two people, one of whom receives something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy.attention_scores import heads_apart
from core.anatomy.frozen_norm import OTHER_END, frozen_end, why_not_linear
from core.anatomy.questions import mentions
from core.readings.fetch import fetched
from core.runs.capture import capture
from core.sites.site import Site

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from core.anatomy.frozen_norm import FrozenEnd
    from core.anatomy.questions import Asked
    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel

AMONG = 5
AT_ONCE = 16


@dataclass(frozen=True)
class Sentence:
    """One sentence in tokens.

    Attributes
    ----------
    receiver, giver : int
        Positions of the indirect object, and of the subject's second mention.
    right, wrong : int
        Their token ids.
    read : int
        Where the name is predicted.
    """

    ids: tuple[int, ...]
    receiver: int
    giver: int
    right: int
    wrong: int
    read: int


def sentences(questions: Sequence[Asked]) -> list[Sentence]:
    """Return the questions in which the right name is mentioned once and the wrong one twice, before the answer."""
    found = []
    for each in questions:
        right, wrong = (
            [place for place in mentions(each.tokens, name) if place < each.read]
            for name in (each.question.answer, each.question.wrong[0])
        )
        if len(right) == 1 and len(wrong) == 2:
            found.append(Sentence(each.tokens.ids, right[0], wrong[1], each.answer, each.wrong[0], each.read))
    return found


def name_scores(
    loaded: LoadedModel, asked: Sequence[Sentence], cancel: CancelToken
) -> tuple[dict[str, NDArray[np.float64]], dict[str, str]]:
    """Return the scores of heads as name movers, each [layer, head], and why others could not be measured.

    The definitions are in `core.anatomy.roles`.

    Returns
    -------
    dict of str to ndarray of float64, shape [n_layers, n_heads]
        Attention alone where a head's output does not simply add up to the logits.
    dict of str to str
        Reasons by score.
    """
    reason = why_not_linear(loaded)
    end = None if reason is not None else frozen_end(loaded)
    if end is None:
        left_out = dict.fromkeys(("direct_effect", "copy_score"), reason or OTHER_END)
    else:
        left_out = {} if loaded.info.why_not("v") is None else {"copy_score": str(loaded.info.why_not("v"))}
    keys = [key for key in ("io_attention", "s_attention", "direct_effect", "copy_score") if key not in left_out]
    sums = {key: np.zeros((loaded.info.n_layers, loaded.info.n_heads)) for key in keys}
    for start in range(0, len(asked), AT_ONCE):
        for key, found in _Sums(loaded, asked[start : start + AT_ONCE], end, cancel).of(keys).items():
            sums[key] += found
    return {key: total / len(asked) for key, total in sums.items()}, left_out


class _Sums:
    """Sums over some sentences, by one forward pass."""

    def __init__(
        self, loaded: LoadedModel, asked: Sequence[Sentence], end: FrozenEnd | None, cancel: CancelToken
    ) -> None:
        self._loaded, self._asked, self._end = loaded, asked, end
        info = loaded.info
        points = ("pattern", "z", *(("v",) if end is not None and info.why_not("v") is None else ()))
        sites = [Site(point, layer) for point in points for layer in range(info.n_layers)]
        self._last = Site("resid_post", info.n_layers - 1)
        self._seen = capture(loaded, [each.ids for each in asked], [*sites, self._last], cancel)

    def of(self, keys: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """Return sums over the sentences, each [layer, head]."""
        import torch

        ways = {"direct_effect": self._direct, "copy_score": self._copied}
        layers = range(self._loaded.info.n_layers)
        with torch.inference_mode():
            found = {key: np.stack([ways[key](layer) for layer in layers]) for key in keys if key in ways}
        return found | {
            "io_attention": np.stack([self._attention(layer, "receiver") for layer in layers]),
            "s_attention": np.stack([self._attention(layer, "giver") for layer in layers]),
        }

    def _attention(self, layer: int, to: str) -> NDArray[np.float64]:
        patterns = self._seen[Site("pattern", layer)]
        total: NDArray[np.float64] = np.sum(
            [
                heads_apart(pattern, self._loaded.info.n_heads)[:, each.read, getattr(each, to)]
                for each, pattern in zip(self._asked, patterns, strict=True)
            ],
            axis=0,
        )
        return total

    def _output(self, layer: int) -> Tensor:
        """Return the output projection by head [head, d_head, d_model]."""
        table = self._loaded.architecture
        weight: Tensor = self._loaded.part(layer, table.attention_projection).weight  # type: ignore[assignment]
        weight = (weight if table.transposed_projection else weight.T).float()
        by_head = weight.reshape(self._loaded.info.n_heads, -1, weight.shape[-1])
        return by_head * self._loaded.residual_multiplier

    def _direct(self, layer: int) -> NDArray[np.float64]:
        """Add up ``written(z W_O) · (U[right] - U[wrong]) / scale`` at the token that predicts."""
        import torch

        end = self._end
        assert end is not None
        z = torch.stack([row[each.read] for each, row in zip(self._asked, self._seen[Site("z", layer)], strict=True)])
        residual = torch.stack(
            [row[each.read] for each, row in zip(self._asked, self._seen[self._last], strict=True)]
        ).float()
        right, wrong = ([getattr(each, name) for each in self._asked] for name in ("right", "wrong"))
        wanted = end.unembedding[right] - end.unembedding[wrong]
        by_head = z.float().reshape(len(z), self._loaded.info.n_heads, -1)
        added = end.written(torch.einsum("nhi,hid->nhd", by_head, self._output(layer)))
        contribution = torch.einsum("nhd,nd->nh", added, wanted) / end.scale(residual)[:, None]
        return fetched(contribution.sum(dim=0))[0].numpy()

    def _copied(self, layer: int) -> NDArray[np.float64]:
        """Count where the name is among the largest logits of what its value alone would write."""
        import torch

        end, info = self._end, self._loaded.info
        assert end is not None
        rows = self._seen[Site("v", layer)]
        v = torch.stack([row[each.receiver] for each, row in zip(self._asked, rows, strict=True)]).float()
        group = info.n_heads // info.n_key_value_heads
        by_head = v.reshape(len(v), info.n_key_value_heads, -1).repeat_interleave(group, dim=1)
        written = end.written(torch.einsum("nhi,hid->nhd", by_head, self._output(layer)))
        count = torch.zeros(info.n_heads, device=v.device)
        for number, each in enumerate(self._asked):
            logits = written[number] @ end.unembedding.T
            count += (logits > logits[:, each.right, None]).sum(dim=-1) < AMONG
        return fetched(count)[0].numpy()
