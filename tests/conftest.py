"""What holds for every test: no screen, no network, one thread, nothing left behind."""

from __future__ import annotations

import os

# Before anything imports Qt, torch or transformers, for this process and those that tests start.
# On few cores two torch threads that wait for each other are several times slower than one.
os.environ |= {
    "QT_QPA_PLATFORM": "offscreen",
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    "TOKENIZERS_PARALLELISM": "false",
}

pytest_plugins = [
    "tests.fixtures.leaks",
    "tests.fixtures.log_records",
    "tests.fixtures.skips",
    # Before tiny_family, which imports it: what is a plugin must not be imported earlier.
    "tests.fixtures.tiny_models",
    "tests.fixtures.tiny_family",
]
