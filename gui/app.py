"""Starting the window, or a picture of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QStandardPaths, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from core.command_line.options import TEXT_OPTIONS, bound
from core.errors import SurgeryError
from gui.assembly import Application, assemble
from gui.options import first_session, parser
from gui.screenshot import Photographer
from gui.settings import Settings
from gui.theme.theme import Theme
from gui.wiring.window_wiring import restore_layout

if TYPE_CHECKING:
    from core.sessions.session import Session

NAME = "Circuit Surgeon"
FOLDER = "circuit-surgeon"
PICTURE_SIZE = (1600, 1000)
# Drawing gives the interpreter away and wants it back many times: at Python's own 5 ms each, while the
# model thread computes, a drawing of 10 ms takes 50.
SWITCH_S = 0.0005


def main(arguments: list[str]) -> int:
    """Open the window and return the exit code.

    Returns
    -------
    int
        0 done, 1 failed with one sentence on stderr, 2 wrong usage (by argparse).
    """
    options = parser().parse_args(bound(arguments, TEXT_OPTIONS))
    try:
        session = first_session(options)
        if options.screenshot is not None and not options.screenshot.absolute().parent.is_dir():
            raise SurgeryError(f"The folder {options.screenshot.absolute().parent} does not exist.", "Make it first.")
    except SurgeryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    application = QApplication.instance() or QApplication([NAME])
    QGuiApplication.setApplicationDisplayName(NAME)
    if options.screenshot is not None:
        return _photograph(options, session)
    return _show(options, session, application)


def _show(options: argparse.Namespace, session: Session, application: object) -> int:
    data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    settings = Settings(QSettings(FOLDER, FOLDER), Path(data) / FOLDER / "sweeps" if data else None)
    theme = Theme(options.theme or preferred_theme(settings), settings.scale)
    theme.apply()
    made = assemble(session, theme, settings)
    made.notifications.install()
    restored = restore_layout(made.window, settings)
    if options.size is not None:
        made.window.resize(*options.size)
    made.window.show()
    if not restored:
        made.window.arrange()
    start(made, options)
    try:
        return QApplication.exec()
    finally:
        made.notifications.uninstall()
        made.close()


def preferred_theme(settings: Settings) -> str:
    """Return the theme that was kept, or the desktop's, or the light one."""
    if settings.theme != "light":
        return settings.theme
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return "dark" if dark and not settings.has_theme else "light"


def start(made: Application, options: argparse.Namespace) -> None:
    """Start the model thread and open the first model behind the window."""
    sys.setswitchinterval(SWITCH_S)
    made.thread.start()
    made.controller.open_model(made.store.session.model, options.device, options.dtype)


def _photograph(options: argparse.Namespace, session: Session) -> int:
    theme = Theme(options.theme or "light")
    theme.apply()
    made = assemble(session, theme, Settings(None))
    made.window.resize(*(options.size or PICTURE_SIZE))
    made.window.show()
    made.window.arrange()
    photographer = Photographer(made, options.screenshot)
    photographer.done.connect(QApplication.exit)
    start(made, options)
    try:
        code = QApplication.exec()
    finally:
        made.close()
    if photographer.trouble:
        sys.stderr.write(f"{photographer.trouble}\n")
    return code
