"""Whether a model has what an incision names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.ops import OPERATIONS
from core.interventions.receiver import check_receiver

if TYPE_CHECKING:
    from core.interventions.plan import Incision
    from core.models.info import ModelInfo
    from core.sites.site import Site

NO_HEAD = "This model has no language-model head: it predicts nothing."
NO_HEAD_HINT = "Similarity curves work; for predictions choose a causal or a masked language model."


def check_incision(incision: Incision, info: ModelInfo) -> None:
    """Check that an incision can be made in a model, whatever the prompt.

    Raises
    ------
    SurgeryError
        If the model has no such site or receiver, no path leads from one to the other, or the
        operation makes no sense there.
    """
    check_site(incision.site, info)
    OPERATIONS[incision.operation].check_point(incision.site.hook_point)
    if incision.receiver is not None:
        check_site(incision.receiver, info)
        check_receiver(incision.site, incision.receiver)


def check_site(site: Site, info: ModelInfo) -> None:
    """Check that a model has a site.

    Raises
    ------
    SurgeryError
        If it does not offer the hook point, or has no such layer, head or neuron.
    """
    if site.hook_point == "logits" and not info.has_head:
        raise SurgeryError(NO_HEAD, NO_HEAD_HINT)
    reason = info.why_not(site.hook_point)
    if reason is not None:
        raise SurgeryError(reason, f"{info.name} offers no {site.hook_point}: choose another hook point.")
    if site.layer is not None and site.layer >= info.n_layers:
        raise SurgeryError(
            f"There is no layer {site.layer}: {info.name} has {info.n_layers} layers.",
            f"Choose a layer from 0 to {info.n_layers - 1}.",
        )
    if site.head is not None:
        _check_head(site, site.head, info)
    if site.neuron is not None and info.d_mlp is not None and site.neuron >= info.d_mlp:
        raise SurgeryError(
            f"There is no neuron {site.neuron}: {info.name} has {info.d_mlp} neurons in a layer.",
            f"Choose a neuron from 0 to {info.d_mlp - 1}.",
        )


def _check_head(site: Site, head: int, info: ModelInfo) -> None:
    count = info.heads_at(site.point.heads)
    if head < count:
        return
    if count == info.n_heads:
        message = f"There is no head {head}: {info.name} has {count} heads in a layer."
    else:
        message = (
            f"There is no {site.point.label} head {head}: with grouped-query attention the {info.n_heads} heads of "
            f"{info.name} share {count} key-value head{'s' if count > 1 else ''} in a layer."
        )
    raise SurgeryError(message, f"Choose a head from 0 to {count - 1}." if count > 1 else "Choose head 0.")
