"""Run by another Python: measures the tools that are there on the task that stands in its standard input.

Every tool silences all heads of a layer as one batch, its fastest way, with similarities at every
layer and the last log-probability read out; what it answers is compared with a notebook's.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import json
import sys
import tempfile
import time
from functools import cached_property
from importlib.metadata import version
from typing import Any


class Peers:
    """A GPT-2 with random weights, and each tool on it."""

    def __init__(self, task: dict[str, Any]) -> None:
        import torch
        from transformers import GPT2Config, GPT2LMHeadModel

        torch.set_num_threads(task["threads"])
        torch.manual_seed(0)
        self.task = task
        self.config = GPT2Config(**task["config"])
        self.network: Any = GPT2LMHeadModel(self.config).eval().requires_grad_(False)
        self.heads, self.width = self.config.n_head, self.config.n_embd // self.config.n_head
        self.batch = torch.tensor([task["ids"]] * self.heads)

    def silence(self, z: Any, position: int | None = None) -> Any:
        """Silence in row h of a batch [head, token, heads * width] the head h."""
        z = z.clone()
        place = self.task["position"] if position is None else position
        for head in range(self.heads):
            z[head, place, head * self.width : (head + 1) * self.width] = 0
        return z

    def read(self, residuals: list[Any], logits: Any) -> list[float]:
        """Read out what every tool is asked for."""
        import torch

        for a, b in () if not residuals else ((self.task["position"], -1), (2, -1)):
            torch.stack([torch.cosine_similarity(x[:, a], x[:, b], dim=-1) for x in residuals])
        return [float(x) for x in logits[:, -1].log_softmax(dim=-1)[:, self.task["target"]]]

    @contextlib.contextmanager
    def kept(self, layer: int) -> Any:
        """Keep the residual stream with ordinary hooks, and silence with one."""
        found: list[Any] = []
        blocks = self.network.transformer.h
        hooks = [
            block.register_forward_hook(lambda m, a, out: found.append(out[0] if isinstance(out, tuple) else out))
            for block in blocks
        ]
        hooks.append(blocks[layer].attn.c_proj.register_forward_pre_hook(lambda m, args: (self.silence(args[0]),)))
        try:
            yield found
        finally:
            for hook in hooks:
                hook.remove()

    def notebook(self, layer: int) -> list[float]:
        """Use ordinary hooks."""
        with self.kept(layer) as found:
            return self.read(found, self.network(self.batch, use_cache=False).logits)

    def nnsight(self, layer: int) -> list[float]:
        """Use nnsight's tracing."""
        from nnsight import NNsight

        model: Any = NNsight(self.network)
        residuals: list[Any] = []
        with model.trace(self.batch, use_cache=False):
            for number, block in enumerate(model.transformer.h):
                if number == layer:
                    block.attn.c_proj.input = self.silence(block.attn.c_proj.input)
                out = block.output
                residuals.append(out[0] if isinstance(out, tuple) else out)
            logits = model.lm_head.output.save()
            residuals = residuals.save() if hasattr(residuals, "save") else residuals
        return self.read(residuals, logits)

    def pyvene(self, layer: int) -> list[float]:
        """Use pyvene's interventions, without the similarities: it takes off the hooks that would keep the residuals."""
        import pyvene

        model: Any = pyvene.IntervenableModel(
            {
                "component": f"transformer.h[{layer}].attn.c_proj.input",
                "intervention": lambda base, source: self.silence(base, 0),
            },
            self._network_of_pyvene,
        )
        _, out = model({"input_ids": self.batch}, unit_locations={"base": self.task["position"]})
        return self.read([], out.logits)

    @cached_property
    def _network_of_pyvene(self) -> Any:
        # It takes off the hooks of others.
        return copy.deepcopy(self.network)

    def transformer_lens(self, layer: int) -> list[float]:
        """Use TransformerLens: from 4 on its bridge, before that from the layer on, its residual being at hand."""
        lens, before = self._lens()
        residuals: list[Any] = []
        first, entry = (0, self.batch) if before is None else (layer, before[f"blocks.{layer}.hook_resid_pre"])
        hooks: list[Any] = [(f"blocks.{layer}.attn.hook_z", lambda z, hook: self.silence(z.flatten(2)).view(z.shape))]
        hooks += [
            (f"blocks.{number}.hook_resid_post", lambda x, hook: residuals.append(x))
            for number in range(first, self.config.n_layer)
        ]
        options = {} if before is None else {"start_at_layer": layer}
        if before is not None:
            entry = entry.expand(self.heads, -1, -1)
        return self.read(residuals, lens.run_with_hooks(entry, fwd_hooks=hooks, **options))

    def _lens(self) -> tuple[Any, Any]:
        """Return the model and, where runs can start at a layer, what was there on the way down."""
        if not hasattr(self, "_made"):
            try:
                self._made = self._bridge(), None
            except ImportError:
                self._made = self._hooked()
        return self._made

    def _bridge(self) -> Any:
        from transformer_lens.model_bridge import TransformerBridge

        # The bridge changes the network that it is given, and reads its configuration from a folder.
        network = copy.deepcopy(self.network)
        network.config.architectures = [type(network).__name__]
        with tempfile.TemporaryDirectory() as folder:
            network.config.save_pretrained(folder)
            return TransformerBridge.boot_transformers(folder, hf_model=network, device="cpu")

    def _hooked(self) -> tuple[Any, Any]:
        from transformer_lens import HookedTransformer, HookedTransformerConfig

        config = HookedTransformerConfig(
            n_layers=self.config.n_layer,
            d_model=self.config.n_embd,
            n_ctx=self.config.n_positions,
            d_head=self.width,
            n_heads=self.heads,
            d_vocab=self.config.vocab_size,
            act_fn="gelu_new",
            normalization_type="LN",
            device="cpu",
        )
        lens: Any = HookedTransformer(config).eval().requires_grad_(False)
        _, before = lens.run_with_cache(self.batch[:1])
        return lens, before


