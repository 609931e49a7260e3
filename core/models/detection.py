"""The table of a family that nobody has described, found by looking at its network."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Literal

from core.errors import SurgeryError
from core.models.architecture import Architecture
from core.models.configuration import configuration_for
from core.models.library_families import library_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch.nn import Module
    from transformers import PreTrainedModel

NOTE = "This family's table was found by looking at the network and has passed the self-check."
CONTEXT = ("max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len", "seq_length")
LOGIT_SCALING: tuple[tuple[Literal["times", "over", "cap"], str], ...] = (
    ("times", "logit_scale"),
    ("over", "logits_scaling"),
    ("cap", "final_logit_softcapping"),
)
ATTENTION = re.compile(r"attn|attention", re.IGNORECASE)
CROSS = re.compile(r"cross|encoder_attn|encdec", re.IGNORECASE)
INTO_ATTENTION = re.compile(r"^w?_?(q|k|v|query|key|value|pos)(_|$|[A-Z])")
CLASS_ENDING = re.compile(r"(For(CausalLM|MaskedLM|ConditionalGeneration)|LMHead|WithLMHead)?(Model)?$")


def detect(config: Mapping[str, Any]) -> Architecture:
    """Return the table of a configuration's family, as far as the structure of its network shows it.

    The network is built without numbers and without code other than the library's. What only a
    forward pass shows is left to `core.models.observation`.

    Raises
    ------
    SurgeryError
        If the library does not know the family, or a part is not where such parts are.
    """
    family = str(config.get("model_type"))
    found = library_class(config)
    if found is None:
        raise _refusal(family, "the class of its network")
    objective, class_name = found
    network = _empty_network(config, class_name)
    backbone, settings = network.base_model, network.config
    look = _Look(family, network)
    blocks = look.blocks()
    attention, projection = look.attention()
    mlp_pre, mlp_projection, mlp_output = look.mlp()
    backbone_class = type(backbone).__name__
    return Architecture(
        key=family,
        label=CLASS_ENDING.sub("", class_name),
        objective=objective,
        language_model_class=class_name,
        backbone_class=backbone_class,
        backbone_options=_without_pooler(backbone),
        blocks=blocks,
        attention=attention,
        attention_projection=projection,
        mlp_pre=mlp_pre,
        mlp_projection=mlp_projection,
        mlp_output=mlp_output,
        final_norm=next(reversed(final_norms(backbone, blocks, int(settings.hidden_size))), None),
        head=look.head(),
        logit_scaling=tuple(entry for entry in LOGIT_SCALING if getattr(settings, entry[1], None) is not None),
        residual_multiplier="residual_multiplier" if hasattr(settings, "residual_multiplier") else None,
        transposed_projection=type(look.part(projection)).__name__ == "Conv1D",
        own_attention=not hasattr(sys.modules[type(look.part(attention)).__module__], "ALL_ATTENTION_FUNCTIONS"),
        context=CONTEXT,
        notes=(NOTE,),
        leftovers=("pooler.*", "*position_ids"),
        accepted={"is_causal": (True,)} if objective == "causal" else {},
        detected=True,
    )


def norms_below(module: Module, width: int) -> list[str]:
    """Return the paths of the norms below a module that are as wide as the residual stream."""
    found = []
    for path, part in module.named_modules():
        weight: Any = getattr(part, "weight", None)
        fits = weight is None or tuple(weight.shape) == (width,)
        if path and "norm" in type(part).__name__.lower() and fits and not any(part.children()):
            found.append(path)
    return found


def final_norms(backbone: Module, blocks: str, width: int) -> list[str]:
    """Return the paths of the norms beside the list of blocks, or else beside what holds it."""
    for parent in dict.fromkeys((blocks.rpartition(".")[0], "")):
        found = [path for path in norms_below(backbone.get_submodule(parent), width) if "." not in path]
        if found:
            return [f"{parent}.{path}" if parent else path for path in found]
    return []


def _refusal(family: str, what: str) -> SurgeryError:
    return SurgeryError(
        f"The family {family!r} is not described here, and its network does not show {what}.",
        "Choose a model of a family that is described.",
    )


def _empty_network(config: Mapping[str, Any], class_name: str) -> PreTrainedModel:
    import torch
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    family = str(config.get("model_type"))
    network_class = getattr(transformers, class_name)
    if network_class.config_class is not CONFIG_MAPPING[family]:  # a part of a larger model, or another family's class
        raise _refusal(family, "a network of its own")
    try:
        with torch.device("meta"):
            network: PreTrainedModel = network_class(configuration_for(config, network_class))
    except Exception as error:  # what a strange configuration provokes in the library has no common class
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SurgeryError(
            f"The network of the family {family!r} cannot be built: {first_line}",
            "Choose a model of a family that is described.",
        ) from error
    if network.base_model is network or not hasattr(transformers, type(network.base_model).__name__):
        raise _refusal(family, "what of it is the head")
    if getattr(network.config, "is_encoder_decoder", False):
        raise _refusal(family, "one single list of blocks")
    return network


def _without_pooler(backbone: Module) -> dict[str, Any]:
    import inspect

    return {"add_pooling_layer": False} if "add_pooling_layer" in inspect.signature(type(backbone)).parameters else {}


class _Look:
    """A look at one network."""

    def __init__(self, family: str, network: PreTrainedModel) -> None:
        self._family = family
        self._network = network
        self._n_layers, self._n_heads, self._width = (
            self._entry(name) for name in ("num_hidden_layers", "num_attention_heads", "hidden_size")
        )
        self._path = self._block_list()
        self._block: Module = network.base_model.get_submodule(f"{self._path}.0")
        self._linears = {p: m for p, m in self._block.named_modules() if _is_linear(m) and not CROSS.search(p)}
        self._attention_root, self._projection = self._find_projection()

    def _entry(self, name: str) -> int:
        value = getattr(self._network.config, name, None)
        if not isinstance(value, int) or value < 1:
            raise _refusal(self._family, f"a {name} of its own")
        return value

    def part(self, path: str) -> Module:
        """Return the module at a path below the first block."""
        return self._block.get_submodule(path)

    def blocks(self) -> str:
        """Return the path of the list of blocks, all of which have the attention in the same place."""
        for block in self._network.base_model.get_submodule(self._path).children():
            try:
                block.get_submodule(self._projection)
            except AttributeError:
                raise _refusal(self._family, "attention in every layer") from None
        return self._path

    def _block_list(self) -> str:
        """Return the path of the list with one block for each layer: the one that holds the most weights."""
        from torch.nn import ModuleList

        lists: dict[str, int] = {
            path: sum(weight.numel() for weight in part.parameters())
            for path, part in self._network.base_model.named_modules()
            if isinstance(part, ModuleList) and len(part) == self._n_layers and path
        }
        if not lists:
            raise _refusal(self._family, "a list with one block for each layer")
        return max(lists, key=lists.__getitem__)

    def _find_projection(self) -> tuple[str, str]:
        """Return the outermost attention and, in it, the last projection back to the residual stream."""
        for root, _ in self._block.named_modules():
            if not ATTENTION.search(root.rpartition(".")[2]) or CROSS.search(root):
                continue
            inside = [path for path in self._linears if path.startswith(f"{root}.")]
            ends = [
                path
                for path in inside
                if not INTO_ATTENTION.match(path.rpartition(".")[2])
                and _widths(self._linears[path])[0] % self._n_heads == 0
                and _widths(self._linears[path])[1] == self._width
            ]
            if len(inside) > 1 and ends:
                return root, ends[-1]
        raise _refusal(self._family, "the output projection of its attention")

    def attention(self) -> tuple[str, str]:
        """Return the module that computes the attention, and the output projection."""
        inside = [p for p in self._linears if p.startswith(f"{self._attention_root}.") and p != self._projection]
        parents = [path.split(".")[:-1] for path in inside]
        common = parents[0]
        for parent in parents[1:]:
            common = [one for one, other in zip(common, parent, strict=False) if one == other]
        return ".".join(common), self._projection

    def mlp(self) -> tuple[str | None, str | None, str | None]:
        """Return mlp_pre, the last projection of the MLP, and the module whose output is mlp_out."""
        outside = {p: m for p, m in self._linears.items() if not p.startswith(f"{self._attention_root}.")}
        blocks = list(self._network.base_model.get_submodule(self._path).children())
        for block in blocks:
            for path, _ in block.named_modules():
                if "expert" in path and not path.startswith(self._attention_root):
                    mixture = path.partition(".")[0]
                    if not all(hasattr(each, mixture) for each in blocks):
                        raise _refusal(self._family, "the MLP of every layer")
                    return None, None, mixture
        ends = [path for path, part in outside.items() if _widths(part)[1] == self._width]
        if not ends:
            raise _refusal(self._family, "the last projection of its MLP")
        last = ends[-1]
        d_mlp = _widths(outside[last])[0]
        firsts = [path for path, part in outside.items() if path != last and _widths(part)[1] == d_mlp]
        gates = [path for path in firsts if "gate" in path.rpartition(".")[2]]
        # With several and no gate among them, the structure does not tell which goes into the nonlinearity.
        chosen = firsts if len(firsts) == 1 else gates
        return chosen[0] if len(chosen) == 1 else None, last, None

    def head(self) -> tuple[str, ...]:
        """Return what the language model has beside its backbone."""
        backbone = self._network.base_model
        parts = tuple(
            name
            for name, part in self._network.named_children()
            if part is not backbone and not re.search(r"loss|dropout", type(part).__name__, re.IGNORECASE)
        )
        if not parts:
            raise _refusal(self._family, "its head")
        return parts


def _is_linear(module: Module) -> bool:
    from torch.nn import Linear

    return isinstance(module, Linear) or type(module).__name__ == "Conv1D"


def _widths(module: Module) -> tuple[int, int]:
    """Return how many numbers a projection takes, and how many it gives."""
    weight: Any = module.weight
    ahead, back = int(weight.shape[0]), int(weight.shape[1])
    return (ahead, back) if type(module).__name__ == "Conv1D" else (back, ahead)
