"""A model in memory, with its parts found by the table of its family."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.models.pieces import Vocabulary, vocabulary_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor
    from torch.nn import Module
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from core.models.architecture import Architecture
    from core.models.info import ModelInfo


@dataclass(eq=False)
class LoadedModel:
    """A model, its tokenizer, and where its parts are.

    Attributes
    ----------
    identity : str
        Differs whenever the name, the content, the dtype or the device differ: a key for caches.
    info : ModelInfo
    architecture : Architecture
    network : PreTrainedModel
        With its language-model head, or bare where the checkpoint has none.
    tokenizer : PreTrainedTokenizerFast
    """

    identity: str
    info: ModelInfo
    architecture: Architecture
    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """How to read the pieces of the tokenizer."""
        return vocabulary_of(self.tokenizer)

    @property
    def backbone(self) -> PreTrainedModel:
        """The network without its head: from token ids to the last residual."""
        return self.network.base_model if self.info.has_head else self.network

    @cached_property
    def blocks(self) -> list[Module]:
        """The blocks, first to last; the same module several times where layers share weights."""
        return blocks_of(self.backbone, self.architecture, int(self.network.config.num_hidden_layers))

    @cached_property
    def shortcuts(self) -> dict[int, tuple[bool, bool]]:
        """What was found out by trying, by the bit length of the number of tokens; see `core.runs.tape`."""
        return {}

    def turn(self, layer: int) -> tuple[int, int] | None:
        """Return which call of its block a layer is, and of how many; None where each has its own."""
        if self.architecture.shared_block is None:
            return None
        same = [number for number, block in enumerate(self.blocks) if block is self.blocks[layer]]
        return same.index(layer), len(same)

    @property
    def final_norm(self) -> Module | None:
        """The norm after the last block; None for post-norm families."""
        path = self.architecture.final_norm
        return None if path is None else self._child(self.backbone, path)

    @property
    def head_parts(self) -> list[Module]:
        """The modules that make the logits of the normed residual, one after the other."""
        return [self._child(self.network, path) for path in self.architecture.head]

    @property
    def head(self) -> Callable[[Tensor], Tensor] | None:
        """From the normed residual [..., d_model] to the logits [..., vocab]; None for a bare backbone."""
        if not self.info.has_head:
            return None
        parts = self.head_parts

        def logits(x: Tensor) -> Tensor:
            for part in parts:
                x = part(x)
            return self._scaled(x)

        return logits

    def _scaled(self, logits: Tensor) -> Tensor:
        for how, name in self.architecture.logit_scaling:
            amount = getattr(self.network.config, name, None)
            if amount is None:
                continue
            if how == "cap":
                logits = (logits / amount).tanh() * amount
            else:
                logits = logits * amount if how == "times" else logits / amount
        return logits

    @property
    def residual_multiplier(self) -> float:
        """What attn_out and mlp_out are multiplied by when they are added to the residual stream."""
        name = self.architecture.residual_multiplier
        return 1.0 if name is None else float(getattr(self.network.config, name))

    def part(self, layer: int, path: str) -> Module:
        """Return the module at a dotted path below a block.

        Raises
        ------
        SurgeryError
            If the network has no module there.
        """
        return self._child(self.blocks[layer], path)

    def _child(self, module: Module, path: str) -> Module:
        return find_part(module, path, self.architecture)


def blocks_of(backbone: Module, architecture: Architecture, n_layers: int) -> list[Module]:
    """Return a network's blocks, one entry per layer.

    Raises
    ------
    SurgeryError
        If they are not there, or are not as many as there are layers.
    """
    found = list(find_part(backbone, architecture.blocks, architecture).children())
    if architecture.shared_block is not None and found:
        groups = [find_part(group, architecture.shared_block, architecture) for group in found]
        # As the library divides layers among groups, rounding and all.
        found = [groups[int(layer / (n_layers / len(groups)))] for layer in range(n_layers)]
    if len(found) != n_layers:
        raise SurgeryError(
            f"The model has {len(found)} blocks but its config.json says {n_layers}.", "Get the checkpoint again."
        )
    return found


def find_part(module: Module, path: str, architecture: Architecture) -> Module:
    """Return the module at a dotted path of a family's table.

    Raises
    ------
    SurgeryError
        If it is not there: the model's own code was changed since the table was written.
    """
    try:
        return module.get_submodule(path)
    except AttributeError as error:
        raise SurgeryError(
            f"A {architecture.label} model should have a part {path!r}, but this one has none.",
            "Install a version of transformers that this application was tested with.",
        ) from error
