"""The real window, which also prints what happens to it, one JSON object a line.

It is started by the end-to-end test as a program of its own, on a virtual screen.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QWidget

from core.interventions.notation import format_cut
from core.interventions.plan import Incision
from core.sites.selection import at
from gui.app import start
from gui.assembly import Application, assemble
from gui.options import first_session, parser
from gui.settings import Settings
from gui.theme.theme import Theme

if TYPE_CHECKING:
    from core.runs.result import RunResult


def say(**words: object) -> None:
    """Print one line."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def place(widget: QWidget, x: int, y: int) -> list[int]:
    """Return a place on the screen."""
    point = widget.mapToGlobal(QPoint(x, y))
    return [point.x(), point.y()]


def middle(widget: QWidget) -> list[int]:
    """Return the middle of a widget on the screen."""
    return place(widget, widget.width() // 2, widget.height() // 2)


def places(made: Application) -> dict[str, list[int]]:
    """Return where to click, by name."""
    window = made.window
    view = window.grid.view
    found = {"prompt": middle(window.header.prompt)}
    view, canvas = window.grid.view, window.strip.canvas
    cells = view.cell_source()
    for index, cell in enumerate(cells.cells()):
        centre = cells.rect(index).center()
        if view.scene.model is not None:
            found[str(view.scene.model.site(cell))] = place(view.cell_area(), centre.x(), centre.y())
    tokens = canvas.cell_source()
    for position in range(tokens.count()):
        centre = tokens.rect(position).center()
        found[f"token {position}"] = place(canvas.cell_area(), centre.x(), centre.y())
    for key, button in window.brush.buttons.items():
        found[f"operation {key}"] = middle(button)
    for name, field in window.brush.fields.items():
        found[f"field {name}"] = place(field, 0, 0) + [field.width(), field.height()]
    return found


def tell_result(made: Application, result: RunResult) -> None:
    """Print a result, and where everything is now."""
    QApplication.processEvents()
    session = made.store.session
    say(
        event="result",
        prompt=session.prompt,
        # Of the run that is reported, which may be one behind the session.
        plan=[
            format_cut(Incision(each.site, at(*each.positions), each.operation, each.params))
            for each in result.request.plan
        ],
        chosen=str(session.chosen),
        pairs=[[str(pair.a), str(pair.b)] for pair in session.pairs],
        effect=result.effect.log_prob,
        log_prob=result.operated.numbers["log_prob"],
        places=places(made),
    )


def main() -> int:
    """Open the window and report until it is closed."""
    application = QApplication(["reporting window"])
    options = parser().parse_args(sys.argv[1:])
    theme = Theme("light")
    theme.apply()
    made = assemble(first_session(options), theme, Settings(None))
    made.controller.resultReady.connect(lambda result: tell_result(made, result))
    made.controller.failed.connect(lambda failure: say(event="failed", message=failure.message))
    made.window.resize(1400, 900)
    made.window.move(0, 0)
    made.window.show()
    made.window.arrange()
    start(made, options)
    say(event="shown", window=int(made.window.winId()))
    code = application.exec()
    made.close()
    say(event="closed", code=code)
    return code


if __name__ == "__main__":
    sys.exit(main())
