"""A model's sparse autoencoder, read without torch: features, where they fire, and the directions they write in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core import paths
from core.errors import SurgeryError
from core.models.checkpoint import inspect_checkpoint
from core.models.fingerprint import fingerprint
from core.models.weight_files import FETCH_AGAIN, read_header, read_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER, CONFIG, WEIGHTS, FEATURES = "sae", "cfg.json", "sae_weights.safetensors", "features.json"
LAYER = re.compile(r"blocks\.(\d+)\.hook_(?:normalized_)?resid_post")


@dataclass(frozen=True)
class Context:
    """A token at which a feature fires.

    Attributes
    ----------
    before, token, after : str
        The token and what stands around it.
    activation : float
    """

    before: str
    token: str
    after: str
    activation: float


@dataclass(frozen=True)
class Feature:
    """One feature, as it is shown.

    Attributes
    ----------
    number : int
        Counted from 0.
    density : float
        At what share of held-out tokens it fires; 0 if it is dead.
    contexts : tuple of Context
        Where it is strongest, strongest first.
    """

    number: int
    density: float
    contexts: tuple[Context, ...]


class SparseAutoencoder:
    """A TopK autoencoder in the layout of SAELens; its files are read when they are asked for.

    Attributes
    ----------
    folder : Path
    d_in, n_features, k, layer : int
        Width of the activation, number of features, how many of them fire at a token, and the layer
        whose output is explained, from 0.
    fingerprint : str
        Of the checkpoint that it was trained on.
    measured : dict of str to float
        What its training measured, see `core.specimens.sae.measures`.

    Raises
    ------
    SurgeryError
        If the files are broken, or hold another kind of autoencoder.
    """

    def __init__(self, folder: Path) -> None:
        config = read_json(folder / CONFIG)
        kind, place = config.get("architecture"), LAYER.fullmatch(str(config.get("hook_name")))
        sizes = [config.get(name) for name in ("d_in", "d_sae", "k")]
        if kind != "topk" or place is None or not all(isinstance(size, int) and size > 0 for size in sizes):
            raise SurgeryError(
                f"The autoencoder in {folder} is none that can be read: {kind} at {config.get('hook_name')}.",
                "Choose a TopK autoencoder of the residual stream after a layer.",
            )
        self.folder = folder
        self.d_in, self.n_features, self.k = (int(size) for size in sizes if size is not None)
        self.layer = int(place[1])
        self.fingerprint = str(config.get("model_fingerprint"))
        self.measured: dict[str, float] = config.get("measured", {})

    @cached_property
    def weights(self) -> dict[str, NDArray[np.float32]]:
        """``W_enc`` [d_in, feature], ``b_enc`` [feature], ``W_dec`` [feature, d_in] and ``b_dec`` [d_in]."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        file = self.folder / WEIGHTS
        read_header(file)
        try:
            found = {name: x.astype(np.float32) for name, x in load_file(file).items()}
        except SafetensorError as error:
            raise SurgeryError(f"The file {file} is truncated or corrupted.", FETCH_AGAIN) from error
        d_in, n = self.d_in, self.n_features
        wanted = {"W_enc": (d_in, n), "b_enc": (n,), "W_dec": (n, d_in), "b_dec": (d_in,)}
        if {name: x.shape for name, x in found.items()} != wanted:
            raise SurgeryError(f"The weights in {file} have other shapes than {CONFIG} says.", FETCH_AGAIN)
        return found

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """All features with their contexts, by number."""
        file = self.folder / FEATURES
        try:
            found = tuple(
                Feature(number, float(row["density"]), tuple(Context(*context) for context in row["contexts"]))
                for number, row in enumerate(read_json(file)["features"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SurgeryError(f"The file {file} is broken: it is no table of features.", FETCH_AGAIN) from error
        if len(found) != self.n_features:
            raise SurgeryError(f"The file {file} tells of {len(found)} features, not {self.n_features}.", FETCH_AGAIN)
        return found

    def direction(self, feature: int) -> NDArray[np.float32]:
        """Return the unit vector [d_in] that a feature writes in.

        Raises
        ------
        SurgeryError
            If there is no such feature.
        """
        if not 0 <= feature < self.n_features:
            raise SurgeryError(
                f"There is no feature {feature}: there are {self.n_features}.",
                f"Choose one from 0 to {self.n_features - 1}.",
            )
        row = self.weights["W_dec"][feature]
        found: NDArray[np.float32] = row / max(float(np.linalg.norm(row)), np.finfo(np.float32).tiny)
        return found

    def encode(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the features' activations [row, feature] of rows [row, d_in]: the k largest that are positive."""
        before = (x - self.weights["b_dec"]) @ self.weights["W_enc"] + self.weights["b_enc"]
        weakest = np.partition(before, -self.k, axis=1)[:, -self.k, None]
        found: NDArray[np.float32] = np.where((before >= weakest) & (before > 0), before, np.float32(0))
        return found

    def decode(self, activations: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the rows [row, d_in] that activations [row, feature] stand for."""
        found: NDArray[np.float32] = activations @ self.weights["W_dec"] + self.weights["b_dec"]
        return found


def find_autoencoder(model: str) -> SparseAutoencoder:
    """Return the autoencoder that lies in the folder of a specimen or checkpoint.

    Parameters
    ----------
    model : str
        As the user named it.

    Raises
    ------
    SurgeryError
        If it has none, it is broken, or it is of other weights.
    """
    for folder in (paths.specimens() / model, Path(model).expanduser()):
        if (folder / FOLDER / CONFIG).is_file():
            found = SparseAutoencoder(folder / FOLDER)
            if found.fingerprint != fingerprint(inspect_checkpoint(folder)):
                raise SurgeryError(
                    f"The autoencoder of {folder.name} is of other weights.",
                    "Train it again: python -m core.specimens.sae.",
                )
            return found
    raise SurgeryError(
        f"{model} comes with no sparse autoencoder, so it has no features.", "Open one of the specimens, which do."
    )
