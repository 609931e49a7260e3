"""What of a config.json reaches the library: what the network is, and nothing of how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transformers import PreTrainedConfig

NOT_THE_CHECKPOINTS_TO_CHOOSE = {
    # Code, some of it fetched from the hub; so do all entries that name an implementation.
    "auto_map", "custom_pipelines", "use_kernels", "kernel_config", "allow_all_kernels", "quantization_config",
    "fusion_config", "distributed_config",
    # Other files than those that were looked at.
    "transformers_weights", "configuration_files",
    # The form of the answer, the pieces it is computed in, and the number format, which the caller names.
    "output_attentions", "output_hidden_states", "return_dict", "use_return_dict", "torchscript",
    "chunk_size_feed_forward", "dtype", "torch_dtype",
}  # fmt: skip


def attention_of(network_class: Any) -> str:
    """Return the implementation of attention that a library's class is loaded with."""
    return "sdpa" if getattr(network_class, "_supports_sdpa", False) else "eager"


def configuration_for(config: Mapping[str, Any], network_class: Any) -> PreTrainedConfig:
    """Return a configuration of a library's class, without the entries that are not the checkpoint's to choose."""
    kept = {
        name: value
        for name, value in config.items()
        if name not in NOT_THE_CHECKPOINTS_TO_CHOOSE and "_implementation" not in name
    }
    made: PreTrainedConfig = network_class.config_class.from_dict(kept)
    return made
