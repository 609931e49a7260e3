"""What is measured, and how: everything that is compared takes turns, so that the machine's load falls on all alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import nan
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from core.bench.arithmetic import needed_flops, product_rates
from core.bench.clock import seconds
from core.bench.shapes import SHAPES
from core.bench.ways import Cell, Subject, Task, notebook, task_of
from core.hooks.differences import why_not_bf16
from core.models.memory import tidy_memory
from core.runs.peak_memory import PeakMemory
from core.runs.sweep_check import FEWEST

if TYPE_CHECKING:
    from core.runs.tape import Tape

PROMPT = 10


@dataclass(frozen=True)
class Row:
    """One line of the answer.

    Attributes
    ----------
    shape, measure, case : str
        Case tells the points of one curve apart: a layer, a number of tokens.
    value : float
        Median over the rounds; NaN, as the next two, where nothing was measured.
    low, high : float
        Smallest and largest over the rounds.
    unit : str
    note : str
        How it was measured, where that is not plain.
    """

    shape: str
    measure: str
    case: str
    value: float
    low: float
    high: float
    unit: str
    note: str = ""


def row(shape: str, measure: str, case: object, values: Sequence[float], unit: str, note: str = "") -> Row:
    """Return a line from what the rounds gave."""
    return Row(shape, measure, str(case), float(median(values)), float(min(values)), float(max(values)), unit, note)


def not_measured(shape: str, measure: str, why: str) -> Row:
    """Return a line that says why there is no number."""
    return Row(shape, measure, "not measured", nan, nan, nan, "", why)


@dataclass(frozen=True)
class Setting:
    """How thoroughly to measure.

    Attributes
    ----------
    rounds : int
    samples : int
        How many layers stand for all, where not all are measured.
    lengths, prompts : tuple of int
    """

    rounds: int = 5
    samples: int = 6
    lengths: tuple[int, ...] = (10, 100, 1000)
    prompts: tuple[int, ...] = (1, 8, 64)


QUICK = Setting(rounds=2, samples=3, lengths=(10, 50), prompts=(1, 2))


def spread_layers(n_layers: int, count: int) -> list[int]:
    """Return layers evenly spread from the first to the last."""
    return sorted({round(place) for place in np.linspace(0, n_layers - 1, min(count, n_layers))})


def heads_of(task: Task, layer: int) -> list[Cell]:
    """Return the cells of a layer."""
    return [(layer, head) for head in range(task.loaded.info.n_heads)]


def cells(subject: Subject, setting: Setting) -> list[Row]:
    """Measure the map of all heads: notebook, batched by layer, and engine; one click; and how exact it is."""
    name, info, task = subject.loaded.info.name, subject.loaded.info, task_of(subject, PROMPT)
    layers = spread_layers(info.n_layers, setting.samples)
    tape = task.record()
    task.sweep(tape, heads_of(task, info.n_layers - 1))  # the first run of anything also makes ready
    memory, most, took = PeakMemory(info.device), 0, []
    alone, together, swept, click, first, usual, rates = ([] for _ in range(7))
    for _ in range(setting.rounds):
        swept.append(seconds(lambda: took.append(task.sweep(tape, task.cells))))
        if not most:
            most = memory.bytes()  # before anything else has taken more
            notebook(task, [(0, 0)])
        alone.append(float(np.mean([seconds(partial(notebook, task, [(layer, 0)])) for layer in layers])))
        together.append(
            float(np.mean([seconds(partial(notebook, task, heads_of(task, layer))) for layer in layers])) / info.n_heads
        )
        first.append(seconds(task.record))
        task.click(tape, (layers[0], 0))
        click.append(float(np.mean([seconds(partial(task.click, tape, (layer, 1))) for layer in layers])))
        measured = product_rates(info.d_model, info.device, info.dtype)
        usual.append(measured["torch"])
        rates.append(max(measured.values()))
    each = [found / len(task.cells) for found in swept]
    needed = needed_flops(task, task.cells)
    off = worst_difference(task, took[-1], layers)
    sampled = f"one head in each of {len(layers)} layers, taken for all"
    return [
        row(name, "notebook", "per cell", [x * 1e3 for x in alone], "ms", sampled),
        row(name, "batched by layer", "per cell", [x * 1e3 for x in together], "ms", sampled),
        row(name, "engine", "per cell", [x * 1e3 for x in each], "ms", f"all {len(task.cells)} cells"),
        row(name, "engine", "cells per second", [1 / x for x in each], "1/s"),
        row(name, "clean run", "kept", [x * 1e3 for x in first], "ms"),
        row(name, "engine / notebook", "times faster", ratio(alone, each), "x"),
        row(name, "engine / batched", "times faster", ratio(together, each), "x"),
        row(name, "one click", "share of a forward", ratio(click, alone), "", f"mean of {len(layers)} layers"),
        row(name, "product peak", "torch", [x / 1e9 for x in usual], "GFLOP/s"),
        row(name, "product peak", "best", [x / 1e9 for x in rates], "GFLOP/s"),
        row(name, "utilisation", "of torch's", ratio([needed / s for s in swept], usual), "", "needed work / peak"),
        row(name, "utilisation", "of the best", ratio([needed / s for s in swept], rates), "", "needed work / peak"),
        row(
            name,
            "memory",
            "above the model",
            [(most - info.memory_bytes) / 2**20],
            "MiB",
            "of the GPU" if info.device.startswith("cuda") else "the program and its libraries in it",
        ),
        row(name, "difference", "largest", [off], "", "from the notebook, over log-prob and cosines"),
    ]


def ratio(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return the ratios, round by round."""
    return [a / b for a, b in zip(above, below, strict=True)]


