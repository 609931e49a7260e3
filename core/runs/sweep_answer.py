"""The answer of ``sweep``: JSON data of the schema ``sweep/1``, and tables with one row a cell."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from core.runs.answer import by_layer, model_data, number_data, readouts_data, token_data, tokens_data
from core.runs.layer_tests import doses_of, layer_tests

if TYPE_CHECKING:
    from pathlib import Path

    from core.runs.layer_tests import LayerTest
    from core.runs.result import SweepReuse
    from core.runs.sweep_result import Checked, SweepResult

SCHEMA = "sweep/1"


def sweep_answer(result: SweepResult, patching: str = "") -> dict[str, Any]:
    """Return a result as plain data; numbers that are not finite, or not there, become None.

    Parameters
    ----------
    patching : str
        Which way a patch goes, in words; told only where something is patched.
    """
    request = result.request
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "method": result.method,
        "model": model_data(result.model),
        "tokens": tokens_data(result.tokens),
        "read_position": request.read_position,
        "target": token_data(result.target, result.target_text),
        "versus": token_data(result.versus, result.versus_text),
        "hook_point": request.cells[0].site.hook_point,
        "op": request.cells[0].operation,
        "params": dict(request.cells[0].params),
        "axes": [
            {"name": axis.name, "values": list(axis.values), "labels": list(axis.labels)} for axis in request.axes
        ],
        "clean": readouts_data(result.clean),
        "cells": _cells(result),
        "comparisons": len(request.cells),
        "layer_tests": [_test(each) for each in layer_tests(result)],
        "seconds": result.seconds,
        "peak_memory_bytes": result.peak_memory_bytes,
    }
    if result.reuse is not None:
        found["reused"] = _reused(result, result.reuse)
    if (dose := request.axis("dose")) is not None:
        # What differs from cell to cell stands with the cells.
        name = _dose_name(result)
        found["params"].pop(name)
        found["dose"] = {"param": name, "values": list(dose.values)}
    if request.axis("part") is not None:
        found.pop("hook_point")
    if request.donor and patching:
        found["patching"] = patching
    if (checked := result.checked) is not None:
        found["checked"] = {"cells": list(checked.cells), **_errors(checked)}
    if result.remarks:
        found["remarks"] = list(result.remarks)
    return found


def _reused(result: SweepResult, reuse: SweepReuse) -> dict[str, Any]:
    """Return what was taken from the clean run, and how much was computed of what full passes would have been."""
    full = result.full_row_layers
    return {
        "clean_run": reuse.clean,
        "all_tokens": reuse.why or None,
        "in_batches": reuse.in_batches,
        "cells": result.counted,
        "row_layers": result.row_layers,
        "row_layers_of_full_passes": full,
        "share": result.row_layers / full if full else None,
    }


def _errors(checked: Checked) -> dict[str, float | None]:
    names = ("log_prob", "logit_difference", "kl", "cosine")
    return {f"largest_error_{name}": number_data(getattr(checked, name)) for name in names}


def _dose_name(result: SweepResult) -> str:
    from core.interventions.ops import OPERATIONS

    dose = OPERATIONS[result.request.cells[0].operation].dose
    assert dose is not None, "doses are swept of operations that have one"
    return dose.name


def _cells(result: SweepResult) -> list[dict[str, Any]]:
    labels = [pair.label for pair in result.request.pairs]
    found = []
    for number, start in enumerate(_starts(result)):
        cosine = {label: by_layer(result.cosine[number, place]) for place, label in enumerate(labels)}
        found.append({**start, "cosine": cosine})
    return found


def _starts(result: SweepResult) -> list[dict[str, Any]]:
    """Return of each cell where it is, and its numbers."""
    with_part = result.request.axis("part") is not None
    with_neuron = result.request.axis("neuron") is not None
    with_dose = result.request.axis("dose") is not None
    found = []
    for number, (cell, dose) in enumerate(zip(result.request.cells, doses_of(result), strict=True)):
        numbers = {
            name: None if values is None else number_data(float(values[number]))
            for name, values in (
                ("log_prob", result.log_prob),
                ("d_log_prob", result.d_log_prob),
                ("logit_difference", result.logit_difference),
                ("kl", result.kl),
            )
        }
        where: dict[str, Any] = {"layer": cell.site.layer, "head": cell.site.head, "positions": list(cell.positions)}
        if with_part:
            where["hook_point"] = cell.site.hook_point
        if with_neuron:
            where["neuron"] = cell.site.neuron
        if with_dose:
            where["dose"] = dose
        found.append({**where, **numbers})
    return found


def _test(each: LayerTest) -> dict[str, Any]:
    found: dict[str, Any] = {"layer": each.layer}
    if each.token is not None:
        found["positions"] = [each.token]
    if each.dose is not None:
        found["dose"] = each.dose
    test = each.test
    numbers = {
        "n": test.n,
        "mean": test.mean,
        "sd": test.sd,
        "t": test.t,
        "p": test.p,
        "p_bonferroni": each.p_bonferroni,
        "p_holm": each.p_holm,
        "p_bh": each.p_bh,
        "cohens_d": test.cohens_d,
    }
    return {
        **found,
        "readout": each.readout,
        **{name: number_data(value) for name, value in numbers.items()},
        "ci95": [number_data(value) for value in test.ci95],
    }


def table(result: SweepResult) -> dict[str, list[Any]]:
    """Return the cells as columns, one entry a cell.

    Positions are text such as ``0,3``; of each pair there is one column for every depth, such as
    ``cosine A|B 0``, the embedding first. Cells that are not exact name their method; those in bf16
    also say whether they were run again, and what the largest errors of those were.
    """
    starts = _starts(result)
    found: dict[str, list[Any]] = {name: [start[name] for start in starts] for name in starts[0]}
    found["positions"] = [",".join(map(str, positions)) for positions in found["positions"]]
    for place, pair in enumerate(result.request.pairs):
        for depth in range(result.cosine.shape[-1]):
            found[f"cosine {pair.label} {depth}"] = by_layer(result.cosine[:, place, depth])
    cells = range(len(starts))
    if result.method != "exact":
        found["method"] = [result.method for _ in cells]
    if (checked := result.checked) is not None:
        found["checked"] = [number in checked.cells for number in cells]
        found |= {name: [value for _ in cells] for name, value in _errors(checked).items()}
    return found


def as_csv(result: SweepResult) -> str:
    """Return the cells as CSV; what there is no number for is empty."""
    columns = table(result)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def write_parquet(result: SweepResult, path: Path) -> None:
    """Write the cells as Parquet; needs pyarrow.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    columns = table(result)
    kinds = dict.fromkeys(("layer", "head", "neuron"), pa.int64())
    kinds |= dict.fromkeys(("hook_point", "positions", "method"), pa.string()) | {"checked": pa.bool_()}
    arrays = [pa.array(values, kinds.get(name, pa.float64())) for name, values in columns.items()]
    parquet.write_table(pa.table(arrays, names=list(columns)), path)
