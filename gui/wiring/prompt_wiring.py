"""Prompt, tokens, pairs and target: between header, strip, chips and the store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from core.errors import SurgeryError
from core.sessions.edits import MOST_PAIRS, with_pair, with_prompt, without_pair
from core.sessions.session import TokenPair
from core.sites.selection import at
from core.text.locate import found
from gui.notifications import Notice
from gui.widgets.visible_text import visible

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.events import Failure
    from core.runs.request import RunRequest
    from core.runs.result import RunResult
    from core.sessions.session import Session
    from core.sites.selection import Selection
    from core.text.tokens import Tokens
    from gui.header import HeaderBar
    from gui.notifications import Notifications
    from gui.pair_chips import PairChips
    from gui.run_controller import RunController
    from gui.store import SessionStore
    from gui.surgery.token_strip import TokenStrip


class PromptWiring(QObject):
    """Keeps header, strip and chips in step with the session, both ways."""

    def __init__(
        self,
        store: SessionStore,
        controller: RunController,
        notifications: Notifications,
        header: HeaderBar,
        strip: TokenStrip,
        chips: PairChips,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._notifications = store, notifications
        self._header, self._strip, self._chips = header, strip, chips
        self._tokens: Tokens | None = None
        self._target_hint = "likeliest"
        self._texts: dict[int, str] = {}
        header.promptEdited.connect(self._on_header_prompt_edited)
        header.promptFinished.connect(store.seal)
        header.targetEdited.connect(self._on_header_target_edited)
        header.versusEdited.connect(self._on_header_versus_edited)
        header.targetFinished.connect(store.seal)
        strip.selectionChosen.connect(self._on_strip_selection_chosen)
        strip.pairChosen.connect(self._on_strip_pair_chosen)
        chips.removed.connect(self._on_chips_removed)
        store.changed.connect(lambda before, after: self.show_session(after))
        controller.tokensChanged.connect(self._on_controller_tokens_changed)
        controller.resolved.connect(self._on_controller_resolved)
        controller.resultReady.connect(self._on_controller_result_ready)
        controller.modelOpened.connect(self._on_controller_model_opened)
        controller.failed.connect(self._on_controller_failed)
        self.show_session(store.session)

    def show_session(self, session: Session) -> None:
        """Show what a session says of prompt, target, pairs and chosen tokens."""
        self._header.set_prompt(session.prompt)
        self._header.set_target(self._text(session.target), self._target_hint)
        self._header.set_versus(self._text(session.versus))
        self._show_on_strip(session)
        if len(session.pairs) < MOST_PAIRS:
            self._notifications.withdraw("pairs")

    def _text(self, token: str | int | None) -> str:
        """Return how a token is written in a field; one that was clicked is known by its id."""
        if isinstance(token, int):
            text = self._texts.get(token, f"token {token}")
            return text if text.isprintable() else visible(text)
        return token or ""

    def _show_on_strip(self, session: Session) -> None:
        self._strip.set_chosen(self._positions(session.chosen))
        labels, pairs, broken = [], [], set()
        for index, pair in enumerate(session.pairs):
            a, b = self._positions(pair.a), self._positions(pair.b)
            if len(a) == len(b) == 1:
                pairs.append((a[0], b[0], index))
            elif self._tokens is not None:
                broken.add(index)
            labels.append(pair.label or f"{self._words(pair.a)} – {self._words(pair.b)}")
        self._strip.set_pairs(tuple(pairs))
        self._chips.set_labels(tuple(labels), frozenset(broken))

    def _positions(self, selection: Selection) -> tuple[int, ...]:
        return found(selection, self._tokens)

    def _words(self, selection: Selection) -> str:
        positions = self._positions(selection)
        if self._tokens is None or len(positions) != 1:
            return str(selection)
        text = self._tokens.items[positions[0]].text
        return text.strip() or repr(text)

    @Slot(str)
    def _on_header_prompt_edited(self, text: str) -> None:
        self._store.edit(with_prompt(self._store.session, text), "Change the prompt", group="prompt")

    @Slot(str)
    def _on_header_target_edited(self, text: str) -> None:
        self._store.edit(replace(self._store.session, target=text or None), "Choose the target", group="target")

    @Slot(str)
    def _on_header_versus_edited(self, text: str) -> None:
        self._store.edit(
            replace(self._store.session, versus=text or None), "Choose what to compare with", group="versus"
        )

    @Slot(object)
    def _on_strip_selection_chosen(self, selection: Selection) -> None:
        self._store.edit(replace(self._store.session, chosen=selection), "Choose tokens", group="tokens")

    @Slot(int, int)
    def _on_strip_pair_chosen(self, a: int, b: int) -> None:
        try:
            self._store.edit(with_pair(self._store.session, TokenPair(at(a), at(b))), "Compare two tokens")
        except SurgeryError as error:
            self._notifications.show(Notice("pairs", "warning", error.message, error.hint))

    @Slot(int)
    def _on_chips_removed(self, index: int) -> None:
        self._store.edit(without_pair(self._store.session, index), "Stop comparing two tokens")

    @Slot(object)
    def _on_controller_tokens_changed(self, tokens: Tokens) -> None:
        if tokens != self._tokens:
            self._tokens = tokens
            self._strip.set_tokens(tokens)
            self._show_on_strip(self._store.session)

    @Slot(object, object)
    def _on_controller_resolved(self, request: RunRequest, notes: object) -> None:
        self._strip.set_read_position(request.read_position)
        self._strip.set_incised({position for each in request.plan for position in each.positions})

    @Slot(object)
    def _on_controller_result_ready(self, result: RunResult) -> None:
        hint = "likeliest" if result.target_text is None else f"likeliest: {visible(result.target_text)}"
        if self._store.session.target is None:
            self._target_hint = hint
        self._texts |= {each.id: each.text for each in result.operated.listed}
        self._header.set_target(self._text(self._store.session.target), self._target_hint)

    @Slot(object, object)
    def _on_controller_model_opened(self, info: ModelInfo, check: object) -> None:
        self._texts = {}
        self._header.set_model(info.name)

    @Slot(object, str)
    def _on_controller_failed(self, failure: Failure, lane: str) -> None:
        """Show no tokens of an earlier prompt where the one in force cannot be split."""
        if lane == "run" and self._tokens is not None and self._tokens.prompt != self._store.session.prompt:
            self._tokens = None
            self._strip.set_tokens(None)
