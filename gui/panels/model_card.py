"""What the open model is, how far it can be trusted, and what else is in memory."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTextBrowser

from core.models.architectures import ARCHITECTURES
from core.models.progress import in_words
from gui.panel import PanelDeclaration
from gui.widgets.framed_panel import FramedPanel
from gui.widgets.model_name import short_name
from gui.widgets.number_format import whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QResizeEvent

    from core.models.info import ModelInfo
    from core.runs.events import CheckReport, ModelsHeld, Precision
    from core.runs.result import RunResult
    from gui.theme.theme import Theme

TIMES = " \N{MULTIPLICATION SIGN} "
DASH = "\N{EN DASH}"
TWO_COLUMNS = 640


def number(value: float | None) -> str:
    """Write a deviation: two figures, as a power of ten where it is small."""
    if value is None:
        return DASH
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    if not exponent or value == 0 or 1e-2 <= value < 1e4:
        return f"{value:.2g}"
    return f"{mantissa}\N{MULTIPLICATION SIGN}10<sup>{int(exponent)}</sup>".replace("-", "\N{MINUS SIGN}")


def facts(info: ModelInfo) -> list[tuple[str, str]]:
    """Return what a model is, as captions and values."""
    heads = str(info.n_heads)
    if info.n_key_value_heads != info.n_heads:
        heads = f"{info.n_heads} for queries, {info.n_key_value_heads} for keys and values"
    known = info.family in ARCHITECTURES
    family = f"{ARCHITECTURES[info.family].label} ({info.family})" if known else info.family
    return [
        ("family", f"{family}, found by its structure" if info.detected else family),
        ("predicts", _predicts(info)),
        ("layers", str(info.n_layers)),
        ("heads", heads),
        ("d_model, d_head", f"{info.d_model}, {info.d_head}"),
        ("d_mlp", "no single set of neurons" if info.d_mlp is None else str(info.d_mlp)),
        ("vocabulary", f"{whole(info.vocab_size)} tokens"),
        ("context", f"{whole(info.context)} tokens"),
        ("parameters", whole(info.n_parameters)),
        ("memory", f"{in_words(info.memory_bytes)} in {info.dtype} on {info.device}"),
    ]


def _predicts(info: ModelInfo) -> str:
    if not info.has_head:
        return "nothing: it has no language-model head, only vectors"
    return "the next token" if info.objective == "causal" else f"hidden tokens ({info.mask_token})"


class ModelCard(FramedPanel):
    """A page about the open model."""

    def __init__(self, theme: Theme) -> None:
        self.page = QTextBrowser()
        self.page.setOpenLinks(False)
        self.page.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.page.setAccessibleName("Model card")
        self.page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        super().__init__(theme, self.page, "bars")
        self._info: ModelInfo | None = None
        self._check: CheckReport | None = None
        self._held: ModelsHeld | None = None
        self._wide = False
        self.show_reason("What is known of the model appears here once one is open.")

    def show_model(self, info: ModelInfo, check: CheckReport) -> None:  # noqa: D102
        self._info, self._check = info, check
        self._write()
        self.show_body()

    def show_held(self, held: ModelsHeld) -> None:  # noqa: D102
        self._held = held
        self._write()

    def show_result(self, result: RunResult) -> None:
        """A run says nothing new of the model."""

    def show_reason(self, reason: str) -> None:  # noqa: D102
        if self._info is None:
            super().show_reason(reason)

    def set_stale(self, stale: bool) -> None:
        """What stands here answers no question."""

    def set_outdated(self, outdated: bool) -> None:
        """What stands here answers no question."""

    def restyle(self) -> None:  # noqa: D102
        super().restyle()
        self._write()

    def _write(self) -> None:
        if self._info is None or self._check is None:
            return
        info, check = self._info, self._check
        is_a = [
            self._heading(short_name(info.name)),
            self._table((self._muted(caption), escape(value)) for caption, value in facts(info)),
        ]
        if self._held is not None:
            is_a += [self._heading("In memory"), self._held_words(self._held)]
        holds = []
        if check.precision is not None:
            holds += [self._heading(f"{check.precision.dtype} against float32"), self._precision(check.precision)]
        holds += [
            self._heading(f"Self-check {'passed' if check.passed else 'failed'}"),
            self._table(self._check_rows(check)),
        ]
        if info.notes:
            holds += [self._heading("Notes"), *(self._line(escape(note)) for note in info.notes)]
        if info.unreachable:
            rows = ((f"<code>{escape(name)}</code>", escape(why)) for name, why in info.unreachable)
            holds += [self._heading("Not offered"), self._table(rows)]
        place = self.page.verticalScrollBar().value()
        self.page.setHtml(f"<body style='color: {self.theme.palette.text}'>{self._columns(is_a, holds)}</body>")
        self.page.verticalScrollBar().setValue(place)

    def _columns(self, left: list[str], right: list[str]) -> str:
        if not self._wide:
            return "".join(left + right)
        gap = self.theme.pixels(28)
        cells = f"<td width='45%' style='padding-right: {gap}px'>{''.join(left)}</td><td>{''.join(right)}</td>"
        return f"<table width='100%' cellspacing='0' cellpadding='0'><tr>{cells}</tr></table>"

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        wide = self.width() >= self.theme.pixels(TWO_COLUMNS)
        if wide != self._wide:
            self._wide = wide
            self._write()

    def _check_rows(self, check: CheckReport) -> Iterable[tuple[str, str]]:
        p = self.theme.palette
        signs = {True: ("\N{CHECK MARK}", p.success), False: ("\N{BALLOT X}", p.danger), None: (DASH, p.text_muted)}
        for line in check.lines:
            sign, color = signs[line.passed]
            measured = ""
            if line.value is not None and line.tolerance is not None:
                measured = f" {self._muted_html(f'({number(line.value)}, allowed {number(line.tolerance)})')}"
            caption = f"<span style='color: {color}'>{sign}</span>&nbsp;{self._muted(line.name)}"
            yield caption, f"{escape(line.text)}{measured}"

    def _precision(self, found: Precision) -> str:
        if found.why_not:
            return self._line(f"Not compared. {escape(found.why_not)}")
        no_head = "no language-model head"
        rows = [
            ("largest |\N{GREEK CAPITAL LETTER DELTA} log p|", no_head if found.log_prob is None else f"{number(found.log_prob)} nats"),
            ("largest |\N{GREEK CAPITAL LETTER DELTA} residual|", f"{number(found.residual)} of the vector's length"),
            ("KL at the last token", no_head if found.kl is None else f"{number(found.kl)} nats"),
        ]  # fmt: skip
        return self._table((self._muted(caption), value) for caption, value in rows)

    def _held_words(self, held: ModelsHeld) -> str:
        taken = sum(model.memory_bytes for model in held.models)
        rows = [
            (self._muted("open" if model.is_open else "held"), f"{escape(short_name(model.name))} "
             + self._muted(f"{in_words(model.memory_bytes)} in {model.dtype} on {model.device}"))
            for model in held.models
        ]  # fmt: skip
        return self._table(rows) + self._line(f"{in_words(taken)} of a budget of {in_words(held.budget_bytes)}")

    def _heading(self, text: str) -> str:
        return f"<p style='margin-top: {self.theme.pixels(10)}px; margin-bottom: 2px'><b>{escape(text)}</b></p>"

    def _line(self, html: str) -> str:
        return f"<p style='margin-top: 1px; margin-bottom: {self.theme.pixels(3)}px'>{html}</p>"

    def _muted(self, text: str) -> str:
        return self._muted_html(escape(text))

    def _muted_html(self, html: str) -> str:
        return f"<span style='color: {self.theme.palette.text_muted}'>{html}</span>"

    def _table(self, rows: Iterable[tuple[str, str]]) -> str:
        px = self.theme.pixels
        cells = "".join(
            f"<tr><td style='padding-right: {px(14)}px; white-space: nowrap'>{left}</td><td>{right}</td></tr>"
            for left, right in rows
        )
        return f"<table cellspacing='0' cellpadding='{px(1)}'>{cells}</table>"


PANEL = PanelDeclaration(
    key="model_card",
    title="Model",
    help="What the open model is, how its self-check ended, which sites it does not offer, and what is in memory.",
    order=90,
    behind="predictions",
    make=ModelCard,
)
