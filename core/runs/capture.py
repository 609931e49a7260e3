"""Activations at sites of an untouched run: what is put in elsewhere, averaged, or projected on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from core.runs.batch import Batch, unpadded
from core.runs.batch_sizes import tokens_at_once
from core.runs.compile import site_columns
from core.runs.places import Hooks, hooks_at
from core.runs.trace import answer_of, forward

if TYPE_CHECKING:
    from torch import Tensor

    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.sites.site import Site


def capture(
    loaded: LoadedModel,
    prompts: Sequence[tuple[int, ...]],
    sites: Collection[Site],
    cancel: CancelToken,
    hooks: Hooks | None = None,
) -> dict[Site, list[Tensor]]:
    """Return the activations at sites, for each prompt.

    Parameters
    ----------
    prompts : sequence of tuple of int
        Token ids.
    hooks : Hooks, optional
        What else happens in the run.

    Returns
    -------
    dict of Site to list of Tensor
        One per prompt, of shape [token, width]; scores and patterns of several heads side by side.
    """
    found: dict[Site, list[Tensor]] = {site: [] for site in sites}
    for batch in _batches(prompts, tokens_at_once(loaded.info)):
        for site, rows in _captured(loaded, batch, sites, cancel, hooks).items():
            found[site] += rows
    return found


def _batches(prompts: Sequence[tuple[int, ...]], most: int) -> list[Batch]:
    batches: list[list[tuple[int, ...]]] = []
    for ids in prompts:
        last = batches[-1] if batches else []
        if last and (len(last) + 1) * max(len(ids), *map(len, last)) <= most:
            last.append(ids)
        else:
            batches.append([ids])
    return [Batch(tuple(rows)) for rows in batches]


def _captured(
    loaded: LoadedModel, batch: Batch, sites: Collection[Site], cancel: CancelToken, also: Hooks | None
) -> dict[Site, list[Tensor]]:
    import torch

    seen: dict[tuple[str, int | None], Tensor] = {}
    hooks = Hooks()
    if also is not None:
        hooks.add(also)
    for point, layer in dict.fromkeys((site.hook_point, site.layer) for site in sites):
        if point == "logits":
            continue

        def keep(x: Tensor, place: tuple[str, int | None] = (point, layer)) -> None:
            seen[place] = x.to(loaded.info.device, copy=True)

        hooks.add(hooks_at(loaded, point, layer, len(batch.rows), keep))
    residuals = forward(loaded, batch, hooks, cancel)
    if any(site.hook_point == "logits" for site in sites):
        with torch.inference_mode():
            seen["logits", None] = answer_of(loaded, residuals[-1])
    return {site: _own(loaded, batch, site, seen[site.hook_point, site.layer]) for site in sites}


def _own(loaded: LoadedModel, batch: Batch, site: Site, x: Tensor) -> list[Tensor]:
    """Return a site's part of an activation [batch, token, width], without padding."""
    import torch

    rows = []
    for number, row in enumerate(unpadded(x, batch)):
        columns = site_columns(site, loaded.info, x.shape[-1], batch.span(number))
        rows.append(torch.cat([row[:, each] for each in columns], dim=-1))
    return rows
