"""How the weights of GPT-2's kind of layer stand in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from torch.nn import Module


def lay_out(network: Module) -> bool:
    """Let each Conv1D weight [in, out] stand in memory as that of a Linear layer does, its outputs one after the other.

    Values, shapes and module classes stay as they are. A product with a handful of rows, of which a
    run that is restarted consists, reads such a weight in about two thirds of the time, and oneDNN
    takes no other. Only float32 on a CPU is touched.

    Returns
    -------
    bool
        Whether there was any.
    """
    import torch
    from transformers.pytorch_utils import Conv1D

    found = False
    for module in network.modules():
        if type(module) is not Conv1D:
            continue
        weight = cast("Any", module).weight
        if weight.dtype == torch.float32 and weight.device.type == "cpu":
            weight.data = weight.data.t().contiguous().t()
            found = True
    return found
