"""The self-check of a loaded model: whether surgery does there what it says."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from core.cancel import CancelToken
from core.errors import Cancelled, SurgeryError
from core.hooks.attach import Hook, attached, count_hooks
from core.runs.events import CheckLine, CheckReport
from core.runs.request import ResolvedIncision
from core.runs.trace import forward_options, trace, unembed
from core.sites.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from core.models.loaded_model import LoadedModel
    from core.runs.trace import Trace

PROMPT_LENGTH = 5
TOLERANCE = {"float32": 1e-4, "float64": 1e-8, "float16": 3e-2, "bfloat16": 2e-1}
NO_HEAD = "This model has no language-model head, so there are no logits to compare."


def self_check(loaded: LoadedModel, cancel: CancelToken) -> CheckReport:
    """Run all checks on a few fixed tokens.

    Raises
    ------
    Cancelled
        If the token was set.
    """
    started = time.perf_counter()
    checker = _Checker(loaded, cancel)
    lines = tuple(checker.line(name, check) for name, check in checker.checks())
    return CheckReport(lines, time.perf_counter() - started)


class _Checker:
    """The checks of one model; each returns (value, meaning) or None where it does not apply."""

    def __init__(self, loaded: LoadedModel, cancel: CancelToken) -> None:
        import torch

        self.loaded = loaded
        self.cancel = cancel
        size = loaded.info.vocab_size
        count = min(PROMPT_LENGTH, loaded.info.context)
        self.ids = [(17 + 31 * number) % size for number in range(count)]
        self.input = torch.tensor([self.ids], device=loaded.info.device)
        self.tolerance = TOLERANCE.get(loaded.info.dtype, 1e-4)
        self.hooks_before = count_hooks(loaded.network)
        self.clean = trace(loaded, self.ids, (), None, cancel)
        self.token = count // 2
        self.head = loaded.info.n_heads - 1

    def checks(self) -> tuple[tuple[str, Callable[[], tuple[float, str] | str]], ...]:
        """Return the checks by name."""
        return (
            ("empty plan", self.empty_plan),
            ("residual identities", self.residual_identities),
            ("attention rows", self.attention_rows),
            ("logit lens", self.logit_lens),
            ("editing z", self.editing_z),
            ("head removal", self.head_removal),
            ("hooks removed", self.hooks_removed),
        )

    def line(self, name: str, check: Callable[[], tuple[float, str] | str]) -> CheckLine:
        """Run one check; a check that breaks has failed."""
        try:
            found = check()
        except (Cancelled, SurgeryError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever breaks a check is its finding
            return CheckLine(name, False, f"The check itself broke: {type(error).__name__}: {error}")
        if isinstance(found, str):
            return CheckLine(name, None, found)
        value, text = found
        return CheckLine(name, value <= self.tolerance, text, value, self.tolerance)

    def _plain_output(self) -> Tensor:
        """Return the untouched model's logits, or final hidden state where there is no head."""
        import torch

        with torch.inference_mode():
            answer = self.loaded.network(self.input, **forward_options(self.loaded))
        output: Tensor = answer.last_hidden_state if self.loaded.head is None else answer.logits
        return output[0].float().cpu().double()

    def _ours(self, residuals: Tensor) -> Tensor:
        """Return the same from the residual after the last block."""
        import torch

        if self.loaded.head is not None:
            return unembed(self.loaded, residuals[-1])
        norm = self.loaded.final_norm
        with torch.inference_mode():
            return (residuals[-1] if norm is None else norm(residuals[-1])).float().cpu().double()

    def empty_plan(self) -> tuple[float, str]:
        """Compare a run under the empty plan with the untouched model, at every token."""
        value = _largest(self._ours(self.clean.residuals) - self._plain_output())
        return value, "A run without incisions gives what the untouched model gives."

    def residual_identities(self) -> tuple[float, str]:
        """Rebuild every block's output from its input, attn_out and mlp_out."""
        import torch

        table, worst = self.loaded.architecture, 0.0
        for layer in range(self.loaded.info.n_layers):
            seen: dict[str, Tensor] = {}
            hooks = [
                Hook(self.loaded.part(layer, path), "output", _keeper(seen, name))
                for name, path in (("attn", table.attn_out), ("mlp", table.mlp_out))
            ]
            with torch.inference_mode(), attached(hooks):
                self.loaded.backbone(self.input, **forward_options(self.loaded))
                stream = self.clean.residuals[layer] + seen["attn"][0]
                if table.post_norms is not None:
                    stream = self.loaded.part(layer, table.post_norms[0])(stream)
                stream = stream + seen["mlp"][0]
                if table.post_norms is not None:
                    stream = self.loaded.part(layer, table.post_norms[1])(stream)
            worst = max(worst, _deviation(stream, self.clean.residuals[layer + 1]))
            self.cancel.check()
        return worst, "The residual stream is rebuilt from its input, the attention and the MLP, at every layer."

    def attention_rows(self) -> tuple[float, str] | str:
        """Sum the attention pattern over its keys, in every layer."""
        import torch

        network: Any = self.loaded.network
        before = network.config._attn_implementation
        seen: list[Tensor] = []

        def keep(module: object, args: object, output: Any) -> None:
            if isinstance(output, tuple) and len(output) > 1 and output[1] is not None:
                seen.append(output[1])

        modules = [self.loaded.part(n, self.loaded.architecture.attention) for n in range(self.loaded.info.n_layers)]
        handles = [module.register_forward_hook(keep) for module in modules]
        try:
            network.set_attn_implementation("eager")
            with torch.inference_mode():
                self.loaded.backbone(self.input, **forward_options(self.loaded))
        finally:
            network.set_attn_implementation(before)
            for handle in handles:
                handle.remove()
        if len(seen) != len(modules):
            return "This family does not show its attention pattern."
        value = max(_largest(pattern.float().sum(dim=-1) - 1.0) for pattern in seen)
        return value, "Every token's attention adds up to 1, in every layer."

    def logit_lens(self) -> tuple[float, str] | str:
        """Compare the logit lens at the last layer with the model's logits at the last token."""
        if self.loaded.head is None:
            return NO_HEAD
        lens = unembed(self.loaded, self.clean.residuals[:, -1])[-1]
        return _largest(lens - self._plain_output()[-1]), "The log-prob curve ends at the model's own output."

    def editing_z(self) -> tuple[float, str]:
        """Silence one head in the first layer and see that the output moves."""
        difference = _largest(self._silenced(0).residuals[-1] - self.clean.residuals[-1])
        moved = 0.0 < difference < float("inf")
        return 0.0 if moved else float("inf"), f"Silencing a head reaches the output: it moves by {difference:.2g}."

    def _silenced(self, layer: int) -> Trace:
        incision = ResolvedIncision(0, Site("z", layer, self.head), (self.token,), "silence", ())
        return trace(self.loaded, self.ids, (incision,), None, self.cancel)

    def head_removal(self) -> tuple[float, str]:
        """Silence a head two ways: zero its z, or subtract z_h W_O[h] from the projection."""
        import torch

        table, info, worst = self.loaded.architecture, self.loaded.info, 0.0
        columns = slice(self.head * info.d_head, (self.head + 1) * info.d_head)
        for layer in sorted({0, info.n_layers - 1}):
            projection = self.loaded.part(layer, table.attention_projection)
            weight: Any = projection.weight
            rows = weight[columns] if table.transposed_projection else weight[:, columns].T
            seen: dict[str, Tensor] = {}

            def subtract(out: Tensor, rows: Tensor = rows, seen: dict[str, Tensor] = seen) -> Tensor:
                changed = out.clone()
                changed[:, self.token] -= seen["z"][:, self.token, columns] @ rows
                return changed

            kept: list[Tensor] = []
            hooks = [
                Hook(projection, "input", _keeper(seen, "z")),
                Hook(projection, "output", subtract),
                Hook(self.loaded.blocks[-1], "output", _appender(kept)),
            ]
            with torch.inference_mode(), attached(hooks):
                self.loaded.backbone(self.input, **forward_options(self.loaded))
            worst = max(worst, _deviation(self._silenced(layer).residuals[-1], kept[-1][0]))
        return worst, "Silencing a head equals taking its own contribution z W_O out of the residual stream."

    def hooks_removed(self) -> tuple[float, str]:
        """Count the hooks on the model now and before the checks."""
        left = count_hooks(self.loaded.network) - self.hooks_before
        return float(abs(left)) or 0.0, "No hook is left on the model."


def _largest(difference: Tensor) -> float:
    """Return the largest size; what is not a number is infinitely far off."""
    return float(difference.abs().max()) if bool(difference.isfinite().all()) else float("inf")


def _deviation(one: Tensor, other: Tensor) -> float:
    """Return the largest difference, relative to the largest value where that is above 1."""
    difference = _largest(one - other)
    return difference if difference == float("inf") else difference / max(1.0, _largest(other))


def _keeper(seen: dict[str, Tensor], name: str) -> Callable[[Tensor], None]:
    def keep(x: Tensor) -> None:
        seen[name] = x

    return keep


def _appender(kept: list[Tensor]) -> Callable[[Tensor], None]:
    return kept.append
