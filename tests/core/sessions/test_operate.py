"""Operating on a real network: other prompts are split into tokens when they are needed, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from core.cancel import CancelToken
from core.interventions.notation import parse_cut
from core.interventions.plan import Plan
from core.models.tokenizing import tokenize
from core.runs.cache import RunCache
from core.runs.events import DonorTokens, Event, Finished, Resolved, TokensReady
from core.sessions.operate import operate
from core.sessions.session import Session
from tests.fixtures.opened_models import opened

if TYPE_CHECKING:
    from pathlib import Path

    from core.models.loaded_model import LoadedModel
    from core.runs.request import RunRequest
    from core.runs.result import RunResult
    from tests.fixtures.tiny_models import TinyModel

PROMPT = "The cat sat on the mat"
OTHER = "The dog sat on the mat"


def told(loaded: LoadedModel, *cuts: str, donor: LoadedModel | None = None, **changes: Any) -> list[Event]:
    session = Session(
        **{"model": loaded.info.name, "prompt": PROMPT, "plan": Plan(tuple(map(parse_cut, cuts))), **changes}
    )
    return list(operate(loaded, session, RunCache(), CancelToken(), donor))


def request_of(events: list[Event]) -> RunRequest:
    return next(event.request for event in events if isinstance(event, Resolved))


def notes_of(events: list[Event]) -> list[tuple[str, int | None, str]]:
    notes = next(event.notes for event in events if isinstance(event, Resolved))
    return [(note.part, note.index, note.message) for note in notes]


def result_of(events: list[Event]) -> RunResult:
    last = events[-1]
    assert isinstance(last, Finished)
    return last.result


def donor_tokens(events: list[Event]) -> DonorTokens | None:
    return next((event for event in events if isinstance(event, DonorTokens)), None)


def test_that_a_counterfactual_prompt_is_told_even_if_nothing_is_patched(tiny_gpt2: TinyModel) -> None:
    loaded = opened(tiny_gpt2)
    events = told(loaded, "L0.block@1=silence", donor_prompt=OTHER)
    assert [type(event) for event in events[:3]] == [TokensReady, DonorTokens, Resolved]
    found = donor_tokens(events)
    assert found is not None
    assert found.tokens == tokenize(loaded, OTHER)
    assert len(found.alignment) == len(tokenize(loaded, PROMPT))
    assert request_of(events).donor == ()
    assert request_of(events) == request_of(told(loaded, "L0.block@1=silence"))


def test_that_without_one_nothing_is_told_of_it(tiny_gpt2: TinyModel) -> None:
    assert donor_tokens(told(opened(tiny_gpt2), donor_prompt="  ")) is None


def test_that_tokens_the_user_matched_are_in_the_alignment(tiny_gpt2: TinyModel) -> None:
    found = donor_tokens(told(opened(tiny_gpt2), donor_prompt=OTHER, matches=((0, 2),)))
    assert found is not None
    assert found.alignment[0] == 2


def test_that_a_counterfactual_prompt_of_no_use_is_noted_and_the_run_goes_on(tiny_gpt2: TinyModel) -> None:
    events = told(opened(tiny_gpt2), "L0.block@1=silence", donor_prompt="the " * 100)
    ((part, index, message),) = notes_of(events)
    assert (part, index) == ("donor", None)
    assert message.startswith("The counterfactual prompt is ")
    assert len(result_of(events).request.plan) == 1


def test_that_a_match_with_a_token_that_is_not_there_is_noted(tiny_gpt2: TinyModel) -> None:
    events = told(opened(tiny_gpt2), donor_prompt=OTHER, matches=((0, 99),))
    assert [part for part, _, _ in notes_of(events)] == ["donor"]


def test_that_a_patch_of_everything_at_a_boundary_gives_the_other_prompts_prediction(
    tiny_language_model: TinyModel,
) -> None:
    loaded = opened(tiny_language_model)
    end = " [MASK]" if loaded.info.mask_token else ""
    here, there = PROMPT + end, "The mat sat on the cat" + end
    assert len(tokenize(loaded, here)) == len(tokenize(loaded, there)), "the prompts have to be of one length"
    patched = result_of(told(loaded, "L1.resid_post=patch", prompt=here, donor_prompt=there, target=5))
    other = result_of(told(loaded, prompt=there, target=5))
    assert patched.operated.numbers["log_prob"] == pytest.approx(other.clean.numbers["log_prob"], abs=1e-5)
    assert patched.clean.numbers["log_prob"] != pytest.approx(other.clean.numbers["log_prob"], abs=1e-5)


def test_that_reference_prompts_are_split_only_when_some_cut_needs_them(tiny_gpt2: TinyModel) -> None:
    loaded = opened(tiny_gpt2)
    texts = (OTHER, "Paris is the capital of France")
    assert request_of(told(loaded, "embed@0=silence", references=("the " * 100,))).references == ()
    found = request_of(told(loaded, "embed@0=mean(over=references)", references=texts)).references
    assert found == tuple(tokenize(loaded, text).ids for text in texts)


def test_that_a_reference_prompt_of_no_use_is_named_by_its_number(tiny_gpt2: TinyModel) -> None:
    events = told(opened(tiny_gpt2), "embed@0=resample", "embed@1=silence", references=(OTHER, "the " * 100))
    ((part, index, message),) = notes_of(events)
    assert (part, index) == ("incision", 0)
    assert message.startswith("Reference prompt 2 is ")
    assert [cut.index for cut in request_of(events).plan] == [1]


def test_that_a_transplant_shares_the_prompt_and_the_reference_prompts_by_characters(
    tiny_llama: TinyModel, tiny_bert: TinyModel
) -> None:
    loaded, donor = opened(tiny_llama), opened(tiny_bert)
    events = told(
        loaded, "L0.resid_post@-1=transplant", donor=donor, donor_model=donor.info.name, references=(OTHER,)
    )  # fmt: skip
    found = request_of(events).transplant
    assert found is not None
    assert (found.model, found.ids) == (donor.identity, tokenize(donor, PROMPT).ids)
    assert len(found.shared) == 2
    for text, (here, there, pairs) in zip((PROMPT, OTHER), found.shared, strict=True):
        ours, theirs = tokenize(loaded, text), tokenize(donor, text)
        assert (here, there) == (ours.ids, theirs.ids)
        assert pairs
        for a, b in pairs:
            assert ours.items[a].end == theirs.items[b].end
    (cut,) = request_of(events).plan
    assert tokenize(donor, PROMPT).items[cut.sources[0]].end == len(PROMPT)
    assert result_of(events).effect.changed


def test_that_a_special_token_has_no_end_in_another_model(tiny_llama: TinyModel, tiny_bert: TinyModel) -> None:
    donor = opened(tiny_bert)
    events = told(opened(tiny_llama), "L0.resid_post@0=transplant", donor=donor, donor_model=donor.info.name)
    assert [(part, index) for part, index, _ in notes_of(events)] == [("incision", 0)]
    assert "does not end where a token of" in notes_of(events)[0][2]


def test_that_a_donor_model_that_is_not_open_is_named(tiny_gpt2: TinyModel, tiny_bert: TinyModel) -> None:
    loaded = opened(tiny_gpt2)
    for donor in (None, opened(tiny_bert)):
        events = told(loaded, "embed=transplant", donor=donor, donor_model="another")
        assert notes_of(events) == [("incision", 0, "The donor model another is not open.")]


def test_that_a_model_of_the_same_tokens_lends_the_special_ones_too(tiny_bert: TinyModel) -> None:
    loaded = opened(tiny_bert)
    events = told(loaded, "embed=transplant(layer=-1)", donor=loaded, donor_model=loaded.info.name)
    (cut,) = request_of(events).plan
    assert cut.sources == cut.positions
    assert result_of(events).unchanged == (0,)


@pytest.mark.parametrize(("one", "other"), [("embed", "L0.resid_pre"), ("L0.resid_post", "L1.resid_pre")])
@pytest.mark.parametrize("std", ["layer", "token"])
def test_that_noise_is_of_the_same_size_at_both_names_of_one_place(
    tiny_gpt2: TinyModel, one: str, other: str, std: str
) -> None:
    noise = f"@1,3=noise(sigma=1,seed=2,std={std})"
    a, b = (result_of(told(opened(tiny_gpt2), site + noise)) for site in (one, other))
    # From other layers on, so rounded in another way.
    assert a.operated.numbers == pytest.approx(b.operated.numbers, abs=1e-5)
    assert a.effect.output_changed


def test_that_a_direction_is_read_anew_from_its_file(tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    loaded, cache, file = opened(tiny_gpt2), RunCache(), tmp_path / "v.npy"
    plan = Plan((parse_cut(f'L0.resid_post=project_out(v=file:"{file}")'),))
    session, kls = Session(model=loaded.info.name, prompt=PROMPT, plan=plan), []
    for seed in (0, 1):
        np.save(file, np.random.default_rng(seed).normal(size=loaded.info.d_model))
        kls.append(result_of(list(operate(loaded, session, cache, CancelToken()))).effect.kl)
    assert kls[0] != kls[1]


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        ("L0.resid_post@-1=transplant(layer=2)", "has no layer 2."),
        ("L0.resid_post@-1=project_out(v=pca99)", "There is no principal component 99: "),
    ],
)
def test_that_a_cut_that_cannot_be_followed_leaves_the_others(tiny_llama: TinyModel, cut: str, message: str) -> None:
    loaded = opened(tiny_llama)
    cut = cut.replace("layer=2", f"layer={loaded.info.n_layers}")
    message = message.replace("layer 2", f"layer {loaded.info.n_layers}")
    events = told(loaded, cut, "L0.block@1=silence", donor=loaded, donor_model=loaded.info.name)
    ((part, index, said),) = notes_of(events)
    assert (part, index) == ("incision", 0)
    assert message in said
    assert [each.index for each in result_of(events).request.plan] == [1]


@pytest.mark.parametrize("receiver", ["L1.q", "logits"])
def test_that_a_path_takes_two_forward_passes_of_its_own(tiny_gpt2: TinyModel, receiver: str) -> None:
    loaded, passes = opened(tiny_gpt2), []
    handle = loaded.backbone.register_forward_hook(lambda *_: passes.append(1))
    try:
        told(loaded, f"L0H1.z@2=silence->{receiver}")
    finally:
        handle.remove()
    assert len(passes) == 3  # the clean run, what is held on the way, the path; the operated run starts in the middle


def test_that_logits_of_reference_prompts_are_not_kept(tiny_gpt2: TinyModel) -> None:
    loaded, cache = opened(tiny_gpt2), RunCache()
    references = (OTHER, "Paris is the capital of France")
    plan = Plan((parse_cut("logits@1=mean(over=references)"),))
    session = Session(model=loaded.info.name, prompt=PROMPT, plan=plan, references=references)
    assert not result_of(list(operate(loaded, session, cache, CancelToken()))).unchanged
    n_tokens = sum(len(tokenize(loaded, text)) for text in references)
    assert cache._captured_bytes() == 4 * n_tokens * loaded.info.d_model


def test_that_several_seeds_give_a_band_and_one_gives_none(tiny_gpt2: TinyModel) -> None:
    loaded = opened(tiny_gpt2)
    many = result_of(told(loaded, "L0.block@1=noise", seeds=5))
    low, high = many.operated.bands["log_prob"]
    mean = many.operated.numbers["log_prob"]
    assert many.repeats == 5
    assert mean is not None
    assert low < mean < high
    one = result_of(told(loaded, "L0.block@1=noise"))
    assert (one.repeats, one.operated.bands) == (1, {})
