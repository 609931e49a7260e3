"""Other tools on the same task, in an environment of their own that the user names: never a dependency."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.bench.measures import PROMPT, not_measured, row
from core.bench.shapes import SHAPES
from core.bench.ways import SHARE_BEFORE, TARGET
from core.errors import SurgeryError

if TYPE_CHECKING:
    from core.bench.measures import Row, Setting

SCRIPT = Path(__file__).with_name("peer_script.py")


def measure_peers(python: str, shape: str, setting: Setting) -> list[Row]:
    """Measure the tools that another interpreter finds, against a notebook's forward in that same environment.

    Raises
    ------
    SurgeryError
        If the interpreter cannot be run, or has no torch and transformers.
    """
    import torch

    made = SHAPES[shape]
    if made.config_class != "GPT2Config":
        return []
    task = {
        "config": dict(made.config),
        "ids": list(range(100, 100 + PROMPT)),
        "position": int(PROMPT * SHARE_BEFORE),
        "target": TARGET,
        "rounds": setting.rounds,
        "layers": setting.samples,
        "threads": torch.get_num_threads(),
    }
    try:
        ran = subprocess.run(
            [python, "-W", "ignore", str(SCRIPT)], input=json.dumps(task), capture_output=True, text=True, check=True
        )
        answer = json.loads(ran.stdout.splitlines()[-1])
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError) as error:
        sys.stderr.write(str(getattr(error, "stderr", "") or ""))
        raise SurgeryError(
            f"Nothing can be measured with {python}.", "Name a Python that has torch and transformers."
        ) from error
    rows = []
    for tool, found in answer.items():
        if "times" not in found:
            rows.append(not_measured(made.label, tool, found["why"]))
            continue
        case = f"{found['version']} {found['way']}"
        rows.append(row(made.label, tool, case, [x * 1e3 for x in found["times"]], "ms a cell"))
    return rows