def differences(subject: Subject, setting: Setting) -> list[Row]:
    """Measure the map of all heads in bf16 differences, and the exact runs of some cells that its error is told by."""
    loaded = subject.loaded
    name, task = loaded.info.name, task_of(subject, PROMPT)
    tape = task.record()
    why_not = why_not_bf16(loaded.blocks) if tape.in_batches else "one run at a time"
    if why_not:
        return [not_measured(name, "engine in bf16", why_not)]
    layers, chosen = spread_layers(loaded.info.n_layers, setting.samples), task.cells[:: -(-len(task.cells) // FEWEST)]
    task.sweep(tape, heads_of(task, loaded.info.n_layers - 1), bf16=True)
    took: list[dict[Cell, tuple[float, np.ndarray]]] = []
    alone, swept, again = ([] for _ in range(3))
    for _ in range(setting.rounds):
        swept.append(seconds(lambda: took.append(task.sweep(tape, task.cells, bf16=True))))
        again.append(seconds(lambda: task.sweep(tape, chosen)))
        alone.append(float(np.mean([seconds(partial(notebook, task, [(layer, 0)])) for layer in layers])))
    each = [(cells + check) / len(task.cells) for cells, check in zip(swept, again, strict=True)]
    off = worst_difference(task, took[-1], layers)
    note = f"with exact runs of {len(chosen)} cells again"
    return [
        row(name, "engine in bf16", "per cell", [x * 1e3 for x in each], "ms", note),
        row(name, "engine in bf16", "share of the check", ratio(again, swept), "", "of the sweep's time"),
        row(name, "engine in bf16 / notebook", "times faster", ratio(alone, each), "x", note),
        row(name, "difference in bf16", "largest", [off], "", "from the notebook, over log-prob and cosines"),
    ]


def worst_difference(task: Task, swept: dict[Cell, tuple[float, np.ndarray]], layers: list[int]) -> float:
    """Return how far the engine is from the notebook at most, over some layers."""
    worst = 0.0
    for layer in layers:
        for cell, (log_prob, cosine) in zip(heads_of(task, layer), notebook(task, heads_of(task, layer)), strict=True):
            found = swept[cell]
            worst = max(worst, abs(found[0] - log_prob), float(np.abs(found[1] - cosine).max()))
    return worst


def curve(subject: Subject, setting: Setting) -> list[Row]:
    """Measure one click by layer, and when the first point of its curve is there."""
    info, task = subject.loaded.info, task_of(subject, PROMPT)
    layers, tape = spread_layers(info.n_layers, setting.samples), task.record()
    full: list[float] = []
    start: list[float] = []
    found: dict[int, list[float]] = {layer: [] for layer in layers}
    for _ in range(setting.rounds):
        task.click(tape, (layers[0], 0))
        full.append(seconds(lambda: notebook(task, [(0, 0)])))
        for layer in layers:
            found[layer].append(seconds(partial(task.click, tape, (layer, 1))))
        start.append(median(seconds(partial(task.first_point, tape, (layer, 1))) for layer in layers))
    return [
        row(info.name, "first point", "share of a forward", ratio(start, full), "", "of one click's curve"),
        *(
            row(info.name, "one click by layer", layer, ratio(times, full), "of a forward")
            for layer, times in found.items()
        ),
    ]


def estimates(subject: Subject, setting: Setting) -> list[Row]:
    """Measure how soon the map of all heads is there as estimates."""
    info, task = subject.loaded.info, task_of(subject, PROMPT)
    task.screen(task.cells[:1])
    full: list[float] = []
    took: list[float] = []
    for _ in range(setting.rounds):
        full.append(seconds(lambda: notebook(task, [(0, 0)])))
        took.append(seconds(lambda: task.screen(task.cells)))
    note = f"all {len(task.cells)} cells, {1 + len(task.wanted.pairs)} readouts"
    return [
        row(info.name, "screen", "the whole map", took, "s", note),
        row(info.name, "screen", "in forwards", ratio(took, full), "", note),
    ]


def by_layer(subject: Subject, setting: Setting) -> list[Row]:
    """Measure the sweep of one layer's heads, by layer."""
    info, task = subject.loaded.info, task_of(subject, PROMPT)
    tape = task.record()
    return [
        row(info.name, "sweep by layer", layer, _times(task, tape, layer, setting.rounds), "ms")
        for layer in spread_layers(info.n_layers, setting.samples)
    ]


def by_length(subject: Subject, setting: Setting) -> list[Row]:
    """Measure the sweep of all heads, by the length of the prompt."""
    found, loaded = [], subject.loaded
    for length in setting.lengths:
        if length > loaded.info.context:
            continue
        task = task_of(subject, length)
        tape, layers = task.record(), spread_layers(loaded.info.n_layers, 3)
        times = [np.mean([_times(task, tape, layer, 1)[0] for layer in layers]) for _ in range(setting.rounds // 2)]
        whole = [float(time) * loaded.info.n_layers / 1e3 for time in times]
        note = f"the heads of {len(layers)} layers, taken for all; a token in the middle"
        found.append(row(loaded.info.name, "sweep by tokens", length, whole, "s", note))
    return found


def by_prompts(subject: Subject, setting: Setting) -> list[Row]:
    """Measure clean runs and sweeps of all heads, by the number of prompts."""
    found, loaded = [], subject.loaded
    for count in setting.prompts:
        tasks = [task_of(subject, PROMPT, number) for number in range(count)]
        took = sum(seconds(partial(_whole, task)) for task in tasks)
        found.append(row(loaded.info.name, "sweep by prompts", count, [took], "s"))
    return found


def _whole(task: Task) -> None:
    task.sweep(task.record(), task.cells)


def _times(task: Task, tape: Tape, layer: int, rounds: int) -> list[float]:
    return [seconds(lambda: task.sweep(tape, heads_of(task, layer))) * 1e3 for _ in range(rounds)]


MEASURES: dict[str, Callable[[Subject, Setting], list[Row]]] = {
    "cells": cells,
    "bf16": differences,
    "click": curve,
    "screen": estimates,
    "layers": by_layer,
    "lengths": by_length,
    "prompts": by_prompts,
}


def measure(
    shape: str, names: Sequence[str], setting: Setting, device: str = "cpu", dtype: str = "float32"
) -> list[Row]:
    """Build a shape on a device and measure it there."""
    tidy_memory(device)  # of the shape before
    subject = Subject(SHAPES[shape], device, dtype)
    return [line for name in names for line in MEASURES[name](subject, setting)]
