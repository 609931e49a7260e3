"""Continuations equal loops that use nothing of the application; masks are filled one by one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.cancel import CancelToken
from core.errors import Cancelled, SurgeryError
from core.hooks.attach import count_hooks
from core.models.tokenizing import tokenize
from core.runs import generate as generate_module
from core.runs.compile import NOTHING
from core.runs.generate import END, FULL, OVERFLOW
from core.runs.request import ResolvedIncision
from core.runs.trace import trace, unembed
from core.sites.site import parse_site
from tests.core.runs.continuations import PlainCut, agree, continued, plain, plain_operated, steps
from tests.fixtures.opened_models import opened
from tests.fixtures.tiny_families import every_variant

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.runs.generation import Side
    from tests.fixtures.tiny_family import TinyOf
    from tests.fixtures.tiny_models import TinyModel

LENGTH = 7
NOT_CAUSAL = {
    "albert", "bert", "camembert", "deberta-v2", "distilbert", "electra", "modernbert", "mpnet", "roberta",
    "xlm-roberta", "t5", "mt5",
}  # fmt: skip
CAUSAL = [each for each in every_variant() if each[0] not in NOT_CAUSAL]
CUTS = (("L1H1.z", "silence"), ("L0.mlp_out", "scale(k=-1)"), ("L1.v", "scale(k=-1)"), ("L2.block", "skip"),
        ("L1.pattern", "knockout(keys=3)"), ("L0.q", "scale(k=-1)"), ("L2.k", "scale(k=-1)"))  # fmt: skip
BLOCKS = {"gpt2": "transformer.h", "llama": "model.layers", "gpt_neox": "gpt_neox.layers", "bloom": "transformer.h"}
PROJECTIONS = {
    "gpt2": "attn.c_proj", "llama": "self_attn.o_proj", "gpt_neox": "attention.dense", "bloom": "self_attention.dense",
}  # fmt: skip
POSITIONS = [2, 4]


def ids_of(loaded: LoadedModel, tiny: TinyModel) -> list[int]:
    return list(tokenize(loaded, tiny.prompt).ids)


@pytest.mark.parametrize(("family", "variant"), CAUSAL)
def test_that_a_clean_continuation_equals_running_the_whole_text_anew(
    family: str, variant: str, tiny_of: TinyOf
) -> None:
    tiny = tiny_of(family, variant)
    loaded = opened(tiny)
    assert loaded.info.objective == "causal"
    found = continued(loaded, tiny.prompt, length=LENGTH)
    assert len(found.clean.tokens) == LENGTH or found.clean.ended == END
    assert agree(found.clean, plain(tiny.model, ids_of(loaded, tiny), LENGTH))
    assert found.operated == found.clean


def check_against_whole_texts(
    loaded: LoadedModel, side: Side, ids: list[int], incision: ResolvedIncision, hold: str
) -> None:
    """Check every token of a side against a run of the whole text, without keys and values that were kept."""
    text = list(ids)
    for token in side.tokens:
        new = range(len(ids), len(text)) if hold == "new" else ()
        whole = replace(incision, positions=(*incision.positions, *new))
        found = trace(loaded, text, (whole,), CancelToken(), (replace(NOTHING, keys=incision.keys),))
        log_probs = unembed(loaded, found.residuals[-1, -1]).log_softmax(-1)
        assert token.id == int(log_probs.argmax())
        assert token.log_prob == pytest.approx(float(log_probs[token.id]), abs=1e-4)
        text.append(token.id)


@pytest.mark.parametrize("hold", ["prompt", "new"])
@pytest.mark.parametrize(("family", "variant"), CAUSAL)
def test_that_an_operated_continuation_equals_the_whole_text_under_the_plan(
    family: str, variant: str, hold: str, tiny_of: TinyOf
) -> None:
    tiny = tiny_of(family, variant)
    loaded = opened(tiny)
    ids = ids_of(loaded, tiny)
    asked = 0
    for place, operation in CUTS:
        site = parse_site(place)
        if loaded.info.why_not(site.hook_point) is not None:
            continue
        name, _, argument = operation.rstrip(")").partition("(")
        params = ((argument[:1], -1.0),) if name == "scale" else (("keys", "3"),) if name == "knockout" else ()
        keys = (3,) if name == "knockout" else ()
        found = continued(loaded, tiny.prompt, f"{place}@4,6={operation}", hold=hold, length=4)
        check_against_whole_texts(
            loaded, found.operated, ids, ResolvedIncision(0, site, (4, 6), name, params, keys=keys), hold
        )
        assert found.not_held == ()
        asked += 1
    assert asked >= 3


def parts(tiny: TinyModel) -> tuple[torch.nn.Module, torch.nn.Module]:
    """Return block 1 of a tiny network, and its attention's output projection."""
    family = tiny.model.config.model_type
    block = tiny.model.get_submodule(BLOCKS[family])[1]
    return block, block.get_submodule(PROJECTIONS[family])


