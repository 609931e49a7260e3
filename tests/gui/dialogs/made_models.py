"""Models, devices and what is held, made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.models.catalogue import CatalogueEntry
from core.models.devices import Device
from core.models.memory import bytes_in
from core.runs.events import HeldModel, ModelsHeld, ModelsListed, RunsKept

GB = 10**9
KEPT = RunsKept(clean_bytes=3 * 10**6, activation_bytes=2000, budget_bytes=256 * 10**6, results=14, most_results=128)


def entry(name: str, **changes: Any) -> CatalogueEntry:
    facts: dict[str, Any] = {
        "name": name,
        "kind": "hub",
        "path": Path(name),
        "family": "gpt2",
        "label": "GPT-2",
        "n_parameters": 124_000_000,
        "disk_bytes": 548_000_000,
        "memory_bytes": None,
        "supported": True,
    }
    facts |= changes
    facts["memory_bytes"] = bytes_in(facts["n_parameters"], "float32") if facts["n_parameters"] else None
    return CatalogueEntry(**facts)


def held(*models: tuple[str, bool], n_bytes: int = GB) -> ModelsHeld:
    made = (
        HeldModel(identity=f"{name}@1", name=name, dtype="float32", device="cpu", memory_bytes=n_bytes, is_open=is_open)
        for name, is_open in models
    )
    return ModelsHeld(tuple(made), 0.5, 8 * GB)


def devices(free: int = 4 * GB) -> tuple[Device, ...]:
    memory: dict[str, Any] = {"free_bytes": free, "total_bytes": 16 * GB}
    return (
        Device(name="auto", text="the fastest there is: cpu", **memory),
        Device(name="cuda", text="", why_not="The device cuda is not available: no GPU was found."),
        Device(name="mps", text="", why_not="The device mps is not available: it is Apple's."),
        Device(name="cpu", text="the processor and the main memory", **memory),
    )


ENTRIES = (
    entry("specimen-gpt2", kind="specimen", n_parameters=5_030_656, disk_bytes=10_000_000),
    entry("owner/large", n_parameters=7_000_000_000, disk_bytes=14 * GB),
    entry("owner/begun", supported=False, n_parameters=None, remark="It has no weights.", disk_bytes=3_000_000,
          present_bytes=200_000_000, total_bytes=500_000_000),
    entry("owner/other", family="made-up", label="made-up", detected=True, remark="It will be tried by structure."),
    entry("/models/broken", kind="folder", supported=False, n_parameters=None, remark="The folder has no tokenizer."),
)  # fmt: skip
LISTED = ModelsListed(ENTRIES, devices())
