"""Circuit Surgeon: visual circuit surgery on transformer language models.

python3 main.py start [WINDOW OPTIONS]   set up everything beside this file, then open the window
python3 main.py test [PYTEST OPTIONS]    the same with the test tools, then run the tests
python3 main.py libraries [--tests]      name the system packages that are missing

python main.py [--model M] [--prompt TEXT]                      the window
python main.py --screenshot OUT.png [--size 1600x1000]          the window, drawn into a file
python main.py run --model M --prompt TEXT [--cut CUT]...       one run, answered in JSON
python main.py sweep --model M --prompt TEXT --sites heads --at POSITIONS --op OP
                                                                every head, layer, ... each on its own
python main.py generate --model M --prompt TEXT [--cut CUT]...  the prompt continued, or its masks filled
python main.py check --model M                                  the self-check of a model
python main.py models                                           the models that are here
python main.py anatomy --model M [--out FILE]                   what each head of a model does, measured
python main.py bench [--quick]                                  how fast this machine operates

Add --help to any of the commands for its options.
"""

# This file keeps to the grammar of Python 3.6, so that an old Python reads far enough to go on in
# another, or to say why it cannot.

import os
import sys
from typing import List, Optional

from core.startup import other_python

OLDEST = (3, 11)
NEWEST = (3, 13)
HELP = ("-h", "--help", "help")
WITHOUT_WINDOW = ("run", "sweep", "generate", "check", "models", "anatomy", "bench")


def main(argv: Optional[List[str]] = None) -> int:
    """Do what the command line says and return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        if argv is None:
            return other_python.go_on(os.path.abspath(__file__), arguments, OLDEST, NEWEST)
        # Who calls this function is not to become another process.
        sys.stderr.write(other_python.refusal(OLDEST, NEWEST))
        return 1
    # The programs that are started from here may go on in another Python in their turn.
    os.environ.pop(other_python.GONE_ON, None)
    import multiprocessing

    multiprocessing.freeze_support()
    from core.startup.problem import Problem

    try:
        return dispatch(arguments)
    except Problem as problem:
        sys.stderr.write("{}\n".format(problem))
        return 1
    except KeyboardInterrupt:
        return 130


def dispatch(arguments: List[str]) -> int:
    """Hand the command line to whoever answers it."""
    from core.startup import commands, readiness, screen
    from core.startup.problem import Problem

    first = arguments[0] if arguments else ""
    if first in HELP:
        return show_help()
    if first in commands.COMMANDS:
        return commands.COMMANDS[first](arguments[1:])
    wants_window = first not in WITHOUT_WINDOW
    if wants_window and first and not first.startswith("-"):
        known = ", ".join([*commands.COMMANDS, *WITHOUT_WINDOW[:-1]])
        sys.stderr.write("There is no command {!r}: there are {} and {}.\n".format(first, known, WITHOUT_WINDOW[-1]))
        return 2
    readiness.require(readiness.FOR_WINDOW if wants_window else readiness.FOR_RUNS)
    if not wants_window:
        from core.command_line import main as answer

        return answer(arguments)
    try:
        screen.prepare(arguments)
    except Problem:
        # Wrong usage and a call for help are answered first: they end here, with or without a screen.
        from gui.options import parser

        parser().parse_args(arguments)
        raise
    if sys.platform == "win32":
        # On Windows torch does not find its libraries once Qt has loaded its own, so torch is
        # imported here, on the main thread, and the window appears some seconds later. Everywhere
        # else the model thread imports it, behind a window that is there.
        import torch  # noqa: F401
    from gui.app import main as open_window

    return open_window(arguments)


def show_help() -> int:
    """Show every command, and the window's options where the packages are there."""
    from core.startup import readiness

    sys.stdout.write(__doc__ or "")
    if not readiness.missing(readiness.FOR_WINDOW):
        from gui.options import parser

        sys.stdout.write("\nThe window's options:\n\n" + parser().format_help())
    return 0


if __name__ == "__main__":
    sys.exit(main())
