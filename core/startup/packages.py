"""Installing the packages with pip: in plain lines, restartable, and clear when it fails."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from core.startup.problem import Problem

if TYPE_CHECKING:
    from core.startup.environment import Environment

# pip announces a download with its size; the small ones are not worth a line.
DOWNLOAD = re.compile(r"\s*Downloading (?:\S*/)?(\S+?)(?:-py\S*|-cp\S*)?\.whl \(([\d.]+ [MG]B)\)")
NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|Network is unreachable|ReadTimeoutError|timed out"
    r"|ProxyError|SSLError|RemoteDisconnected|from versions: none"
)
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")


def say(text: str) -> None:
    """Show one line of what is being done."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def install(environment: Environment, extra: str, torch_index: str | None = None) -> None:
    """Install what the project needs, unless the stamp says that it is there.

    torch goes first and alone, so that its index does not apply to the rest; from an index of its
    own it comes without what it depends on, which such an index holds in other versions or not at
    all, and which comes with the rest. ``constraints.txt`` pins its version without saying which
    build, so the machine's CPU build is taken where pip is set up to find one.

    Parameters
    ----------
    environment : Environment
        It is made if it is not there, broken, or of another Python.
    extra : str
        ``"test"`` for the test tools as well, or empty.
    torch_index : str, optional
        The package index to take torch from.

    Raises
    ------
    Problem
        If the environment cannot be made or pip fails.
    """
    if not environment.works():
        say(f"Making the environment {environment.folder}")
        environment.make()
    if environment.is_complete(extra):
        return
    if not environment.is_complete(""):
        environment.mark_incomplete()
    # Otherwise only an extra is added: every version is pinned, so what is there stays as it is,
    # and the window still opens if the extra fails.
    environment.log.write_text("", encoding="utf-8")
    index = ["--no-deps", "--index-url", torch_index] if torch_index else []
    say("Installing torch (the first time this takes minutes)")
    pip(environment, ["install", "-c", "constraints.txt", *index, "torch"])
    say("Installing the other packages")
    pip(environment, ["install", "-c", "constraints.txt", "-e", f".[{extra}]" if extra else "."])
    environment.mark_complete(extra)


def pip(environment: Environment, arguments: Sequence[str]) -> None:
    """Run pip, show the large downloads, and keep all it says in the environment's log.

    Raises
    ------
    Problem
        If pip fails.
    """
    command = [str(environment.python), *PIP, *arguments, "--progress-bar", "off"]
    with (
        environment.log.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            cwd=environment.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        said = follow(process.stdout, log)
    if process.returncode:
        raise Problem(f"{reason(said)} Everything pip said is in {environment.log}.")


def follow(output: Iterable[str] | None, log: TextIO) -> list[str]:
    """Copy pip's output into the log and return its lines; large downloads are shown."""
    lines = []
    for line in output or ():
        log.write(line)
        lines.append(line.rstrip())
        if found := DOWNLOAD.match(line):
            say(f"  downloading {found[1]} ({found[2]})")
    return lines


def reason(lines: Sequence[str]) -> str:
    """Return one sentence that says why pip failed and what to do, from what it wrote."""
    said = "\n".join(lines)
    if "No space left on device" in said:
        return "The disk is full: make room (2 GB, or 8 GB with torch for CUDA) and run the same command again."
    if NO_NETWORK.search(said):
        return "pip could not reach the package index: check the network or the proxy and run the same command again."
    errors = [line for line in lines if line.startswith("ERROR:")]
    last = (errors or list(lines) or ["it did not say why"])[-1].removeprefix("ERROR:").strip()
    return f"pip failed: {last.rstrip('.')}. Run the same command again."
