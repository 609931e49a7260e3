"""The most memory that was taken while something ran."""

from __future__ import annotations

import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


class PeakMemory:
    """Watches memory from its making on: of a CUDA device what torch took there, else of this process.

    Notes
    -----
    The system keeps the highest mark of the process. Where it rose, it is the peak; where it did
    not, an earlier moment took more, and the peak is the largest of the samples.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._sampled = 0
        if self._is_cuda:
            import torch

            torch.cuda.reset_peak_memory_stats(device)
        else:
            self._before = highest_mark()
            self.sample()

    @property
    def _is_cuda(self) -> bool:
        return self._device.startswith("cuda")

    def sample(self) -> None:
        """Look at what is taken now."""
        if not self._is_cuda:
            import psutil

            self._sampled = max(self._sampled, int(psutil.Process().memory_info().rss))

    def bytes(self) -> int:
        """Return the most that was taken until now."""
        if self._is_cuda:
            import torch

            return int(torch.cuda.max_memory_allocated(self._device))
        self.sample()
        after = highest_mark()
        return after if after > self._before else self._sampled


def highest_mark() -> int:
    """Return the most memory this process has ever taken, in bytes."""
    if STATUS.exists():  # unlike the rusage it does not count what the process was started from
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)