def clean_output(tiny: TinyModel, ids: list[int]) -> torch.Tensor:
    """Return what block 1 gives in the clean run, [token, width]."""
    block, kept = parts(tiny)[0], []
    handle = block.register_forward_hook(lambda m, args, out: kept.append(out[0] if isinstance(out, tuple) else out))
    with torch.no_grad():
        tiny.model(input_ids=torch.tensor([ids]))
    handle.remove()
    return kept[0].reshape(len(ids), -1)


def silence(part: torch.Tensor, prompt: torch.Tensor, number: int) -> torch.Tensor:
    return torch.zeros_like(part)


def scale(part: torch.Tensor, prompt: torch.Tensor, number: int) -> torch.Tensor:
    return part * 2.5


def mean(part: torch.Tensor, prompt: torch.Tensor, number: int) -> torch.Tensor:
    others = [p for p in range(len(prompt)) if number or p not in POSITIONS]
    return prompt[others].mean(0).expand_as(part)


def noise(part: torch.Tensor, prompt: torch.Tensor, number: int, std: float = 0.0) -> torch.Tensor:
    drawn = torch.randn(part.shape, generator=torch.Generator().manual_seed(5 + number))
    return part + 1.5 * std * drawn


OPERATIONS: dict[str, Any] = {
    "silence": silence,
    "scale(k=2.5)": scale,
    "mean(over=prompt)": mean,
    "noise(sigma=1.5,seed=5)": noise,
}


@pytest.mark.parametrize("hold", ["prompt", "new"])
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("site", ["L1.resid_post", "L1H2.z"])
@pytest.mark.parametrize("family", BLOCKS)
def test_that_an_operated_continuation_equals_plain_hooks(
    family: str, site: str, operation: str, hold: str, tiny_of: TinyOf
) -> None:
    tiny = tiny_of(family)
    loaded = opened(tiny)
    ids = ids_of(loaded, tiny)
    block, projection = parts(tiny)
    function = OPERATIONS[operation]
    if operation.startswith("noise"):
        function = partial(noise, std=float(clean_output(tiny, ids).std()))
    at_head, width = site.endswith("z"), loaded.info.d_head
    cut = PlainCut(
        projection if at_head else block,
        "input" if at_head else "output",
        POSITIONS,
        function,
        hold == "new",
        slice(2 * width, 3 * width) if at_head else slice(None),
    )
    found = continued(loaded, tiny.prompt, f"{site}@2,4={operation}", hold=hold, length=LENGTH)
    assert agree(found.operated, plain_operated(tiny.model, ids, LENGTH, cut))
    assert agree(found.clean, plain(tiny.model, ids, LENGTH))


def test_that_an_incision_on_the_logits_decides_the_first_new_token_or_every_one(tiny_gpt2: TinyModel) -> None:
    loaded = opened(tiny_gpt2)
    plain_run = continued(loaded, tiny_gpt2.prompt, length=5).clean.tokens
    cut = "logits@-1=scale(k=-1)"
    once = continued(loaded, tiny_gpt2.prompt, cut, length=5).operated.tokens
    always = continued(loaded, tiny_gpt2.prompt, cut, hold="new", length=5).operated.tokens
    assert once[0] == always[0]
    assert once[0].id != plain_run[0].id
    assert once[1].log_prob > once[0].log_prob
    text = [*ids_of(loaded, tiny_gpt2)]
    for token in always:
        with torch.no_grad():
            logits = -tiny_gpt2.model(input_ids=torch.tensor([text])).logits[0, -1].double()
        assert token.id == int(logits.argmax())
        assert token.log_prob == pytest.approx(float(logits.log_softmax(-1)[token.id]), abs=1e-4)
        text.append(token.id)


