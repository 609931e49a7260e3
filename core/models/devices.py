"""Which device and dtype a model is loaded to."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import SurgeryError
from core.models.memory import DTYPE_BYTES, free_bytes, total_bytes

DEVICES = ("auto", "cuda", "mps", "cpu")


@dataclass(frozen=True, kw_only=True)
class Device:
    """A device that can be asked for.

    Attributes
    ----------
    name : str
        As in ``auto``, ``cuda``, ``mps`` or ``cpu``.
    text : str
        What it is on this machine.
    why_not : str
        Why it is not available; empty if it is.
    free_bytes, total_bytes : int
        Its memory; 0 where it is not available.
    """

    name: str
    text: str
    why_not: str = ""
    free_bytes: int = 0
    total_bytes: int = 0


def list_devices() -> tuple[Device, ...]:
    """Return all devices that can be asked for, whether this machine has them or not; torch is imported."""
    return tuple(_device(name) for name in DEVICES)


def _device(name: str) -> Device:
    if why_not := _why_not(name):
        return Device(name=name, text="", why_not=why_not)
    chosen = choose_device(name)
    text = f"the fastest there is: {chosen}" if name == "auto" else _text(chosen)
    return Device(name=name, text=text, free_bytes=free_bytes(chosen), total_bytes=total_bytes(chosen))


def _text(device: str) -> str:
    if device == "cuda":
        import torch

        return str(torch.cuda.get_device_name(0))
    return {"cpu": "the processor and the main memory", "mps": "Apple's GPU"}[device]


def _why_not(kind: str) -> str:
    """Return why this machine has no device of a kind; empty if it has."""
    import torch

    if kind == "cuda" and not (torch.cuda.is_available() and torch.cuda.device_count()):
        why = "torch is built without it" if torch.version.cuda is None else "no GPU was found"
        return f"The device cuda is not available: {why}."
    if kind == "mps" and not torch.backends.mps.is_available():
        return "The device mps is not available: it is Apple's."
    return ""


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
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if not _why_not(name))
    kind, _, number = wanted.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and (kind != "cuda" or not number.isdecimal())):
        raise SurgeryError(f"There is no device {wanted!r}.", "Choose auto, cpu, cuda or mps.")
    if why_not := _why_not(kind):
        raise SurgeryError(why_not.replace(kind, wanted, 1), "Choose cpu, or auto.")
    if kind == "cuda":
        import torch

        n_cuda = torch.cuda.device_count()
        if int(number or 0) >= n_cuda:
            raise SurgeryError(f"There is no {wanted}: this machine has {n_cuda} GPU.", "Choose cuda, or auto.")
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
