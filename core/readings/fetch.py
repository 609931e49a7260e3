"""Numbers on their way from the device to the processor: where one waits for the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, device


def fetched(*found: Tensor) -> list[Tensor]:
    """Return tensors in float64 on the CPU, each of its own shape; a device is waited for once, for all of them.

    Notes
    -----
    A CUDA device copies into memory that is pinned, beside the processor; there is little of that, so
    what is returned is not pinned any more.
    """
    import torch

    devices = dict.fromkeys(each.device for each in found if each.is_cuda)
    if not devices:
        return [each.cpu().double() for each in found]
    landing = [torch.empty(each.shape, dtype=each.dtype, pin_memory=True) for each in found]
    for each, place in zip(found, landing, strict=True):
        place.copy_(each, non_blocking=True)
    for device in devices:
        arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
        arrived.record(torch.cuda.current_stream(device))
        arrived.synchronize()
    return [place.to(torch.float64, copy=True) for place in landing]


def sent(numbers: object, to: device) -> Tensor:
    """Return whole numbers, in lists of any depth, as a tensor on a device, without waiting for it."""
    import torch

    made = torch.tensor(numbers, dtype=torch.long, device="cpu")
    return made.pin_memory().to(to, non_blocking=True) if to.type == "cuda" else made.to(to)