@pytest.mark.parametrize(
    ("cut", "more"),
    [
        ("L1H1.z@2=patch", {"donor_prompt": "The cat sat on the mat, and the dog", "matches": ((2, 2),)}),
        ("L1H1.z@2=mean(over=references)", {"references": ("The cat sat on the mat",)}),
        ("L1H1.z@2=resample", {"references": ("The cat sat on the mat",)}),
        ("L0H1.z@2=silence->L2H0.q", {}),
    ],
)
def test_that_what_has_no_counterpart_at_new_tokens_is_told_and_holds_for_the_prompt(
    tiny_gpt2: TinyModel, cut: str, more: dict[str, Any]
) -> None:
    loaded = opened(tiny_gpt2)
    cuts = ("L0.mlp_out@1=silence", cut)
    held, not_held = (
        continued(loaded, tiny_gpt2.prompt, *cuts, length=4, hold=hold, session=more) for hold in ("new", "prompt")
    )
    assert (held.not_held, not_held.not_held) == ((1,), ())
    alone, in_prompt = (
        continued(loaded, tiny_gpt2.prompt, cut, length=4, hold=hold, session=more) for hold in ("new", "prompt")
    )
    assert alone.operated == in_prompt.operated


def test_that_sampling_is_the_same_for_the_same_seed_and_another_for_another(tiny_gpt2: TinyModel) -> None:
    loaded = opened(tiny_gpt2)
    warm = {"temperature": 3.0, "length": 12}
    first, again, other = (continued(loaded, tiny_gpt2.prompt, seed=seed, **warm) for seed in (1, 1, 2))
    assert first.clean == again.clean
    assert first.clean.tokens != other.clean.tokens


