"""From one incision of the plan to what is done at which tokens: pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.averages import OVER
from core.interventions.direction_form import parse_direction
from core.interventions.ops import OPERATIONS
from core.runs.request import ResolvedIncision
from core.sessions.checks import NO_HEAD, check_incision
from core.sessions.other_texts import taken_by
from core.sites.selection import parse_selection
from core.text.locate import locate

if TYPE_CHECKING:
    from core.interventions.operation import Operation, Params
    from core.interventions.plan import Incision
    from core.models.info import ModelInfo
    from core.sessions.other_texts import OtherTexts
    from core.text.tokens import Tokens

FEWER = "Choose fewer tokens, or average over reference prompts."


def resolve_incision(
    index: int,
    incision: Incision,
    tokens: Tokens,
    info: ModelInfo,
    token_id: Callable[[str], int],
    others: OtherTexts,
) -> ResolvedIncision:
    """Turn the words of an incision into positions, and find where what it puts in comes from.

    Parameters
    ----------
    index : int
        Place in the session's plan.
    token_id : callable
        Gives the id of a one-token text, or raises SurgeryError.

    Raises
    ------
    SurgeryError
        If it cannot be made in this model, on this prompt, with what there is to take from.
    """
    check_incision(incision, info)
    positions = locate(incision.selection, tokens)
    operation, params = OPERATIONS[incision.operation], dict(incision.params)
    needs = operation.wants(params)
    for need in sorted(taken_by(incision)):
        others.check(need, operation.label, is_needed=need in needs or need == "donor")
    if "direction" in needs:
        _check_direction(str(params["v"]), tokens, info, token_id, others)
    if OVER in operation.parameters and params["over"] == "prompt" and len(positions) == len(tokens):
        raise SurgeryError("All tokens are chosen: there are no others to average over.", FEWER)
    if "references" in needs:
        _check_references(positions, others)
    sources: tuple[int, ...] = ()
    if "donor" in needs:
        is_row = incision.site.point.width == "keys"
        sources = (_same_rows if is_row else _counterparts)(positions, tokens, others)
    if "transplant" in needs:
        if others.donor_model is not None:
            _check_layer(int(params["layer"]), others.donor_model)
        sources = _ends(positions, tokens, others)
    return ResolvedIncision(
        index=index,
        site=incision.site,
        positions=positions,
        operation=incision.operation,
        params=incision.params,
        sources=sources,
        keys=_keys(operation, params, tokens),
        receiver=incision.receiver,
    )


def _keys(operation: Operation, params: Params, tokens: Tokens) -> tuple[int, ...]:
    named = [str(params[p.name]) for p in operation.parameters if p.kind == "tokens"]
    return tuple(sorted({position for text in named for position in locate(parse_selection(text), tokens)}))


def _counterparts(positions: tuple[int, ...], tokens: Tokens, others: OtherTexts) -> tuple[int, ...]:
    sources = tuple(source for position in positions if (source := others.alignment[position]) is not None)
    if len(sources) < len(positions):
        lonely = [position for position in positions if others.alignment[position] is None]
        verb = "has" if len(lonely) == 1 else "have"
        raise SurgeryError(
            f"{_named(lonely, tokens)} {verb} no counterpart in the counterfactual prompt.",
            "Match it with a token there, or use prompts of the same length.",
        )
    return sources


def _same_rows(positions: tuple[int, ...], tokens: Tokens, others: OtherTexts) -> tuple[int, ...]:
    """Return the same positions, or refuse rows of attention over other keys than those they would replace."""
    assert others.donor is not None, "what a patch needs has been checked"
    count = len(others.donor)
    if count != len(tokens):
        raise SurgeryError(
            f"A row of attention has one entry for each token, but the counterfactual prompt has {count} tokens "
            f"and the prompt {len(tokens)}.",
            "Use prompts of the same length, or patch z instead.",
        )
    if _counterparts(positions, tokens, others) != positions:
        raise SurgeryError(
            "A row of attention runs over the keys of its own prompt, so it cannot go to another position.",
            "Take the match away, or patch z instead.",
        )
    return positions


def _ends(positions: tuple[int, ...], tokens: Tokens, others: OtherTexts) -> tuple[int, ...]:
    sources = tuple(source for position in positions if (source := others.ends[position]) is not None)
    if len(sources) < len(positions):
        lonely = [position for position in positions if others.ends[position] is None]
        name = "the donor model" if others.donor_model is None else others.donor_model.name
        verb = "does" if len(lonely) == 1 else "do"
        raise SurgeryError(
            f"{_named(lonely, tokens)} {verb} not end where a token of {name} ends.",
            "Choose tokens that are the same in both models, such as whole words.",
        )
    return sources


def _named(positions: list[int], tokens: Tokens) -> str:
    first = f"{positions[0]} {tokens.items[positions[0]].text!r}"
    if len(positions) == 1:
        return f"Token {first}"
    return f"{len(positions)} tokens, the first of them {first},"


def _check_references(positions: tuple[int, ...], others: OtherTexts) -> None:
    longest = max(map(len, others.references))
    if positions[-1] >= longest:
        raise SurgeryError(
            f"No reference prompt is long enough for token {positions[-1]}: the longest has {longest} tokens.",
            "Choose an earlier token, or give longer reference prompts.",
        )


def _check_layer(layer: int, donor: ModelInfo) -> None:
    if layer >= donor.n_layers:
        raise SurgeryError(
            f"{donor.name} has no layer {layer}.", f"Choose a layer from 0 to {donor.n_layers - 1}, or -1."
        )


def _check_direction(
    text: str, tokens: Tokens, info: ModelInfo, token_id: Callable[[str], int], others: OtherTexts
) -> None:
    """Check that the tokens whose unembedding is meant are there, and enough of them for a component."""
    form = parse_direction(text)
    texts, n_tokens = form.texts, sum(map(len, others.references)) or len(tokens)
    if form.kind == "pca" and form.number > (most := min(n_tokens - 1, info.d_model)):
        raise SurgeryError(
            f"There is no principal component {form.number}: {n_tokens} token{'s have' if n_tokens > 1 else ' has'} "
            f"{f'at most {most}' if most else 'none'}.",
            f"Choose pca1 to pca{most}, or give more reference prompts." if most else "Give reference prompts.",
        )
    if texts and not info.has_head:
        raise SurgeryError(NO_HEAD, "Choose a direction that needs no unembedding, such as pca1.")
    for each in texts:
        token_id(each)
