"""Which device and dtype a model is loaded to."""

from __future__ import annotations

from core.errors import SurgeryError
from core.models.memory import DTYPE_BYTES


def choose_device(wanted: str) -> str:
    """Return the device that is meant, ``auto`` being the fastest there is.

    Parameters
    ----------
    wanted : str
        ``auto``, ``cpu``, ``mps``, ``cuda`` or ``cuda:1``.

    Raises
    ------
    SurgeryError
        If it is unknown or this machine does not have it.
    """
    import torch

    n_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    has_mps = torch.backends.mps.is_available()
    if wanted == "auto":
        return "cuda" if n_cuda else "mps" if has_mps else "cpu"
    kind, _, number = wanted.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and (kind != "cuda" or not number.isdecimal())):
        raise SurgeryError(f"There is no device {wanted!r}.", "Choose auto, cpu, cuda or mps.")
    if kind == "cuda" and not n_cuda:
        why = "torch is built without it" if torch.version.cuda is None else "no GPU was found"
        raise SurgeryError(f"The device {wanted} is not available: {why}.", "Choose cpu, or auto.")
    if kind == "cuda" and int(number or 0) >= n_cuda:
        raise SurgeryError(f"There is no {wanted}: this machine has {n_cuda} GPU.", "Choose cuda, or auto.")
    if kind == "mps" and not has_mps:
        raise SurgeryError("The device mps is not available: it is Apple's.", "Choose cpu, or auto.")
    return wanted


def check_dtype(dtype: str) -> None:
    """Refuse a number format that is not offered.

    Raises
    ------
    SurgeryError
        If it is unknown.
    """
    if dtype not in DTYPE_BYTES:
        raise SurgeryError(f"There is no dtype {dtype!r}.", f"Choose one of {', '.join(DTYPE_BYTES)}.")
