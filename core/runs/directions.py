"""Directions of the residual stream, from their names to unit vectors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.models.sparse_autoencoder import find_autoencoder
from core.models.tokenizing import token_id

if TYPE_CHECKING:
    from torch import Tensor

    from core.interventions.direction_form import DirectionForm
    from core.models.loaded_model import LoadedModel

# Below this share of the first one's variance a component is rounding.
ROUNDING = 1e-10


def resolve_direction(
    loaded: LoadedModel,
    form: DirectionForm,
    prompt: Tensor,
    donor: Tensor | None = None,
    references: Tensor | None = None,
) -> Tensor:
    """Return the unit vector [d_model] that a form means, in float32 on the CPU.

    Parameters
    ----------
    prompt : Tensor, shape [token, d_model]
        The site's activation in this prompt.
    donor : Tensor or None, shape [token, d_model]
        The same in the counterfactual prompt, for ``donor``.
    references : Tensor or None, shape [row, d_model]
        The same at all tokens of the reference prompts, for ``pca``; without them the components
        are those of this prompt.

    Raises
    ------
    SurgeryError
        If there is no such direction: no such token, component, feature or file, a vector of
        another width, or one of length zero.

    Notes
    -----
    A token's unembedding is the row of the unembedding matrix as the model stores it: the final
    norm's own scale is not folded in (Elhage et al. 2021, "A mathematical framework for
    transformer circuits"). The mean difference is that of all tokens, this prompt less the
    counterfactual one (Marks and Tegmark 2023, "The geometry of truth").
    """
    if form.texts:
        found = _unembedding(loaded, form)
    elif form.kind == "pca":
        found = _component(prompt if references is None else references, form.number)
    elif form.kind == "donor":
        if donor is None:
            raise SurgeryError(
                "The direction donor is a difference from the counterfactual prompt.", "Give a counterfactual prompt."
            )
        found = _on_cpu(prompt).mean(0) - _on_cpu(donor).mean(0)
    elif form.kind == "random":
        found = _random(prompt.shape[-1], form.number)
    elif form.kind == "feature":
        found = _feature(loaded, form.number)
    else:
        found = _from_file(form.path)
    if found.shape != prompt.shape[-1:]:
        raise SurgeryError(
            f"The direction {form} has {found.shape[0]} dimensions, the activation {prompt.shape[-1]}.",
            "Give one of the same width.",
        )
    length = float(found.norm())
    if not 0.0 < length < float("inf"):
        raise SurgeryError(f"The direction {form} has no length.", "Choose another direction.")
    return (found / length).float()


def _on_cpu(x: Tensor) -> Tensor:
    return x.detach().cpu().double()


def _unembedding(loaded: LoadedModel, form: DirectionForm) -> Tensor:
    ids = [token_id(loaded, text) for text in form.texts]
    rows = _on_cpu(_unembedding_matrix(loaded)[ids])
    return rows[0] if len(ids) == 1 else rows[0] - rows[1]


def _unembedding_matrix(loaded: LoadedModel) -> Tensor:
    """Return the unembedding [vocab, d_model] of a model that applies it to the residual stream itself."""
    parts = loaded.architecture.head if loaded.info.has_head else ()
    label, instead = loaded.architecture.label, "Choose pca1, donor, random7 or a file."
    if not parts:
        raise SurgeryError("This model has no language-model head: its tokens have no unembedding.", instead)
    weight: Tensor | None = getattr(loaded.network.get_submodule(parts[0]), "weight", None)
    if len(parts) > 1 or weight is None or tuple(weight.shape)[1:] != (loaded.info.d_model,):
        raise SurgeryError(
            f"In {label} a transform stands between the residual stream and the unembedding, "
            "so that a token's unembedding is no direction of the residual stream.",
            instead,
        )
    return weight


def _component(rows: Tensor, number: int) -> Tensor:
    """Return a principal component [width] of rows [n, width]; its largest entry is positive.

    Eigenvectors of the centred rows' scatter matrix, or of the smaller Gram matrix where there are
    fewer rows than dimensions (Jolliffe 2002, "Principal Component Analysis").
    """
    import torch

    centred = _on_cpu(rows) - _on_cpu(rows).mean(0)
    is_wide = len(centred) <= centred.shape[1]
    variances, vectors = torch.linalg.eigh(centred @ centred.T if is_wide else centred.T @ centred)
    count = int((variances > ROUNDING * variances[-1]).sum()) if float(variances[-1]) > 0 else 0
    if number > count:
        raise SurgeryError(
            f"There is no principal component {number}: the {len(rows)} tokens have {count}.",
            f"Choose pca1 to pca{count}, or give reference prompts." if count else "Give reference prompts.",
        )
    vector = vectors[:, -number]
    found: Tensor = centred.T @ vector if is_wide else vector
    return found * found[found.abs().argmax()].sign()


def _random(width: int, seed: int) -> Tensor:
    import torch

    return torch.randn(width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _feature(loaded: LoadedModel, number: int) -> Tensor:
    import torch

    return torch.from_numpy(find_autoencoder(loaded.info.name).direction(number)).double()


def _from_file(path: str) -> Tensor:
    import numpy as np
    import torch

    place = Path(path).expanduser()
    hint = "Give a file that numpy.save has written: one row of numbers."
    try:
        # Mapped, so that a huge file that is none of ours is not read.
        stored = np.lib.format.open_memmap(place, mode="r")
    except (OSError, ValueError, EOFError) as error:
        what = "is not there" if not place.exists() else "cannot be read as a numpy array"
        raise SurgeryError(f"The file {path} {what}.", hint) from error
    if stored.squeeze().ndim != 1 or stored.dtype.kind not in "fiu":
        raise SurgeryError(f"The file {path} holds no single vector of numbers.", hint)
    vector = np.array(stored.squeeze(), dtype=np.float64)
    if not np.isfinite(vector).all():
        raise SurgeryError(f"Some entries of {path} are no finite numbers.", hint)
    return torch.from_numpy(vector)
