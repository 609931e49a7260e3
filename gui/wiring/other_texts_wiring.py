"""Counterfactual prompt, reference prompts and donor model: between the line below the prompt, the strip, the store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Slot

from core.errors import SurgeryError
from core.interventions.plan import Incision
from core.models.catalogue import list_models
from core.sessions import edits
from core.sessions.other_texts import taken_by, wanted
from core.sessions.session import patching_words
from core.sites.site import parse_site
from core.text.prompt_sets import prompt_sets
from gui.dialogs.reference_prompts import ask_for_references, summary
from gui.notifications import Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.interventions.operation import Need
    from core.runs.events import DonorTokens, Note
    from core.sessions.session import Session
    from core.text.tokens import Tokens
    from gui.main_window import MainWindow
    from gui.notifications import Notifications
    from gui.run_controller import RunController
    from gui.settings import Settings
    from gui.store import SessionStore

KEY = "other-texts"


def needs(session: Session) -> frozenset[Need]:
    """Return what the plan takes from, and what the next incision would."""
    brush = Incision(parse_site("embed"), session.chosen, session.brush.operation, session.brush.params)
    return wanted(session) | taken_by(brush)


class OtherTextsWiring(QObject):
    """Keeps the line below the prompt and the strip's second row in step with the session, both ways."""

    def __init__(
        self,
        store: SessionStore,
        controller: RunController,
        notifications: Notifications,
        window: MainWindow,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._notifications, self._window = store, notifications, window
        self._settings = settings
        self._bar, self._strip = window.counterfactual, window.strip
        self._tokens: Tokens | None = None
        self._donor: DonorTokens | None = None
        self._sets = {each.prompts: each.name for each in prompt_sets().values()}
        bar = self._bar
        bar.promptEdited.connect(self._on_bar_prompt_edited)
        bar.promptFinished.connect(store.seal)
        bar.cleared.connect(self._on_bar_cleared)
        bar.swapWanted.connect(self.swap_prompts)
        bar.sideChosen.connect(self._on_bar_side_chosen)
        bar.referencesWanted.connect(self.ask_for_references)
        bar.donorModelsWanted.connect(self._on_bar_donor_models_wanted)
        bar.donorModelChosen.connect(self._on_bar_donor_model_chosen)
        self._strip.matchToggled.connect(self._on_strip_match_toggled)
        store.changed.connect(lambda before, after: self.show_session(after))
        controller.tokensChanged.connect(self._on_controller_tokens_changed)
        controller.donorTokensChanged.connect(self._on_controller_donor_tokens_changed)
        controller.resolved.connect(self._on_controller_resolved)
        self.show_session(store.session)

    def show_session(self, session: Session) -> None:
        """Show what a session says of other prompts and models."""
        needed = needs(session)
        self._bar.set_prompt(session.donor_prompt, "donor" in needed)
        self._bar.set_direction(session.clean_side, patching_words(session))
        self._bar.set_references(*self._references(session, bool(needed & {"references", "transplant"})))
        self._bar.set_donor_model(session.donor_model, "transplant" in needed)
        if not session.donor_prompt.strip():
            self._drop_donor()

    def _drop_donor(self) -> None:
        if self._donor is not None:
            self._donor = None
            self._strip.set_donor(None)

    def _references(self, session: Session, needed: bool) -> tuple[str, str]:
        """Return which reference prompts there are, short and in full."""
        if not session.references:
            return ("Choose reference prompts …", "No reference prompts yet.") if needed else ("", "")
        name = self._sets.get(session.references, "own")
        return f"reference prompts: {len(session.references)} ({name})", summary(session.references)

    def _edit(self, change: Callable[[Session], Session], label: str, group: str = "") -> None:
        try:
            self._store.edit(change(self._store.session), label, group=group)
        except SurgeryError as error:
            self._notifications.show(Notice(KEY, "warning", error.message, error.hint))
            return
        self._notifications.withdraw(KEY)

    @Slot()
    def ask_for_references(self) -> None:
        """Let the user choose reference prompts."""
        chosen = ask_for_references(self._window, self._store.session.references)
        if chosen is not None:
            self._edit(lambda session: edits.with_references(session, chosen), "Choose reference prompts")

    @Slot(str)
    def _on_bar_prompt_edited(self, text: str) -> None:
        label = "Change the counterfactual prompt"
        self._edit(lambda session: edits.with_donor_prompt(session, text), label, "counterfactual")

    @Slot()
    def _on_bar_cleared(self) -> None:
        self._edit(lambda session: edits.with_donor_prompt(session, ""), "Take the counterfactual prompt away")

    @Slot()
    def swap_prompts(self) -> None:
        """Exchange prompt and counterfactual prompt."""
        self._edit(edits.swapped_prompts, "Swap the two prompts")

    @Slot(str)
    def _on_bar_side_chosen(self, side: str) -> None:
        clean: Literal["prompt", "donor"] = "donor" if side == "donor" else "prompt"
        self._edit(lambda session: replace(session, clean_side=clean), "Name the direction of patches")

    @Slot()
    def _on_bar_donor_models_wanted(self) -> None:
        entries = list_models(folders=self._settings.folders)
        known = [(each.name, each.family or "unknown family", each.supported) for each in entries]
        self._bar.set_donor_models(known, self._store.session.donor_model)

    @Slot(str)
    def _on_bar_donor_model_chosen(self, name: str) -> None:
        self._edit(lambda session: edits.with_donor_model(session, name), "Choose the donor model")

    @Slot(int, int)
    def _on_strip_match_toggled(self, here: int, there: int) -> None:
        if (here, there) in self._store.session.matches:
            self._edit(lambda session: edits.without_match(session, here), "Part two tokens")
        else:
            self._edit(lambda session: edits.with_match(session, here, there), "Match two tokens")

    @Slot(object)
    def _on_controller_tokens_changed(self, tokens: Tokens) -> None:
        """Drop the alignment of another prompt; the strip has done so too."""
        if tokens != self._tokens:
            self._tokens, self._donor = tokens, None

    @Slot(object)
    def _on_controller_donor_tokens_changed(self, donor: DonorTokens) -> None:
        matches = self._store.session.matches
        if self._store.session.donor_prompt.strip():
            self._donor = donor
            self._strip.set_donor(donor.tokens, donor.alignment, matches)

    @Slot(object, object)
    def _on_controller_resolved(self, request: object, notes: tuple[Note, ...]) -> None:
        """Show no earlier counterfactual prompt where the one in force cannot be split."""
        if any(note.part == "donor" for note in notes):
            self._drop_donor()
