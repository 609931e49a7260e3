"""What leaves a device is copied beside the processor, waited for once, and the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from core.readings.fetch import fetched, sent

if TYPE_CHECKING:
    import pytest


class OnDevice(torch.Tensor):
    """A tensor that says that it is on a CUDA device."""

    is_cuda = property(lambda self: True)
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]


class Device:
    """What of torch's CUDA the copying uses, written down in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.happened: list[str] = []
        empty, copy = torch.empty, torch.Tensor.copy_
        ours = self

        def allocated(shape: Any, *, dtype: torch.dtype, pin_memory: bool) -> torch.Tensor:
            assert pin_memory
            return empty(shape, dtype=dtype)

        def copied(self: torch.Tensor, other: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
            ours.happened.append("copied beside" if non_blocking else "copied")
            return copy(self, other)

        class Event:
            def record(self, stream: object) -> None:
                ours.happened.append(f"recorded on {stream}")

            def synchronize(self) -> None:
                ours.happened.append("waited")

        monkeypatch.setattr(torch, "empty", allocated)
        monkeypatch.setattr(torch.Tensor, "copy_", copied)
        monkeypatch.setattr(torch.cuda, "Event", Event)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda device: "its stream")


def test_that_a_device_is_waited_for_once_whatever_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [torch.arange(6.0).view(2, 3).bfloat16(), torch.tensor(0.1), torch.tensor([True, False])]
    device = Device(monkeypatch)
    found = fetched(*(each.as_subclass(OnDevice) for each in numbers))
    assert device.happened == ["copied beside"] * 3 + ["recorded on its stream", "waited"]
    for before, after in zip(numbers, found, strict=True):
        assert after.dtype == torch.float64 and type(after) is torch.Tensor
        assert torch.equal(before.double(), after)


def test_that_nothing_is_waited_for_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch)
    half, exact = fetched(torch.tensor([0.5]).half(), torch.tensor(0.1, dtype=torch.float64))
    assert (half.dtype, float(half), float(exact)) == (torch.float64, 0.5, 0.1)
    assert fetched() == [] and device.happened == []


def test_that_numbers_are_sent_beside_the_processor_out_of_pinned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[Any] = []

    def pinned(self: torch.Tensor) -> torch.Tensor:
        happened.append("pinned")
        return self

    def to(self: torch.Tensor, device: torch.device, non_blocking: bool = False) -> torch.Tensor:
        happened.append((device.type, non_blocking))
        return self

    monkeypatch.setattr(torch.Tensor, "pin_memory", pinned)
    monkeypatch.setattr(torch.Tensor, "to", to)
    assert torch.equal(sent([[1, 2], [3, 4]], torch.device("cuda")), torch.tensor([[1, 2], [3, 4]]))
    assert sent((0,), torch.device("cpu")).dtype == torch.long
    assert happened == ["pinned", ("cuda", True), ("cpu", False)]
