"""Writing an autoencoder in the layout that others read: cfg.json and safetensors."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.models.sparse_autoencoder import CONFIG, FEATURES, WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

    from core.models.loaded_model import LoadedModel
    from core.specimens.sae.autoencoder import Autoencoder
    from core.specimens.sae.measures import Measures
    from core.specimens.training import Progress


def hook_name(loaded: LoadedModel, layer: int) -> str:
    """Return the residual stream after a layer in the words of TransformerLens.

    There, in families whose norms stand behind the additions, what leaves a block is called normalized.
    """
    return f"blocks.{layer}.hook_{'normalized_' if loaded.architecture.final_norm is None else ''}resid_post"


def configuration(
    loaded: LoadedModel, name: str, layer: int, autoencoder: Autoencoder, measures: Measures
) -> dict[str, Any]:
    """Return what ``cfg.json`` holds: the keys that SAELens reads, and what was measured."""
    found = {key: value for key, value in asdict(measures).items() if key != "density"}
    return {
        "architecture": "topk",
        "d_in": autoencoder.decoder.shape[1],
        "d_sae": autoencoder.decoder.shape[0],
        "k": autoencoder.k,
        "activation_fn_str": "topk",
        "activation_fn_kwargs": {"k": autoencoder.k},
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "finetuning_scaling_factor": False,
        "dtype": "float32",
        "device": "cpu",
        "model_name": name,
        "model_fingerprint": loaded.identity.rpartition("@")[2].partition("/")[0],
        "model_from_pretrained_kwargs": {"center_writing_weights": False},
        "hook_name": hook_name(loaded, layer),
        "hook_layer": layer,
        "hook_head_index": None,
        "prepend_bos": False,
        "context_size": loaded.info.context,
        "dataset_path": None,
        "dataset_trust_remote_code": False,
        "sae_lens_training_version": None,
        "measured": found | {"loss_recovered": measures.loss_recovered},
    }


def write(folder: Path, autoencoder: Autoencoder, config: dict[str, Any], features: dict[str, Any]) -> None:
    """Write weights in float16, configuration and contexts into a folder."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    names = ("W_enc", "b_enc", "W_dec", "b_dec")
    tensors = {name: x.half().contiguous() for name, x in zip(names, autoencoder.tensors, strict=True)}
    save_file(tensors, folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    text = json.dumps(features, ensure_ascii=False, separators=(",", ":"))
    # A line a feature, so that the file can be read and compared.
    (folder / FEATURES).write_text(text.replace('{"density"', '\n{"density"') + "\n", encoding="utf-8")


def card(config: dict[str, Any], progress: Progress, source: str) -> str:
    """Return in Markdown what the autoencoder is and how good it is."""
    found = config["measured"]
    lines = [
        f"# Sparse autoencoder of {config['model_name']}",
        "",
        f"Of the residual stream after layer {config['hook_layer']} (`{config['hook_name']}`): {config['d_sae']} "
        f"features, of which the {config['k']} strongest fire at a token (TopK). `{CONFIG}` and `{WEIGHTS}` are as "
        "SAELens reads them; rows of `W_dec` have length 1.",
        "",
        "| | |",
        "|---|---|",
        f"| training | {progress.step:,} steps, {progress.tokens:,} tokens, {progress.seconds / 60:.0f} minutes |",
        f"| measured on | {found['tokens']:,} held-out tokens |",
        f"| variance explained | {1 - found['unexplained']:.1%} |",
        f"| features that fire at a token | {found['l0']:.1f} |",
        f"| features that never fire | {found['dead']} |",
        f"| the model's loss | {found['loss_clean']:.3f} nats; {found['loss_reconstructed']:.3f} with the "
        f"reconstruction, {found['loss_zeroed']:.3f} with zeros in its place |",
        f"| loss recovered | {found['loss_recovered']:.1%} |",
        "",
        f"`{FEATURES}` says of every feature at what share of those tokens it fires, and where it is strongest: "
        "what stands before, the token, what follows, and the activation.",
        source,
    ]
    return "\n".join(lines) + "\n"
