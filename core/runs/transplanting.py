"""Transplants: hidden states of another model, fitted into this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.runs.batch import one
from core.runs.places import Hooks
from core.runs.trace import forward
from core.runs.transplant_map import fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.runs.request import ResolvedIncision, RunRequest


# Hidden states of texts that several transplants are fitted on.
KEPT_BYTES = 256 * 2**20


class Transplanter:
    """Takes hidden states from a donor model on the same texts."""

    def __init__(self, loaded: LoadedModel, donor: LoadedModel, request: RunRequest, cancel: CancelToken) -> None:
        self._loaded = loaded
        self._donor = donor
        self._request = request
        self._cancel = cancel
        self._kept: dict[tuple[str, tuple[int, ...]], Tensor] = {}

    def transplanted(self, incision: ResolvedIncision) -> tuple[Tensor, str]:
        """Return what is put in [chosen token, d_model], and how well the map fits.

        Raises
        ------
        SurgeryError
            If the donor's width needs a map that was refused, or none can be fitted.
        """
        import torch

        params = dict(incision.params)
        layer, kind = int(params["layer"]), str(params["map"])
        info = self._donor.info
        source = self._request.transplant
        assert source is not None, "a transplant was resolved with its source"
        taken = self._residual(self._donor, source.ids, layer + 1)[list(incision.sources)]
        same_width = info.d_model == self._loaded.info.d_model
        if kind == "auto":
            kind = "none" if same_width else "procrustes"
        if kind == "none":
            if not same_width:
                raise SurgeryError(
                    f"{info.name} is {info.d_model} wide and {self._loaded.info.name} {self._loaded.info.d_model}.",
                    "Choose the map rotation (map=procrustes on the command line) or least squares (map=least_squares).",
                )
            return taken, f"from {info.name}, {_depth(layer)}, without a map"
        theirs, ours = self._shared(incision, layer + 1)
        mapped = fit(theirs, ours, kind)
        put_in = torch.from_numpy(mapped.apply(_numbers(taken))).to(self._loaded.info.device)
        return put_in, f"from {info.name}, {_depth(layer)}, {kind.replace('_', ' ')}: {mapped.summary}"

    def _shared(self, incision: ResolvedIncision, depth: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return hidden states [token, d] there and here of tokens that end at the same character.

        The tokens that are operated on are left out: the map must not have seen them.
        """
        import numpy as np

        source = self._request.transplant
        assert source is not None
        theirs, ours = [], []
        here = incision.site.boundary
        for ids, other, pairs in source.shared:
            kept = [pair for pair in pairs if ids != self._request.ids or pair[0] not in incision.positions]
            if kept:
                ours.append(_numbers(self._residual(self._loaded, ids, here)[[a for a, _ in kept]]))
                theirs.append(_numbers(self._residual(self._donor, other, depth)[[b for _, b in kept]]))
        if sum(map(len, ours)) < 2:
            raise SurgeryError(
                "There are too few shared tokens to fit a map on.", "Give reference prompts: the map is fitted on them."
            )
        return np.concatenate(theirs), np.concatenate(ours)

    def _residual(self, loaded: LoadedModel, ids: tuple[int, ...], depth: int) -> Tensor:
        key = (loaded.identity, ids)
        if key in self._kept:
            return self._kept[key][depth]
        found = forward(loaded, one(ids), Hooks(), self._cancel)[:, 0]
        if sum(each.nbytes for each in self._kept.values()) + found.nbytes <= KEPT_BYTES:
            self._kept[key] = found
        return found[depth]


def _depth(layer: int) -> str:
    return "embedding" if layer < 0 else f"layer {layer}"


def _numbers(x: Tensor) -> NDArray[np.float64]:
    found: NDArray[np.float64] = x.float().cpu().double().numpy()
    return found