TOOLS = (
    ("nnsight", "nnsight", "batched by layer", True),
    ("pyvene", "pyvene", "batched by layer", True),
    # Before 4 its weights are drawn by itself, so its numbers are not to be compared.
    ("transformer_lens", "transformer-lens", "batched by layer", False),
)


def main() -> None:
    """Measure and print one line of JSON."""
    import torch

    task = json.loads(sys.stdin.read())
    peers, answer = Peers(task), {}
    n_layers, count = peers.config.n_layer, task["layers"]
    layers = sorted({round(place * (n_layers - 1) / max(1, count - 1)) for place in range(count)})
    ways: dict[str, Any] = {"notebook there": peers.notebook}
    answer["notebook there"] = {"version": torch.__version__, "way": "batched by layer", "times": []}
    with torch.inference_mode():
        for tool, package, way, comparable in TOOLS:
            try:
                importlib.import_module(tool)
                found = getattr(peers, tool)(layers[0])
                off = (
                    max(abs(a - b) for a, b in zip(found, peers.notebook(layers[0]), strict=True)) if comparable else 0
                )
                if off > 1e-3:
                    raise ValueError(f"its answer is off by {off:.1e}")
            except ImportError:
                answer[tool] = {"why": "not found"}
            except Exception as error:  # noqa: BLE001
                answer[tool] = {"why": f"{type(error).__name__}: {str(error).strip()[:200]}"}
            else:
                ways[tool] = getattr(peers, tool)
                answer[tool] = {"version": version(package), "way": way, "times": []}
        for _ in range(task["rounds"]):
            for tool, run in ways.items():
                clock = time.process_time if task["threads"] == 1 else time.perf_counter
                started = clock()
                for layer in layers:
                    run(layer)
                took = clock() - started
                answer[tool]["times"].append(took / len(layers) / peers.heads)  # type: ignore[attr-defined]
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
