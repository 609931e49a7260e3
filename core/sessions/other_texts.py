"""What a plan needs besides the prompt: other prompts, and the prompt in another model's tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.direction_form import parse_direction
from core.interventions.ops import OPERATIONS
from core.models.tokenizing import tokenize
from core.runs.request import Transplant
from core.text.alignment import align, align_by_text

if TYPE_CHECKING:
    from core.interventions.operation import Need
    from core.interventions.plan import Incision
    from core.models.info import ModelInfo
    from core.models.loaded_model import LoadedModel
    from core.runs.request import ResolvedIncision
    from core.sessions.session import Session
    from core.text.alignment import Alignment
    from core.text.tokens import Tokens

COUNTERFACTUAL = "The counterfactual prompt"
HOW_TO_SUPPLY: dict[Need, tuple[str, str]] = {
    "donor": ("a counterfactual prompt", "Type one below the prompt."),
    "references": ("reference prompts", "Choose a set, or a file of your own, below the prompt."),
    "transplant": ("a donor model", "Choose one below the prompt."),
}


@dataclass(frozen=True)
class OtherTexts:
    """What there is to take from, as far as a session needs it.

    Attributes
    ----------
    donor : Tokens or None
        The counterfactual prompt; there even if nothing is patched from it.
    alignment : tuple of (int or None), [token]
        For each token of the prompt its counterpart there.
    references : tuple of tuple of int
        Token ids of the reference prompts.
    transplant : Transplant or None
    donor_model : ModelInfo or None
        The model that it comes from.
    ends : tuple of (int or None), [token]
        For each token of the prompt the donor model's token that ends at the same character.
    problems : mapping of str to SurgeryError
        By need: why it cannot be supplied, where it is given but of no use.
    """

    donor: Tokens | None = None
    alignment: Alignment = ()
    references: tuple[tuple[int, ...], ...] = ()
    transplant: Transplant | None = None
    donor_model: ModelInfo | None = None
    ends: Alignment = ()
    problems: Mapping[Need, SurgeryError] = field(default_factory=dict)

    def check(self, need: Need, label: str, *, is_needed: bool = True) -> None:
        """Check that what an operation takes from is there.

        Parameters
        ----------
        label : str
            The operation's name.
        is_needed : bool
            Whether it cannot do without.

        Raises
        ------
        SurgeryError
            If it is not, and how to give it.
        """
        there = {"donor": self.donor, "references": self.references, "transplant": self.transplant}
        if need in self.problems:
            raise self.problems[need]
        if is_needed and need in there and not there[need]:
            what, hint = HOW_TO_SUPPLY[need]
            raise SurgeryError(f"{label} needs {what}.", hint)


def wanted(session: Session) -> frozenset[Need]:
    """Return what the enabled incisions of a session take from."""
    return frozenset().union(*(taken_by(each) for each in session.plan if each.enabled))


def taken_by(incision: Incision | ResolvedIncision) -> frozenset[Need]:
    """Return what an incision takes from; a direction can be one between prompts."""
    needs = OPERATIONS[incision.operation].wants(dict(incision.params))
    if "direction" not in needs:
        return needs
    uses = parse_direction(str(dict(incision.params)["v"])).uses
    return needs | {uses} if uses else needs


def other_texts(
    loaded: LoadedModel,
    session: Session,
    tokens: Tokens,
    donor: LoadedModel | None,
    missing: SurgeryError | None = None,
) -> OtherTexts:
    """Split into tokens what a session needs; the counterfactual prompt whenever there is one.

    Parameters
    ----------
    tokens : Tokens
        The session's prompt.
    donor : LoadedModel or None
        The session's donor model, if it is open.
    missing : SurgeryError or None
        Why it could not be opened.
    """
    needs = wanted(session)
    found = OtherTexts()
    problems: dict[Need, SurgeryError] = {}
    if session.donor_prompt.strip():
        try:
            there = tokenize(loaded, session.donor_prompt, COUNTERFACTUAL)
            found = replace(found, donor=there, alignment=align(tokens, there, session.matches))
        except SurgeryError as error:
            problems["donor"] = error
    if "references" in needs:
        try:
            found = replace(found, references=tuple(each.ids for each in _references(loaded, session)))
        except SurgeryError as error:
            problems["references"] = error
    if "transplant" in needs and missing is not None:
        problems["transplant"] = missing
    elif "transplant" in needs and session.donor_model:
        try:
            found = _with_transplant(found, loaded, session, tokens, donor)
        except SurgeryError as error:
            problems["transplant"] = error
    return replace(found, problems=problems)


def _references(loaded: LoadedModel, session: Session) -> list[Tokens]:
    return [
        tokenize(loaded, prompt, f"Reference prompt {number}") for number, prompt in enumerate(session.references, 1)
    ]


def _with_transplant(
    found: OtherTexts, loaded: LoadedModel, session: Session, tokens: Tokens, donor: LoadedModel | None
) -> OtherTexts:
    """Return the same with the prompt and the reference prompts in both models' tokens."""
    if donor is None or donor.info.name != session.donor_model:
        raise SurgeryError(f"The donor model {session.donor_model} is not open.", "Choose it again.")
    here = [tokens, *_references(loaded, session)]
    there = [tokenize(donor, session.prompt), *_references(donor, session)]
    ends = [align_by_text(ours, theirs) for ours, theirs in zip(here, there, strict=True)]
    shared = tuple(
        (ours.ids, theirs.ids, tuple((a, b) for a, b in enumerate(alignment) if b is not None))
        for ours, theirs, alignment in zip(here, there, ends, strict=True)
    )
    transplant = Transplant(donor.identity, there[0].ids, shared)
    return replace(found, transplant=transplant, donor_model=donor.info, ends=ends[0])