def test_that_both_sides_draw_with_the_same_number(tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers: list[float] = []

    def choose(logits: torch.Tensor, settings: object, number: float) -> int:
        numbers.append(number)
        return int(logits.argmax())

    monkeypatch.setattr(generate_module, "choose", choose)
    cut = "L1.resid_post=silence"
    continued(opened(tiny_gpt2), tiny_gpt2.prompt, cut, temperature=1.0, length=5, seed=3)
    wanted = torch.rand(5, generator=torch.Generator().manual_seed(3), dtype=torch.float64).tolist()
    assert numbers == [number for number in wanted for _ in range(2)]


def test_that_each_token_has_the_rank_and_probability_that_the_model_gave_it(tiny_gpt2: TinyModel) -> None:
    loaded = opened(tiny_gpt2)
    text = ids_of(loaded, tiny_gpt2)
    for number, token in enumerate(continued(loaded, tiny_gpt2.prompt, temperature=5.0, length=6).clean.tokens):
        with torch.no_grad():
            probs = tiny_gpt2.model(input_ids=torch.tensor([text])).logits[0, -1].double().softmax(-1)
        assert token.prob == pytest.approx(float(probs[token.id]), abs=1e-5)
        assert token.rank == 1 + int((probs > probs[token.id]).sum())
        assert token.position == len(text)
        assert number or token.position == len(ids_of(loaded, tiny_gpt2))
        text.append(token.id)


def test_that_an_end_token_ends_its_side_and_the_other_goes_on(
    tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = opened(tiny_gpt2)
    clean = continued(loaded, tiny_gpt2.prompt, length=5).clean.tokens
    cut = "logits@-1=scale(k=-1)"
    operated = continued(loaded, tiny_gpt2.prompt, cut, length=5).operated.tokens
    last = next(token.id for token in clean if token.id not in {each.id for each in operated})
    monkeypatch.setattr(loaded.network.config, "eos_token_id", [last, 399])
    found = list(steps(loaded, tiny_gpt2.prompt, cut, length=5))[-1]
    assert found.clean.ended == END
    assert found.clean.tokens[-1].id == last
    assert len(found.clean.tokens) < 5 or clean[-1].id == last
    assert found.operated.tokens == operated
    assert found.operated.ended == ""


def test_that_it_goes_on_as_long_as_the_context_has_room(tiny_gpt2: TinyModel) -> None:
    loaded = opened(tiny_gpt2)
    n_tokens = len(ids_of(loaded, tiny_gpt2))
    found = continued(loaded, tiny_gpt2.prompt, length=1000)
    assert found.clean.ended == found.operated.ended == FULL
    # Of the last token it is only told that it comes: nothing behind it could be read any more.
    assert len(found.clean.tokens) == loaded.info.context - n_tokens + 1


def test_that_a_run_that_overflows_ends_without_a_token(tiny_gpt2: TinyModel) -> None:
    found = continued(opened(tiny_gpt2), tiny_gpt2.prompt, "L1.resid_post=scale(k=1e38)", length=3)
    assert (found.operated.ended, found.operated.tokens) == (OVERFLOW, ())
    assert len(found.clean.tokens) == 3


def test_that_every_step_is_told_with_one_more_token_on_each_side(tiny_gpt2: TinyModel) -> None:
    told = list(steps(opened(tiny_gpt2), tiny_gpt2.prompt, "L0.mlp_out=silence", length=4))
    assert [len(each.clean.tokens) for each in told] == [len(each.operated.tokens) for each in told] == [1, 2, 3, 4]
    assert [each.done for each in told] == [False, False, False, True]


def test_that_a_model_without_a_head_and_a_prompt_without_a_mask_say_why(
    tiny_bert_encoder: TinyModel, tiny_bert: TinyModel
) -> None:
    with pytest.raises(SurgeryError, match="has no language-model head"):
        list(steps(opened(tiny_bert_encoder), tiny_bert_encoder.prompt))
    with pytest.raises(SurgeryError, match="no \\[MASK\\] to fill"):
        list(steps(opened(tiny_bert), "The cat sat."))


TWO_MASKS = "The [MASK] sat on the [MASK]."


@pytest.mark.parametrize("cut", ["", "L1.resid_post@2,4=silence"])
def test_that_masks_are_filled_first_to_last(tiny_bert: TinyModel, cut: str) -> None:
    loaded = opened(tiny_bert)
    tokens = tokenize(loaded, TWO_MASKS)
    ids = list(tokens.ids)
    found = continued(loaded, TWO_MASKS, *([cut] if cut else []))
    assert found.fills_masks
    assert [token.position for token in found.operated.tokens] == list(tokens.mask_positions)
    block = tiny_bert.model.get_submodule("bert.encoder.layer")[1]
    for token in found.operated.tokens:
        handles = []
        if cut:
            handles = [PlainCut(block, "output", POSITIONS, silence, False).attach()]
        with torch.no_grad():
            logits = tiny_bert.model(input_ids=torch.tensor([ids])).logits[0, token.position].double()
        for handle in handles:
            handle.remove()
        assert token.id == int(logits.argmax())
        assert token.log_prob == pytest.approx(float(logits.log_softmax(-1)[token.id]), abs=1e-4)
        ids[token.position] = token.id
    assert (found.clean == found.operated) == (not cut)


def test_that_it_can_be_cancelled_inside_a_pass_and_leaves_no_hooks(tiny_gpt2: TinyModel) -> None:
    loaded = opened(tiny_gpt2)
    before, cancel, passed = count_hooks(loaded.network), CancelToken(), list[int]()
    attention = loaded.network.config._attn_implementation
    handles = [
        loaded.blocks[0].register_forward_hook(lambda *_: cancel.cancel() if len(passed) == 3 else None),
        loaded.blocks[1].register_forward_hook(lambda *_: passed.append(1)),
    ]
    told = []
    with pytest.raises(Cancelled):
        for each in steps(loaded, tiny_gpt2.prompt, "L1H1.z=silence", "L2.pattern=scale(k=2)", cancel=cancel, length=9):
            told.append(each)
            assert count_hooks(loaded.network) == before + 2
    for handle in handles:
        handle.remove()
    assert len(passed) == 3
    assert len(told) == 1
    assert count_hooks(loaded.network) == before
    assert loaded.network.config._attn_implementation == attention


def test_that_a_model_that_keeps_no_keys_and_values_is_not_continued(
    tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = opened(tiny_gpt2)
    forward = type(loaded.network).forward

    def forgetful(self: Any, input_ids: Any = None, past_key_values: Any = None, **options: Any) -> Any:
        answer = forward(self, input_ids=input_ids, **{**options, "use_cache": False})
        answer.past_key_values = None
        return answer

    monkeypatch.setattr(type(loaded.network), "forward", forgetful)
    with pytest.raises(SurgeryError, match="keeps no keys and values"):
        list(steps(loaded, tiny_gpt2.prompt, length=2))
    monkeypatch.setattr(type(loaded.network), "forward", lambda self, input_ids=None: None)
    with pytest.raises(SurgeryError, match="keeps no keys and values"):
        list(steps(loaded, tiny_gpt2.prompt, length=2))


def test_that_memory_that_runs_out_is_one_sentence(tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(generate_module, "choose", run_out)
    with pytest.raises(SurgeryError, match="no memory left on cpu for this continuation"):
        list(steps(opened(tiny_gpt2), tiny_gpt2.prompt))
