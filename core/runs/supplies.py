"""What the operations of a plan need to know before it is run: gathered from other runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, overload

from core.errors import SurgeryError
from core.interventions.direction_form import parse_direction
from core.interventions.ops import OPERATIONS
from core.runs.capture import capture
from core.runs.compile import NOTHING, site_columns
from core.runs.directions import resolve_direction
from core.runs.path_patching import carried_by_path
from core.runs.result import Remark
from core.runs.spread import spread_of
from core.runs.trace import answer_of
from core.runs.transplanting import Transplanter
from core.sites.site import Site

if TYPE_CHECKING:
    from torch import Tensor

    from core.cancel import CancelToken
    from core.interventions.operation import Activation
    from core.models.loaded_model import LoadedModel
    from core.runs.cache import RunCache
    from core.runs.request import ResolvedIncision, RunRequest
    from core.runs.trace import Trace

Prompts = tuple[tuple[int, ...], ...]
# What may be captured in one forward pass over all prompts.
BYTES_AT_ONCE = 256 * 2**20


class Supplies:
    """Gathers what the incisions of a request need; what was gathered once is kept in the cache.

    All heads or neurons of a layer share one capture, and all layers one forward pass.

    Attributes
    ----------
    remarks : list of Remark
        What should stand beside the figures.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        request: RunRequest,
        clean: Trace,
        cache: RunCache,
        cancel: CancelToken,
        donor: LoadedModel | None,
    ) -> None:
        self.remarks: list[Remark] = []
        self._remarked: set[Remark] = set()
        self._loaded = loaded
        self._request = request
        self._clean = clean
        self._cache = cache
        self._cancel = cancel
        self._carried: dict[ResolvedIncision, Tensor] = {}
        self._transplanter = None if donor is None else Transplanter(loaded, donor, request, cancel)
        self._held: dict[tuple[Prompts, Site], list[Tensor]] = {}
        self._transplants: dict[ResolvedIncision, tuple[Tensor, str]] = {}
        self._directions: dict[tuple[Site, str], Tensor] = {}

    def gathered(self) -> list[Activation]:
        """Return what each incision needs, in the order of the plan.

        Raises
        ------
        SurgeryError
            If something cannot be had, such as a direction of another width.
        Cancelled
            If the run was cancelled.
        """
        self.run_ahead()
        return [self.of(incision) for incision in self._request.plan]

    def run_ahead(self) -> None:
        """Run all forward passes that the plan needs, so that `of` needs none any more.

        Raises
        ------
        SurgeryError, Cancelled
            As `gathered`.
        """
        by_prompts: dict[Prompts, dict[Site, None]] = {}
        for incision in self._request.plan:
            for prompts, site in self._sources(incision):
                by_prompts.setdefault(prompts, {})[site] = None
        for prompts, sites in by_prompts.items():
            self._capture(prompts, list(sites))
        for incision in self._request.plan:
            wants = OPERATIONS[incision.operation].wants(dict(incision.params))
            if "transplant" in wants:
                self._transplant(incision)
            if "direction" in wants:
                self._direction(incision)

    def _sources(self, incision: ResolvedIncision) -> list[tuple[Prompts, Site]]:
        """Return at what sites, of all heads or neurons, an incision looks in which prompts."""
        wants = OPERATIONS[incision.operation].wants(dict(incision.params))
        found: list[Prompts] = []
        if "donor" in wants:
            found.append((self._request.donor,))
        if "references" in wants and incision.site.hook_point == "logits":
            return [(self._request.references, self._last_residual)]
        if "references" in wants:
            found.append(self._request.references)
        if "direction" in wants:
            form = parse_direction(str(dict(incision.params)["v"]))
            found.append((self._request.ids,))
            found += [(self._request.donor,)] if form.kind == "donor" else []
            found += [self._request.references] if form.kind == "pca" and self._request.references else []
        return [(prompts, _whole(incision.site)) for prompts in found]

    def _capture(self, prompts: Prompts, sites: list[Site]) -> None:
        """Hold sites' clean activations in prompts."""
        missing: list[Site] = []
        for site in sites:
            kept = self._cache.captured(self._loaded.identity, prompts, site)
            if kept is None:
                missing.append(site)
            else:
                self._held[prompts, site] = kept
        if not missing:
            return
        size = sum(map(len, prompts)) * self._widest * self._clean.residuals.element_size()
        count = max(1, BYTES_AT_ONCE // size)
        for start in range(0, len(missing), count):
            found = capture(self._loaded, prompts, missing[start : start + count], self._cancel)
            for site, rows in found.items():
                self._cache.keep_captured(self._loaded.identity, prompts, site, rows)
                self._held[prompts, site] = self._needed(prompts, rows)

    def _needed(self, prompts: Prompts, rows: list[Tensor]) -> list[Tensor]:
        """Return of many reference prompts the tokens up to the last that is chosen anywhere, unless all count."""
        if prompts != self._request.references or any("v" in dict(each.params) for each in self._request.plan):
            return rows
        end = 1 + max(each.positions[-1] for each in self._request.plan)
        return [row if len(row) <= end else row[:end].clone() for row in rows]

    @property
    def _widest(self) -> int:
        info = self._loaded.info
        return max(info.d_model, info.n_heads * info.d_head, info.d_mlp or 0)

    def of(self, incision: ResolvedIncision) -> Activation:
        """Return what one incision of the plan needs; first `run_ahead`."""
        wants = OPERATIONS[incision.operation].wants(dict(incision.params))
        known = replace(NOTHING, keys=incision.keys)
        if "spread" in wants:
            known = self._with_spread(known, incision)
        if "donor" in wants:
            known = replace(known, donor=self._donor(incision))
        if "references" in wants:
            known = replace(known, references=self._references(incision))
        if "transplant" in wants:
            known = replace(known, donor=self._transplanted(incision))
        if "direction" in wants:
            known = replace(known, direction=self._direction(incision))
        return known

    def carried(self, incision: ResolvedIncision, known: Activation) -> Activation:
        """Return the same with what the incision's path carries, where it has a receiver.

        The incision may be one of the plan with its seed counted on: a random direction is another one then.
        """
        if known.direction is not None and incision not in self._request.plan:
            known = replace(known, direction=self._direction(incision))
        if incision.receiver is None:
            return known
        if incision not in self._carried:
            self._carried[incision] = carried_by_path(
                self._loaded, self._request.ids, self._clean, incision, known, self._cancel, self._clean_at
            )
        return replace(known, carried=self._carried[incision])

    def _clean_at(self, sites: tuple[Site, ...]) -> dict[Site, Tensor]:
        """Return the clean activations [token, width] at sites of the prompt, through one run of it."""
        model, prompts = self._loaded.identity, (self._request.ids,)
        found = {site: self._cache.captured(model, prompts, site) for site in sites}
        missing = [site for site, rows in found.items() if rows is None]
        if missing:
            found |= capture(self._loaded, prompts, missing, self._cancel)
            for site in missing:
                self._cache.keep_captured(model, prompts, site, found[site] or [])
        return {site: rows[0] for site, rows in found.items() if rows}

    def _with_spread(self, known: Activation, incision: ResolvedIncision) -> Activation:
        site = incision.site
        if site.hook_point == "logits":
            import torch

            with torch.inference_mode():
                spread = spread_of(answer_of(self._loaded, self._clean.residuals[-1])[None])
        else:
            spread = self._clean.spread
        boundary = site.boundary
        return replace(
            known,
            layer_std=spread.layer[boundary],
            token_std=tuple(spread.token[boundary][position] for position in incision.positions),
        )

    @property
    def _last_residual(self) -> Site:
        """Where the logits of reference prompts are reckoned from: all of them would not fit into memory."""
        return Site("resid_post", self._loaded.info.n_layers - 1)

    def _captured(self, prompts: Prompts, site: Site) -> list[Tensor]:
        """Return a site's clean activation [token, width] in each prompt."""
        rows = self._held[prompts, _whole(site)]
        if site == _whole(site):
            return rows
        # One head or neuron is one slice; how wide the whole is can differ from prompt to prompt.
        return [row[:, site_columns(site, self._loaded.info, row.shape[-1])[0]] for row in rows]

    def _donor(self, incision: ResolvedIncision) -> Tensor:
        return self._captured((self._request.donor,), incision.site)[0][list(incision.sources)]

    def _references(self, incision: ResolvedIncision) -> tuple[Tensor, ...]:
        """Return the site at those chosen tokens that each reference prompt is long enough for."""
        of_logits = incision.site.hook_point == "logits"
        rows = self._captured(self._request.references, self._last_residual if of_logits else incision.site)
        last = incision.positions[-1]
        reach = sum(len(row) > last for row in rows)
        if not reach:
            raise SurgeryError(
                f"None of the {len(rows)} reference prompts is long enough to have a token {last}.",
                "Give longer reference prompts, or choose an earlier token.",
            )
        short = "" if reach == len(rows) else f" at token {last} (of {len(rows)}; the others are too short)"
        self._remark(incision, f"over {reach} reference prompt{'' if reach == 1 else 's'}{short}")
        found = tuple(row[[position for position in incision.positions if position < len(row)]] for row in rows)
        return _answers(self._loaded, found) if of_logits else found

    def _transplanted(self, incision: ResolvedIncision) -> Tensor:
        found, fit = self._transplants[incision]
        self._remark(incision, fit)
        return found

    def _transplant(self, incision: ResolvedIncision) -> None:
        assert self._transplanter is not None, "a transplant was resolved with its donor"
        key = (self._request.model, self._request.ids, self._request.transplant, replace(incision, index=0))
        kept = self._cache.transplanted(key)
        if kept is None:
            kept = self._transplanter.transplanted(incision)
            self._cache.keep_transplanted(key, kept)
        self._transplants[incision] = kept

    def _direction(self, incision: ResolvedIncision) -> Tensor:
        import torch

        form = parse_direction(str(dict(incision.params)["v"]))
        if form.kind == "pca":
            self._remark(incision, f"principal component {form.number} of {self._spread_words}")
        key = (incision.site, str(form))
        if key not in self._directions:
            rows: dict[str, Tensor] = {"prompt": self._captured((self._request.ids,), incision.site)[0]}
            if form.kind == "donor":
                rows["donor"] = self._captured((self._request.donor,), incision.site)[0]
            if form.kind == "pca" and self._request.references:
                rows["references"] = torch.cat(self._captured(self._request.references, incision.site))
            self._directions[key] = resolve_direction(self._loaded, form, **rows)
        return self._directions[key]

    @property
    def _spread_words(self) -> str:
        """Of which tokens a component is: those of the reference prompts, or else of this one."""
        references = self._request.references
        if not references:
            return f"the {len(self._request.ids)} tokens of this prompt"
        return f"{sum(map(len, references))} tokens of {len(references)} reference prompts"

    def _remark(self, incision: ResolvedIncision, text: str) -> None:
        remark = Remark(incision.index, text)
        if remark not in self._remarked:
            self._remarked.add(remark)
            self.remarks.append(remark)


class ForCells(Sequence["Activation"]):
    """What the cells of a sweep need, made when it is asked for: parts of what is held for all.

    Parameters
    ----------
    supplies : Supplies
        Which have been run ahead.
    """

    def __init__(self, supplies: Supplies, cells: Sequence[ResolvedIncision]) -> None:
        self._supplies = supplies
        self._cells = cells

    def __len__(self) -> int:
        return len(self._cells)

    @overload
    def __getitem__(self, number: int) -> Activation: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Activation]: ...
    def __getitem__(self, number: int | slice) -> Activation | Sequence[Activation]:
        if isinstance(number, slice):
            return ForCells(self._supplies, self._cells[number])
        return self._supplies.of(self._cells[number])


def _whole(site: Site) -> Site:
    """Return the site of all heads or neurons of a layer."""
    return Site(site.hook_point, site.layer)


def _answers(loaded: LoadedModel, residuals: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    import torch

    with torch.inference_mode():
        return tuple(answer_of(loaded, each) for each in residuals)
