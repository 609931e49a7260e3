"""What the operations of a plan need to know before it is run: gathered from other runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.direction_form import parse_direction
from core.interventions.ops import OPERATIONS
from core.runs.capture import capture
from core.runs.compile import NOTHING
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


class Supplies:
    """Gathers what the incisions of a request need; what was gathered once is kept in the cache.

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
        self._loaded = loaded
        self._request = request
        self._clean = clean
        self._cache = cache
        self._cancel = cancel
        self._carried: dict[ResolvedIncision, Tensor] = {}
        self._transplanter = None if donor is None else Transplanter(loaded, donor, request, cancel)

    def gathered(self) -> list[Activation]:
        """Return what each incision needs, in the order of the plan.

        Raises
        ------
        SurgeryError
            If something cannot be had, such as a direction of another width.
        Cancelled
            If the run was cancelled.
        """
        return [self._for(incision) for incision in self._request.plan]

    def _for(self, incision: ResolvedIncision) -> Activation:
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
        """Return the clean activations [token, width] at sites of the prompt."""
        return {site: rows[0] for site, rows in self._captured_at((self._request.ids,), sites).items()}

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

    def _captured(self, prompts: Sequence[tuple[int, ...]], site: Site) -> list[Tensor]:
        """Return a site's clean activation [token, width] in each prompt."""
        return self._captured_at(prompts, (site,))[site]

    def _captured_at(self, prompts: Sequence[tuple[int, ...]], sites: Sequence[Site]) -> dict[Site, list[Tensor]]:
        """Return the clean activations at sites, those that are not kept through one run of each prompt."""
        model = self._loaded.identity
        found = {site: self._cache.captured(model, prompts, site) for site in sites}
        missing = [site for site, rows in found.items() if rows is None]
        if missing:
            found |= capture(self._loaded, prompts, missing, self._cancel)
            for site in missing:
                self._cache.keep_captured(model, prompts, site, found[site] or [])
        return {site: rows or [] for site, rows in found.items()}

    def _donor(self, incision: ResolvedIncision) -> Tensor:
        return self._captured((self._request.donor,), incision.site)[0][list(incision.sources)]

    def _references(self, incision: ResolvedIncision) -> tuple[Tensor, ...]:
        """Return the site at those chosen tokens that each reference prompt is long enough for."""
        site = incision.site
        # Logits of all their tokens would not fit into memory: they are reckoned from the last residual where wanted.
        of_logits = site.hook_point == "logits"
        stream = Site("resid_post", self._loaded.info.n_layers - 1)
        rows = self._captured(self._request.references, stream if of_logits else site)
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
        return self._answers(found) if of_logits else found

    def _answers(self, residuals: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        import torch

        with torch.inference_mode():
            return tuple(answer_of(self._loaded, each) for each in residuals)

    def _transplanted(self, incision: ResolvedIncision) -> Tensor:
        assert self._transplanter is not None, "a transplant was resolved with its donor"
        key = (self._request.model, self._request.ids, self._request.transplant, replace(incision, index=0))
        kept = self._cache.transplanted(key)
        if kept is None:
            kept = self._transplanter.transplanted(incision)
            self._cache.keep_transplanted(key, kept)
        self._remark(incision, kept[1])
        return kept[0]

    def _direction(self, incision: ResolvedIncision) -> Tensor:
        form = parse_direction(str(dict(incision.params)["v"]))
        rows: dict[str, Tensor] = {"prompt": self._captured((self._request.ids,), incision.site)[0]}
        if form.kind == "donor":
            rows["donor"] = self._captured((self._request.donor,), incision.site)[0]
        if form.kind == "pca":
            rows |= self._spread_rows(incision, f"principal component {form.number}")
        return resolve_direction(self._loaded, form, **rows)

    def _spread_rows(self, incision: ResolvedIncision, name: str) -> dict[str, Tensor]:
        """Return the tokens of the reference prompts, whose spread a component is of; else it is this prompt's."""
        import torch

        if not self._request.references:
            self._remark(incision, f"{name} of the {len(self._request.ids)} tokens of this prompt")
            return {}
        found = torch.cat(self._captured(self._request.references, incision.site))
        self._remark(incision, f"{name} of {len(found)} tokens of {len(self._request.references)} reference prompts")
        return {"references": found}

    def _remark(self, incision: ResolvedIncision, text: str) -> None:
        self.remarks.append(Remark(incision.index, text))
