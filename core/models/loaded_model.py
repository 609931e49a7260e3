"""A model in memory, with its parts found by the table of its family."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.models.pieces import Vocabulary, vocabulary_of

if TYPE_CHECKING:
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

    @property
    def blocks(self) -> list[Module]:
        """The blocks, first to last."""
        return list(self._child(self.backbone, self.architecture.blocks).children())

    @property
    def final_norm(self) -> Module | None:
        """The norm after the last block; None for post-norm families."""
        path = self.architecture.final_norm
        return None if path is None else self._child(self.backbone, path)

    @property
    def head(self) -> Module | None:
        """From the normed residual to the logits; None for a bare backbone."""
        return self._child(self.network, self.architecture.head) if self.info.has_head else None

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
