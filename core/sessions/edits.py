"""Edits of a session: pure functions from a session to a new one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.errors import SurgeryError
from core.interventions.operation import N_SEEDS
from core.interventions.ops import OPERATIONS
from core.interventions.plan import Incision, ParamValue, Plan, sorted_params
from core.sessions.session import Brush, Session, TokenPair
from core.sessions.settings import GENERATION, SEEDS

if TYPE_CHECKING:
    from core.sites.selection import Selection
    from core.sites.site import Site

MOST_PAIRS = 4
MOST_REFERENCES = 500


def with_operation(session: Session, operation: str) -> Session:
    """Return the session with another operation in the brush, at its default parameters."""
    params = OPERATIONS[operation].checked({})
    return replace(session, brush=Brush(operation, sorted_params(params)))


def with_brush_param(session: Session, name: str, value: ParamValue) -> Session:
    """Return the session with one parameter of the brush changed.

    Raises
    ------
    SurgeryError
        If the value does not fit.
    """
    params = OPERATIONS[session.brush.operation].checked({**dict(session.brush.params), name: value})
    return replace(session, brush=replace(session.brush, params=sorted_params(params)))


def with_brush_of(session: Session, index: int) -> Session:
    """Return the session with the operation and parameters of one incision in the brush."""
    incision = session.plan[index]
    return replace(session, brush=Brush(incision.operation, incision.params))


def with_incision_param(session: Session, index: int, name: str, value: ParamValue) -> Session:
    """Return the session with one parameter of one incision changed.

    Raises
    ------
    SurgeryError
        If the value does not fit.
    """
    incision = session.plan[index]
    checked = OPERATIONS[incision.operation].checked({**dict(incision.params), name: value})
    return replace(session, plan=session.plan.replaced(index, incision.with_param(name, checked[name])))


def painted(
    session: Session, sites: Iterable[Site], selection: Selection, instead: Mapping[Site, int] | None = None
) -> Session:
    """Return the session with the brush's operation at each site, at a selection of tokens.

    Where something was cut at the same place already, it is replaced. Random operations each get
    the first seed, from the brush's on, that no other incision has: no two draw the same noise.

    Parameters
    ----------
    instead : mapping of Site to int, optional
        Indices of incisions at the same tokens, named in other words, that are replaced too.

    Raises
    ------
    SurgeryError
        If the operation makes no sense at one of the sites.
    """
    plan, operation = session.plan, OPERATIONS[session.brush.operation]
    params = operation.checked(dict(session.brush.params))
    for site in sites:
        operation.check_point(site.hook_point)
        index = plan.find(site, selection) if instead is None or site not in instead else instead[site]
        others = plan if index is None else plan.without(index)
        own = {**params, "seed": _free_seed(others, int(params["seed"]))} if "seed" in params else params
        incision = Incision(site, selection, session.brush.operation, sorted_params(own))
        plan = plan.added(incision) if index is None else plan.replaced(index, incision)
    return replace(session, plan=plan)


def _free_seed(plan: Plan, seed: int) -> int:
    taken = {dict(incision.params).get("seed") for incision in plan}
    return next(wanted % N_SEEDS for wanted in range(seed, seed + len(plan) + 1) if wanted % N_SEEDS not in taken)


def erased(session: Session, indices: Iterable[int]) -> Session:
    """Return the session without the incisions of these indices."""
    gone = set(indices)
    kept = (incision for index, incision in enumerate(session.plan) if index not in gone)
    return replace(session, plan=Plan(tuple(kept)))


def with_enabled(session: Session, enabled: bool, index: int | None = None) -> Session:
    """Return the session with one incision, or all, switched on or off."""
    chosen = range(len(session.plan)) if index is None else (index,)
    plan = session.plan
    for each in chosen:
        plan = plan.replaced(each, replace(plan[each], enabled=enabled))
    return replace(session, plan=plan)


def moved(session: Session, index: int, to: int) -> Session:
    """Return the session with one incision at another place in the order."""
    return replace(session, plan=session.plan.moved(index, to))


def cleared(session: Session) -> Session:
    """Return the session without incisions."""
    return replace(session, plan=Plan())


def with_pair(session: Session, pair: TokenPair) -> Session:
    """Return the session with one more pair to compare.

    Raises
    ------
    SurgeryError
        If there are as many as can be told apart already.
    """
    if pair in session.pairs:
        return session
    if len(session.pairs) >= MOST_PAIRS:
        raise SurgeryError(f"There are {MOST_PAIRS} pairs already.", "Remove one before you add another.")
    return replace(session, pairs=(*session.pairs, pair))


def without_pair(session: Session, index: int) -> Session:
    """Return the session without one pair."""
    return replace(session, pairs=session.pairs[:index] + session.pairs[index + 1 :])


def with_prompt(session: Session, prompt: str) -> Session:
    """Return the session with another prompt; matches named tokens of the old one and are dropped."""
    return session if prompt == session.prompt else replace(session, prompt=prompt, matches=())


def with_donor_prompt(session: Session, prompt: str) -> Session:
    """Return the session with another counterfactual prompt; matches named tokens of the old one and are dropped."""
    return session if prompt == session.donor_prompt else replace(session, donor_prompt=prompt, matches=())


def with_match(session: Session, here: int, there: int) -> Session:
    """Return the session with two tokens matched, which may not be matched with others any more.

    Parameters
    ----------
    here, there : int
        Positions in the prompt and in the counterfactual prompt.

    Raises
    ------
    SurgeryError
        If there is no counterfactual prompt.
    """
    if not session.donor_prompt.strip():
        raise SurgeryError("There is no counterfactual prompt to match tokens with.", "Give one first.")
    others = (each for each in session.matches if each[0] != here and each[1] != there)
    return replace(session, matches=tuple(sorted((*others, (here, there)))))


def without_match(session: Session, here: int) -> Session:
    """Return the session without what the user matched with one token of the prompt."""
    return replace(session, matches=tuple(each for each in session.matches if each[0] != here))


def swapped_prompts(session: Session) -> Session:
    """Return the session with prompt and counterfactual prompt exchanged: the same two, patched the other way.

    The plan stays as it is written; its tokens are looked for in the new prompt.

    Raises
    ------
    SurgeryError
        If there is no counterfactual prompt.
    """
    if not session.donor_prompt.strip():
        raise SurgeryError("There is no counterfactual prompt to swap with.", "Give one first.")
    return replace(
        session,
        prompt=session.donor_prompt,
        donor_prompt=session.prompt,
        matches=tuple(sorted((there, here) for here, there in session.matches)),
        clean_side="donor" if session.clean_side == "prompt" else "prompt",
    )


def with_references(session: Session, prompts: Iterable[str]) -> Session:
    """Return the session with other reference prompts, each once and none of them empty.

    Raises
    ------
    SurgeryError
        If there are too many.
    """
    kept = tuple(dict.fromkeys(prompt for prompt in prompts if prompt.strip()))
    if len(kept) > MOST_REFERENCES:
        raise SurgeryError(
            f"These are {len(kept)} reference prompts, but at most {MOST_REFERENCES} are taken.", "Choose fewer."
        )
    return replace(session, references=kept)


def with_donor_model(session: Session, name: str) -> Session:
    """Return the session with another model to transplant from; an empty name for none."""
    return replace(session, donor_model=name.strip())


def with_seeds(session: Session, count: int) -> Session:
    """Return the session with another number of seeds.

    Raises
    ------
    SurgeryError
        If it is not from 1 to 100.
    """
    return replace(session, seeds=int(SEEDS.checked(count)))


def with_generation(session: Session, **changes: ParamValue) -> Session:
    """Return the session with some settings of the continuation changed.

    Raises
    ------
    SurgeryError
        If a value does not fit.
    """
    checked: dict[str, Any] = {name: GENERATION[name].checked(value) for name, value in changes.items()}
    return replace(session, generation=replace(session.generation, **checked))
