"""The dialog that opens a model: what there is, where it goes, and what is in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.dialogs import model_words as words
from gui.dialogs.held_models import HeldModels
from gui.dialogs.model_list import ModelList
from gui.widgets.model_name import short_name

if TYPE_CHECKING:
    from core.models.devices import Device
    from core.models.info import ModelInfo
    from core.runs.events import ModelsHeld, ModelsListed
    from gui.settings import Settings
    from gui.theme.theme import Theme

DEVICES = {"auto": "automatic", "cuda": "CUDA", "mps": "MPS", "cpu": "CPU"}
DTYPES = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
DTYPE_TIPS = {
    "float32": "The reference: every number on screen is exact to about six figures.",
    "bfloat16": "Half the memory; two to three figures are exact. The model card says how far it is from fp32.",
    "float16": "Half the memory; three figures are exact, but large activations can overflow.",
}
PROGRESS_STEPS = 1000
SIZE = (900, 620)
STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -8, Qt.Key.Key_PageDown: 8}
LOOKING = "Looking for models …"


class ModelDialog(QDialog):
    """Stands beside the window and closes once a model is open.

    Signals
    -------
    openWanted(str, str, str)
        Name, device and dtype.
    cancelWanted()
        What is being opened shall not be.
    shareChosen(float), letGoWanted(str)
        See `HeldModels`.
    """

    openWanted = Signal(str, str, str)
    cancelWanted = Signal()
    shareChosen = Signal(float)
    letGoWanted = Signal(str)

    def __init__(self, theme: Theme, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open a model")
        self.setModal(False)
        self._theme = theme
        self._devices: tuple[Device, ...] = ()
        self._listed: ModelsListed | None = None
        self._held: ModelsHeld | None = None
        self._awaited = ""
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search, or type a hub id such as openai-community/gpt2, or a folder")
        self.search.setAccessibleName("Search, hub id or folder")
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.browse = self._button("Browse …", "")
        self.list = ModelList(theme)
        self.details = QLabel(LOOKING, self)
        self.details.setProperty("kind", "muted")
        self.details.setWordWrap(True)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.device = self._choice(DEVICES, "Device")
        self.dtype = self._choice(DTYPES, "Number format")
        for index, tip in enumerate(DTYPE_TIPS.values()):
            self.dtype.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)
        self.held = HeldModels(theme, settings.memory_share)
        self._text = QLabel("", self)
        self._text.setWordWrap(True)
        self._bar = QProgressBar(self)
        self.cancel = self._button("Cancel", "quiet")
        self.close_button = self._button("Close", "")
        self.open_button = self._button("Open", "primary")
        self.open_button.setDefault(True)
        self._lay_out()
        self._connect()
        self._restyle()
        self._show_doing("")

    def _button(self, text: str, kind: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        if kind:
            button.setProperty("kind", kind)
        return button

    def _choice(self, texts: dict[str, str], name: str) -> QComboBox:
        box = QComboBox(self)
        for value, text in texts.items():
            box.addItem(text, value)
        box.setAccessibleName(name)
        return box

    def _lay_out(self) -> None:
        self._stack = QVBoxLayout(self)
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.browse)
        self._form = QFormLayout()
        self._form.addRow("Device", self.device)
        self._form.addRow("Numbers", self.dtype)
        self._card = QFrame(self)
        self._card.setProperty("kind", "card")
        self._lower = QHBoxLayout(self._card)
        self._lower.addLayout(self._form)
        self._lower.addWidget(self.held, 1)
        bottom = QHBoxLayout()
        bottom.addWidget(self._text, 1)
        for widget in (self._bar, self.cancel, self.close_button, self.open_button):
            bottom.addWidget(widget)
        self._stack.addLayout(top)
        self._stack.addWidget(self.list, 1)
        self._stack.addWidget(self.details)
        self._stack.addWidget(self._card)
        self._stack.addLayout(bottom)

    def _connect(self) -> None:
        self.search.textChanged.connect(self.list.look_for)
        self.browse.clicked.connect(self.ask_for_folder)
        self.list.chosen.connect(self._on_list_chosen)
        self.list.itemDoubleClicked.connect(self._on_open_wanted)
        self.device.currentIndexChanged.connect(self._show_models)
        self.dtype.currentIndexChanged.connect(self._show_models)
        self.open_button.clicked.connect(self._on_open_wanted)
        self.close_button.clicked.connect(self.reject)
        self.cancel.clicked.connect(self.cancelWanted)
        self.held.shareChosen.connect(self.shareChosen)
        self.held.letGoWanted.connect(self.letGoWanted)
        self._theme.changed.connect(self._restyle)

    @Slot()
    def _restyle(self) -> None:
        px = self._theme.pixels
        self._stack.setContentsMargins(px(16), px(16), px(16), px(14))
        self._stack.setSpacing(px(10))
        self._lower.setContentsMargins(px(12), px(10), px(12), px(10))
        self._lower.setSpacing(px(24))
        self._form.setHorizontalSpacing(px(10))
        self._form.setVerticalSpacing(px(8))
        self._bar.setFixedSize(px(140), px(8))
        self.details.setMinimumHeight(2 * self.details.fontMetrics().lineSpacing())

    def sizeHint(self) -> QSize:
        """Return the usual size, or as much of it as the window behind has."""
        wide, high = (self._theme.pixels(length) for length in SIZE)
        behind = self.parentWidget()
        room = QSize(wide, high) if behind is None else behind.window().size() - QSize(24, 24)
        return QSize(wide, high).boundedTo(room).expandedTo(self.minimumSizeHint())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move in the list with the arrow keys while a text is typed."""
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            by = STEPS.get(Qt.Key(event.key()))
            if by is not None:
                self.list.step(by)
                return True
        return super().eventFilter(watched, event)

    def show_listing(self, listed: ModelsListed) -> None:
        """Show what can be opened, and where to."""
        is_first, self._listed, self._devices = self._listed is None, listed, listed.devices
        items = self.device.model()
        assert isinstance(items, QStandardItemModel)
        for index in range(self.device.count()):
            device = next((each for each in listed.devices if each.name == self.device.itemData(index)), None)
            if device is not None:
                items.item(index).setEnabled(not device.why_not)
                items.item(index).setToolTip(device.why_not or device.text)
        if is_first:
            self._start_from_open_model()
        self._show_models()

    def _start_from_open_model(self) -> None:
        """Choose the device of the open model, where that is not the one that would be taken by itself."""
        models = self._held.models if self._held is not None else ()
        kind = next((model.device.partition(":")[0] for model in models if model.is_open), "")
        fastest = next((device.name for device in self._devices if device.name != "auto" and not device.why_not), "")
        self.device.setCurrentIndex(max(self.device.findData("auto" if kind in ("", fastest) else kind), 0))

    def show_held(self, held: ModelsHeld) -> None:
        """Show what is in memory."""
        self._held = held
        self.held.show_held(held)
        self._show_models()

    def show_model(self, info: ModelInfo) -> None:
        """Start from the model that is open; close if it is the one that was asked for here."""
        self.dtype.setCurrentIndex(max(self.dtype.findData(info.dtype), 0))
        if self._awaited == info.name:
            self._awaited = ""
            self.accept()
        self.list.choose(info.name)

    def show_progress(self, text: str, fraction: float | None) -> None:
        """Show how far the opening of a model is."""
        if text and self._awaited:
            self._show_doing(f"{text} …", fraction, busy=True)
        elif not text and self.cancel.isVisibleTo(self):
            self._show_doing("")

    def show_failure(self, sentence: str, *, stopped: bool = False) -> None:
        """Say why a model was not opened, or not listed.

        Parameters
        ----------
        stopped : bool
            Whether that is what was asked for.
        """
        self._awaited = ""
        self._show_doing(sentence, failed=not stopped)

    def _show_doing(
        self, text: str, fraction: float | None = None, *, busy: bool = False, failed: bool = False
    ) -> None:
        self._text.setText(text)
        self._text.setProperty("kind", "sign-danger" if failed else "muted")
        self._text.style().polish(self._text)
        for widget in (self._bar, self.cancel):
            widget.setVisible(busy)
        self._bar.setRange(0, 0 if fraction is None else PROGRESS_STEPS)
        self._bar.setValue(round((fraction or 0) * PROGRESS_STEPS))

    @Slot()
    def _show_models(self) -> None:
        if self._listed is not None:
            self.list.show_models(self._listed.entries, self._place())

    def _place(self) -> words.Place:
        device = next((each for each in self._devices if each.name == self.device.currentData()), None)
        return words.Place(device=device, dtype=self.dtype.currentData(), held=self._held)

    @Slot()
    def _on_list_chosen(self) -> None:
        entry, name = self.list.entry, self.list.name
        if entry is not None:
            self.details.setText(words.details(entry, self._place()))
        elif name:
            self.details.setText(
                f"Opens {words.offer(name)}. Whether it is supported is known once its files are read."
            )
        else:
            self.details.setText(LOOKING if self._listed is None else "There is no such model.")
        self.open_button.setText(words.button(entry, name))
        self.open_button.setEnabled(bool(name) and (entry is None or entry.supported or entry.started))

    @Slot()
    def _on_open_wanted(self) -> None:
        if not self.open_button.isEnabled():
            return
        self._awaited = self.list.name
        self._show_doing(f"Opening {short_name(self._awaited)} …", None, busy=True)
        self.openWanted.emit(self._awaited, self.device.currentData(), self.dtype.currentData())

    @Slot()
    def ask_for_folder(self) -> None:
        """Ask for a checkpoint folder."""
        folder = QFileDialog.getExistingDirectory(self, "Open a checkpoint folder", self.search.text())
        if folder:
            self.search.setText(folder)
            self._on_open_wanted()
