"""The self-check of a loaded model: whether surgery does there what it says."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

from core.cancel import CancelToken
from core.errors import Cancelled, SurgeryError
from core.hooks.attach import Hook, count_hooks
from core.runs.batch import inputs_of, one
from core.runs.events import CheckLine, CheckReport
from core.runs.places import Hooks, hooks_at
from core.runs.request import ResolvedIncision
from core.runs.trace import forward, trace, unembed
from core.sites.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor

    from core.hooks.attach import Edit
    from core.models.info import ModelInfo
    from core.models.loaded_model import LoadedModel

    Place = tuple[str, int]

PROMPT_LENGTH = 5
TOLERANCE = {"float32": 1e-4, "float64": 1e-8, "float16": 3e-2, "bfloat16": 2e-1}
NO_HEAD = "This model has no language-model head, so there are no logits to compare."
WATCHED = ("v", "pattern", "z", "attn_out", "resid_mid", "mlp_pre", "mlp_post", "mlp_out")
FOUND, NOT_FOUND = 0.0, float("inf")


def check_ids(info: ModelInfo) -> list[int]:
    """Return the fixed tokens that a model is checked on."""
    return [(17 + 31 * number) % info.vocab_size for number in range(min(PROMPT_LENGTH, info.context))]


def self_check(loaded: LoadedModel, cancel: CancelToken) -> CheckReport:
    """Run all checks on a few fixed tokens.

    Raises
    ------
    Cancelled
        If the token was set.
    """
    started = time.perf_counter()
    checker = _Checker(loaded, cancel)
    lines = tuple(_line(name, check, checker.tolerance) for name, check in checker.checks())
    return CheckReport(lines, time.perf_counter() - started)


class _Checker:
    """The checks of one model; each returns (value, meaning), or a reason why it does not apply."""

    def __init__(self, loaded: LoadedModel, cancel: CancelToken) -> None:
        self.loaded = loaded
        self.cancel = cancel
        self.ids = check_ids(loaded.info)
        count = len(self.ids)
        self.tolerance = TOLERANCE.get(loaded.info.dtype, 1e-4)
        self.hooks_before = count_hooks(loaded.network)
        self.token = count // 2
        self.head = loaded.info.n_heads - 1

    def checks(self) -> tuple[tuple[str, Callable[[], tuple[float, str] | str]], ...]:
        """Return the checks by name."""
        return (
            ("empty plan", self.empty_plan),
            ("residual identities", self.residual_identities),
            ("attention rows", self.attention_rows),
            ("pattern and values", self.pattern_and_values),
            ("order of parts", self.order_of_parts),
            ("between parts", self.between_parts),
            ("neurons", self.neurons),
            ("logit lens", self.logit_lens),
            ("editing z", self.editing_z),
            ("head removal", self.head_removal),
            ("hooks removed", self.hooks_removed),
        )

    def _run(self, watched: Iterable[Place], edits: Iterable[tuple[Place, Edit]] = ()) -> tuple[Tensor, _Seen]:
        """Return the residual stream [n_layers + 1, token, d_model] of a run, and what was watched in it."""
        seen = _Seen()
        hooks = Hooks()
        for (point, layer), edit in edits:
            hooks.add(hooks_at(self.loaded, point, layer, 1, edit))
        for place in watched:
            hooks.add(hooks_at(self.loaded, *place, 1, seen.keeper(place)))
        return forward(self.loaded, one(self.ids), hooks, self.cancel)[:, 0], seen

    @cached_property
    def _untouched(self) -> tuple[Tensor, _Seen]:
        points = [point for point in WATCHED if self.loaded.info.why_not(point) is None]
        return self._run([(point, layer) for point in points for layer in range(self.loaded.info.n_layers)])

    @cached_property
    def _clean(self) -> Tensor:
        return trace(self.loaded, self.ids, (), self.cancel).residuals

    @cached_property
    def _plain_output(self) -> Tensor:
        """The untouched model's logits, or final hidden state where there is no head."""
        import torch

        with torch.inference_mode():
            answer = self.loaded.network(**inputs_of(self.loaded, one(self.ids)))
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
        value = _largest(self._ours(self._clean) - self._plain_output)
        return value, "A run without incisions gives what the untouched model gives."

    def residual_identities(self) -> tuple[float, str]:
        """Rebuild every block's output from its input, attn_out and mlp_out."""
        worst = 0.0
        residuals, seen = self._untouched
        for layer in range(self.loaded.info.n_layers):
            stream = _added(self.loaded, residuals[layer], "attn_out", layer, seen)
            worst = max(worst, _deviation(_added(self.loaded, stream, "mlp_out", layer, seen), residuals[layer + 1]))
        return worst, "The residual stream is rebuilt from its input, the attention and the MLP, at every layer."

    def attention_rows(self) -> tuple[float, str] | str:
        """Sum the attention pattern over its keys, in every layer."""
        if (why := self.loaded.info.why_not("pattern")) is not None:
            return why
        worst = 0.0
        for layer in range(self.loaded.info.n_layers):
            excess = self._pattern(layer).float().sum(dim=-1) - 1.0
            module = self.loaded.part(layer, self.loaded.architecture.attention)
            if getattr(module, "sinks", None) is not None:  # a share of the attention goes to no token
                excess = excess.clamp(min=0.0)
            worst = max(worst, _largest(excess))
        return worst, "Every token's attention adds up to 1, in every layer."

    def _pattern(self, layer: int) -> Tensor:
        """Return the untouched pattern [query token, head, key token]."""
        return _by_head(self._untouched[1]["pattern", layer], self.loaded.info.n_heads)

    def pattern_and_values(self) -> tuple[float, str] | str:
        """Rebuild every head's z from its pattern and the values of its group."""
        info, worst = self.loaded.info, 0.0
        for point in ("pattern", "v"):
            if (why := info.why_not(point)) is not None:
                return why
        for layer in range(info.n_layers):
            values = _by_head(self._untouched[1]["v", layer], info.n_key_value_heads)
            values = values.repeat_interleave(info.n_heads // info.n_key_value_heads, dim=1)
            z = (self._pattern(layer).transpose(0, 1) @ values.transpose(0, 1)).transpose(0, 1).flatten(1)
            worst = max(worst, _deviation(z, self._untouched[1]["z", layer]))
        return worst, "Each head's output is its pattern times the values of its group, in every layer."

    def order_of_parts(self) -> tuple[float, str]:
        """Change attn_out of the first layer: only where they come in turn, its MLP notices."""
        edit = ("attn_out", 0), lambda x: x + 1.0 + x.abs()
        _, seen = self._run([("mlp_out", 0)], [edit])
        noticed = _largest(seen["mlp_out", 0] - self._untouched[1]["mlp_out", 0]) > 0.0
        if self.loaded.architecture.parallel:
            return (NOT_FOUND if noticed else FOUND), "The MLP reads the same residual as the attention."
        return (FOUND if noticed else NOT_FOUND), "The MLP reads the residual that the attention has added to."

    def between_parts(self) -> tuple[float, str] | str:
        """Turn the residual between attention and MLP round in every layer: MLP and stream go on from there."""
        if (why := self.loaded.info.why_not("resid_mid")) is not None:
            return why
        residuals, seen = self._untouched
        layers, worst = range(self.loaded.info.n_layers), 0.0
        turned, then = self._run(
            [(point, layer) for point in ("resid_mid", "mlp_out") for layer in layers],
            [(("resid_mid", layer), lambda x: -x) for layer in layers],
        )
        for layer in layers:
            found = _added(self.loaded, residuals[layer], "attn_out", layer, seen)
            rebuilt = _added(self.loaded, then["resid_mid", layer], "mlp_out", layer, then)
            if _largest(then["mlp_out", layer] - seen["mlp_out", layer]) == 0.0:
                return NOT_FOUND, "The MLP does not notice a change of the residual before it."
            worst = max(worst, _deviation(found, seen["resid_mid", layer]), _deviation(rebuilt, turned[layer + 1]))
        return worst, "A change between attention and MLP reaches the MLP and the residual stream, in every layer."

    def neurons(self) -> tuple[float, str] | str:
        """Change one neuron of the first layer before its nonlinearity: no other one moves."""
        for point in ("mlp_post", "mlp_pre"):
            if (why := self.loaded.info.why_not(point)) is not None:
                return why

        def raise_first(x: Tensor) -> Tensor:
            changed = x.clone()
            changed[..., 0] = x[..., 0].abs() + 1.0
            return changed

        _, seen = self._run([("mlp_post", 0)], [(("mlp_pre", 0), raise_first)])
        moved = seen["mlp_post", 0] - self._untouched[1]["mlp_post", 0]
        if _largest(moved[:, 0]) == 0.0:
            return NOT_FOUND, "A change before the nonlinearity does not reach the neuron."
        return _largest(moved[:, 1:]), "A change before the nonlinearity reaches the same neuron and no other."

    def logit_lens(self) -> tuple[float, str] | str:
        """Compare the logit lens at the last layer with the model's logits at the last token."""
        if self.loaded.head is None:
            return NO_HEAD
        lens = unembed(self.loaded, self._clean[:, -1])[-1]
        return _largest(lens - self._plain_output[-1]), "The log-prob curve ends at the model's own output."

    def editing_z(self) -> tuple[float, str]:
        """Silence one head in the first layer and see that the output moves."""
        difference = _largest(self._silenced(0)[-1] - self._clean[-1])
        moved = 0.0 < difference < float("inf")
        return (FOUND if moved else NOT_FOUND), f"Silencing a head reaches the output: it moves by {difference:.2g}."

    def _silenced(self, layer: int) -> Tensor:
        incision = ResolvedIncision(0, Site("z", layer, self.head), (self.token,), "silence", ())
        return trace(self.loaded, self.ids, (incision,), self.cancel).residuals

    def head_removal(self) -> tuple[float, str] | str:
        """Silence a head two ways: zero its z, or subtract z_h W_O[h] from the projection's output."""
        table, info, worst = self.loaded.architecture, self.loaded.info, 0.0
        columns = slice(self.head * info.d_head, (self.head + 1) * info.d_head)
        for layer in sorted({0, info.n_layers - 1}):
            projection = self.loaded.part(layer, table.attention_projection)
            weight = projection.get_parameter("weight")
            if weight.is_meta:
                return "The weights are in the main memory while they are not used, and cannot be read here."
            rows = weight[columns] if table.transposed_projection else weight[:, columns].T
            removed = self._untouched[1]["z", layer][self.token, columns] @ rows

            def subtract(out: Tensor, removed: Tensor = removed) -> Tensor:
                changed = out.clone()
                changed[:, self.token] -= removed
                return changed

            hooks = Hooks([Hook(projection, "output", subtract, self.loaded.turn(layer))])
            subtracted = forward(self.loaded, one(self.ids), hooks, self.cancel)[-1, 0]
            worst = max(worst, _deviation(self._silenced(layer)[-1], subtracted))
        return worst, "Silencing a head equals taking its own contribution z W_O out of the residual stream."

    def hooks_removed(self) -> tuple[float, str]:
        """Count the hooks on the model now and before the checks."""
        left = count_hooks(self.loaded.network) - self.hooks_before
        return float(abs(left)), "No hook is left on the model."


def _line(name: str, check: Callable[[], tuple[float, str] | str], tolerance: float) -> CheckLine:
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
    return CheckLine(name, value <= tolerance, text, value, tolerance)


class _Seen(dict["Place", "Tensor"]):
    """Activations [token, width] of one run, all heads side by side, by hook point and layer."""

    def __missing__(self, place: Place) -> Tensor:
        """Tell that a part the table names was never called."""
        raise LookupError(f"nothing passes through the {place[0]} of layer {place[1]}")

    def keeper(self, place: Place) -> Edit:
        """Return a function that keeps an activation."""

        def keep(x: Tensor) -> None:
            # Cloned: some families change it in place further down.
            self[place] = x[0].clone()

        return keep


def _added(loaded: LoadedModel, stream: Tensor, point: str, layer: int, seen: _Seen) -> Tensor:
    """Return the residual after attn_out or mlp_out has been added to it."""
    import torch

    norms = loaded.architecture.post_norms
    stream = stream + seen[point, layer] * loaded.residual_multiplier
    if norms is None:
        return stream
    with torch.inference_mode():
        found: Tensor = loaded.part(layer, norms[point == "mlp_out"])(stream)
    return found


def _by_head(x: Tensor, n_heads: int) -> Tensor:
    """Return an activation [token, heads * width] as [token, head, width]."""
    return x.view(len(x), n_heads, -1)


def _largest(difference: Tensor) -> float:
    """Return the largest size; what is not a number is infinitely far off."""
    return float(difference.abs().max()) if bool(difference.isfinite().all()) else float("inf")


def _deviation(one: Tensor, other: Tensor) -> float:
    """Return the largest difference, relative to the largest value where that is above 1."""
    difference = _largest(one - other)
    return difference if difference == float("inf") else difference / max(1.0, _largest(other))
