"""``bench``: how fast the engine is on this machine, against a notebook and against other tools."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from core.command_line.options import DTYPES, count
from core.command_line.output import say
from core.errors import SurgeryError

QUICK_SHAPES = ("gpt2",)
CURVES = ("layers", "lengths", "prompts")


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    from core.bench.measures import MEASURES
    from core.bench.shapes import ON_GPU, SHAPES

    parser = commands.add_parser("bench", help="measure the engine on models of known shapes with random weights")
    parser.add_argument("--quick", action="store_true", help="about a minute, on the smallest shape")
    parser.add_argument(
        "--shapes",
        type=_names(SHAPES),
        help=f"some of {', '.join(SHAPES)}; default is all but the largest, and on a GPU {', '.join(ON_GPU)}",
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default is cpu")
    parser.add_argument("--dtype", choices=DTYPES, help="default is float32, and bfloat16 on a GPU")
    parser.add_argument(
        "--measures", type=_names(MEASURES), default=tuple(MEASURES), help=f"some of {', '.join(MEASURES)}"
    )
    parser.add_argument(
        "--threads",
        type=count,
        metavar="N",
        help="how many cores to compute on; with 1 the processor's own time is measured",
    )
    parser.add_argument(
        "--peers", metavar="PYTHON", help="an interpreter that has nnsight, transformer_lens or pyvene: measure these"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write all of it as JSON, and beside it the plot as SVG"
    )
    parser.set_defaults(function=run)


def _names(known: Any) -> Any:
    def parse(text: str) -> tuple[str, ...]:
        names = tuple(name.strip() for name in text.split(","))
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
        return names

    return parse


def run(options: argparse.Namespace) -> int:
    """Measure, and print the table."""
    import torch

    from core.bench.clock import is_of_processor
    from core.bench.measures import QUICK, Row, Setting, measure
    from core.bench.peers import measure_peers
    from core.bench.report import as_data, plot, table
    from core.bench.shapes import ON_GPU, ON_PROCESSOR, SHAPES
    from core.models.devices import choose_device

    if options.threads:
        torch.set_num_threads(options.threads)
    device = choose_device(options.device)
    dtype = options.dtype or ("float32" if device == "cpu" else "bfloat16")
    if options.peers and (device, dtype) != ("cpu", "float32"):
        raise SurgeryError("Other tools are measured on the processor in float32.", "Leave out --peers.")
    _check_places(options)
    # Products in TF32 would be neither exact nor what is said to be measured.
    torch.set_float32_matmul_precision("highest")
    setting = QUICK if options.quick else Setting()
    shapes = options.shapes or (QUICK_SHAPES if options.quick else ON_PROCESSOR if device == "cpu" else ON_GPU)
    rows: list[Row] = []
    machine: dict[str, Any] = {
        "processor": platform.processor() or platform.machine(),
        "device": _named(device),
        "dtype": dtype,
        "TF32": "off",
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "clock": "processor" if is_of_processor() else "wall",
        "torch": torch.__version__,
        "load": _load(),
    }
    started = time.perf_counter()
    for shape in shapes:
        sys.stderr.write(f"Measuring {SHAPES[shape].label} ...\n")
        found = measure(shape, options.measures, setting, device, dtype)
        if options.peers:
            found += measure_peers(options.peers, shape, setting)
        rows += found
        machine["load"] += _load()
        say(table(found, machine if len(rows) == len(found) else {}))
        if options.out is not None:  # after each: to measure them all takes long, and can be broken off
            answer = {
                "schema": "bench/1",
                "machine": machine,
                "seconds": time.perf_counter() - started,
                "rows": [as_data(row) for row in rows],
            }
            _write(options.out, json.dumps(answer, indent=1, allow_nan=False))
            _write(options.out.with_suffix(".svg"), plot(rows))
    return 0


def _load() -> list[float]:
    return [os.getloadavg()[0]] if hasattr(os, "getloadavg") else []


def _check_places(options: argparse.Namespace) -> None:
    """Check what would otherwise fail only after minutes of measuring.

    Raises
    ------
    SurgeryError
        If there is no interpreter of the other tools, or no place for the answer.
    """
    if options.peers and shutil.which(options.peers) is None:
        raise SurgeryError(f"There is no program {options.peers}.", "Name a Python that has torch and transformers.")
    if options.out is None:
        return
    if options.out.is_dir() or options.out.suffix.lower() in ("", ".svg"):
        raise SurgeryError(f"{str(options.out)!r} cannot hold the numbers.", "Give a file that ends in .json.")
    if not options.out.absolute().parent.is_dir():
        raise SurgeryError(f"The folder {options.out.absolute().parent} does not exist.", "Make it first.")


def _named(device: str) -> str:
    """Return a device with the name of its GPU."""
    if not device.startswith("cuda"):
        return device
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SurgeryError(f"{path} cannot be written: {error.strerror}.", "Choose another place.") from error
