"""Another Python of this machine to go on in, when the one that was called is too old or too new.

This file keeps to the grammar of Python 3.6, like main.py, which imports it.
"""

import os
import shutil
import subprocess
import sys
from typing import List, Optional, Tuple

Version = Tuple[int, int]

# Set for the Python that is gone on in: it never looks for a third.
GONE_ON = "CIRCUIT_SURGEON_GONE_ON"
IS_VERSION = "import sys; sys.exit(sys.version_info[:2] != ({}, {}))"


def find(oldest: Version, newest: Version) -> Optional[List[str]]:
    """Return the command of the newest Python between two versions that starts, or None."""
    for minor in range(newest[1], oldest[1] - 1, -1):
        version = "{}.{}".format(newest[0], minor)
        name, options = ("py", ["-" + version]) if sys.platform == "win32" else ("python" + version, [])
        program = shutil.which(name)
        # A name on the path may stand for a Python that is not installed: it is asked.
        if program and succeeds([program, *options, "-c", IS_VERSION.format(newest[0], minor)]):
            return [program, *options]
    return None


def succeeds(command: List[str]) -> bool:
    """Return whether a command can be run, and ends well; nobody sees what it says."""
    silent = subprocess.DEVNULL
    try:
        return subprocess.call(command, stdin=silent, stdout=silent, stderr=silent) == 0
    except OSError:
        return False


def go_on(program: str, arguments: List[str], oldest: Version, newest: Version) -> int:
    """Go on with a program in another Python, once; return the exit code.

    Parameters
    ----------
    program : str
        The file to run there.
    arguments : list of str
        Its command line.
    oldest, newest : tuple of int
        The versions it can run in, both included.

    Returns
    -------
    int
        The program's exit code; 1 after one sentence on stderr where there is no such Python.
    """
    gone_on = os.environ.pop(GONE_ON, "")
    command = None if gone_on else find(oldest, newest)
    here = "{}.{}".format(*sys.version_info[:2])
    if command is None:
        sys.stderr.write(refusal(oldest, newest))
        return 1
    sys.stderr.write("This is Python {}: going on in {}.\n".format(here, " ".join(command)))
    sys.stderr.flush()
    os.environ[GONE_ON] = here
    if os.name == "posix":
        os.execv(command[0], [*command, program, *arguments])
    try:
        return subprocess.call([*command, program, *arguments])
    except KeyboardInterrupt:
        return 130


def refusal(oldest: Version, newest: Version) -> str:
    """Return the sentence that says which Python is needed."""
    return (
        "Python {0}.{1} to {2}.{3} is needed, this is {4}.{5}: install Python {2}.{3} beside it and run the same "
        "command again.\n"
    ).format(*oldest, *newest, *sys.version_info[:2])
