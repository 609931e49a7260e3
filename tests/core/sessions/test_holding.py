"""Several models in memory: opened at once again, let go by budget or by name, lent as donors."""

from __future__ import annotations

from dataclasses import replace
from os import utime
from shutil import copytree, rmtree
from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.interventions.notation import parse_cut
from core.interventions.plan import Plan
from core.models import loading, memory
from core.models.loading import load_prepared
from core.runs.events import (
    CheckLine,
    CheckReport,
    Failure,
    Finished,
    ModelOpened,
    ModelsHeld,
    ModelsListed,
    Progress,
    Resolved,
    RunsKept,
)
from core.runs.tape import taped
from core.sessions import holding, operate
from core.sessions.desk import Desk, OpenModel, Operate, TendModels
from core.sessions.session import Session
from tests.core.sessions.test_desk import served, told

if TYPE_CHECKING:
    from pathlib import Path

    from core.models.loaded_model import LoadedModel
    from tests.fixtures.tiny_models import TinyModel


def opening(tiny: TinyModel, dtype: str = "float32") -> OpenModel:
    return OpenModel(str(tiny.folder), device="cpu", dtype=dtype)


def running(tiny: TinyModel, **more: Any) -> Operate:
    return Operate(Session(model=str(tiny.folder), prompt=tiny.prompt, **more))


def transplanting(tiny: TinyModel, donor: str) -> Operate:
    return running(tiny, donor_model=donor, plan=Plan((parse_cut("L0.resid_post@-1=transplant"),)))


def steps(desk: Desk, job: object) -> list[str]:
    return [event.text for event in told(desk, job) if isinstance(event, Progress)]


def held_by(desk: Desk) -> list[str]:
    """Return which models are held, the open one in brackets."""
    held = desk._holding.held(None if desk.loaded is None else desk.loaded.identity)
    names = [f"{model.name.rpartition('/')[2]}" for model in held.models]
    return [f"({name})" if model.is_open else name for name, model in zip(names, held.models, strict=True)]


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return how much memory the machine pretends to have in all, to be changed."""
    machine = {"total": 10**12}
    monkeypatch.setattr(holding, "total_bytes", lambda _: machine["total"])
    return machine


@pytest.fixture
def desk(tiny_gpt2: TinyModel, tiny_llama: TinyModel, budget: dict[str, int]) -> Desk:
    """Return a desk with the tiny Llama open, and the tiny GPT-2 held beside it."""
    made = Desk()
    for tiny in (tiny_gpt2, tiny_llama):
        assert isinstance(served(made, opening(tiny))[-1], ModelOpened)
    return made


def test_that_a_model_that_is_held_is_open_at_once(desk: Desk, tiny_gpt2: TinyModel) -> None:
    assert held_by(desk) == ["(tiny-llama)", "tiny-gpt2"]
    events = told(desk, opening(tiny_gpt2))
    texts = [event.text for event in events if isinstance(event, Progress)]
    assert "Loading weights" not in texts
    assert "Checking the model" not in texts
    opened = next(event for event in events if isinstance(event, ModelOpened))
    assert opened.info.family == "gpt2"
    assert opened.check.passed
    assert held_by(desk) == ["(tiny-gpt2)", "tiny-llama"]
    assert isinstance(served(desk, running(tiny_gpt2))[-1], Finished)


def test_that_another_dtype_is_another_model(desk: Desk, tiny_llama: TinyModel) -> None:
    assert "Loading weights" in steps(desk, opening(tiny_llama, "bfloat16"))
    assert held_by(desk) == ["(tiny-llama)", "tiny-llama", "tiny-gpt2"]


def test_that_what_is_held_is_told_once_it_is_another(desk: Desk, tiny_gpt2: TinyModel) -> None:
    assert not any(isinstance(event, ModelsHeld) for event in told(desk, running(tiny_gpt2)))
    last = told(desk, opening(tiny_gpt2))[-1]
    assert isinstance(last, ModelsHeld)
    assert [model.is_open for model in last.models] == [True, False]
    assert last.models[0].memory_bytes == sum(4 * p.numel() for p in tiny_gpt2.model.parameters())
    assert last.budget_bytes == round(last.share * 10**12)


def test_that_the_budget_lets_the_least_recently_used_go(
    desk: Desk, tiny_bert: TinyModel, budget: dict[str, int]
) -> None:
    sizes = {kept.thing.loaded.info.family: kept.n_bytes for _, kept in desk._holding.shelf}
    bert = sum(4 * p.numel() for p in tiny_bert.model.parameters())
    budget["total"] = 2 * (sizes["llama"] + bert + 10_000)
    served(desk, opening(tiny_bert))
    assert held_by(desk) == ["(tiny-bert)", "tiny-llama"]


def test_that_a_smaller_share_lets_all_but_the_open_model_go(desk: Desk, budget: dict[str, int]) -> None:
    budget["total"] = 1000
    last, kept = told(desk, TendModels(share=0.25, listing=False))
    assert isinstance(last, ModelsHeld) and isinstance(kept, RunsKept)
    assert (last.share, last.budget_bytes) == (0.25, 250)
    assert held_by(desk) == ["(tiny-llama)"]


@pytest.mark.parametrize(("wanted", "share"), [(7.0, 0.9), (-1.0, 0.1)])
def test_that_a_share_stays_within_reason(wanted: float, share: float) -> None:
    last, _ = told(Desk(), TendModels(share=wanted, listing=False))
    assert isinstance(last, ModelsHeld)
    assert last.share == share


def test_that_a_model_is_let_go_by_name_and_its_results_with_it(desk: Desk, tiny_gpt2: TinyModel) -> None:
    served(desk, opening(tiny_gpt2))
    first = served(desk, running(tiny_gpt2))[-1]
    assert isinstance(first, Finished)
    identities = {kept.thing.loaded.info.family: identity for identity, kept in desk._holding.shelf}
    told(desk, TendModels(let_go=tuple(identities.values()), listing=False))
    assert held_by(desk) == ["(tiny-gpt2)"]  # the open model stays
    assert desk._cache.result(first.result.request) is not None
    desk._holding.shelf.let_go(identities["gpt2"])
    assert desk._cache.result(first.result.request) is None


def test_that_the_listing_names_models_folders_and_devices(desk: Desk, tiny_gpt2: TinyModel) -> None:
    last = told(desk, TendModels(folders=(str(tiny_gpt2.folder),)))[-1]
    assert isinstance(last, ModelsListed)
    assert last.entries[-1].name == str(tiny_gpt2.folder)
    assert [device.name for device in last.devices] == ["auto", "cuda", "mps", "cpu"]
    cpu = last.devices[-1]
    assert not cpu.why_not
    assert 0 < cpu.free_bytes <= cpu.total_bytes
    assert all(bool(device.why_not) != bool(device.text) for device in last.devices)


def test_that_what_is_kept_of_runs_is_told_with_the_listing(desk: Desk, tiny_llama: TinyModel) -> None:
    finished = served(desk, running(tiny_llama))[-1]
    assert isinstance(finished, Finished)
    tape = desk._cache.clean_tape(finished.result.request.model, finished.result.request.ids)
    assert tape is not None
    kept = [event for event in told(desk, TendModels()) if isinstance(event, RunsKept)]
    assert kept == [desk._cache.kept()]
    assert (kept[0].clean_bytes, kept[0].activation_bytes, kept[0].results) == (tape.nbytes, 0, 1)


def run_with(seen: list[str | None]) -> Any:
    """Return a run that only notes which donor it was lent."""

    def run(
        loaded: LoadedModel, session: Session, cache: object, cancel: object, donor: LoadedModel | None, missing: object
    ) -> Any:
        seen.append(None if donor is None else donor.info.name)
        return iter(())

    return run


def test_that_a_run_is_lent_its_donor(
    desk: Desk, tiny_gpt2: TinyModel, tiny_llama: TinyModel, tiny_bert: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []
    monkeypatch.setattr(operate, "operate", run_with(seen))
    donors = ["", *(str(tiny.folder) for tiny in (tiny_llama, tiny_gpt2, tiny_bert))]
    for donor in donors:
        assert not any(
            isinstance(event, Failure | ModelOpened) for event in told(desk, transplanting(tiny_llama, donor))
        )
    assert seen == [None, *donors[1:]]
    assert held_by(desk) == ["tiny-bert", "(tiny-llama)", "tiny-gpt2"]
    assert "Loading weights" not in steps(desk, transplanting(tiny_llama, donors[-1]))


def test_that_a_donor_that_is_held_is_looked_for_once_until_its_files_are_touched(
    desk: Desk, tiny_llama: TinyModel, tiny_bert: TinyModel, tmp_path: Path
) -> None:
    folder = tmp_path / "donor"
    copytree(tiny_bert.folder, folder)
    job = transplanting(tiny_llama, str(folder))
    assert "Loading weights" in steps(desk, job)
    assert "Reading the checkpoint" not in steps(desk, job)
    config = folder / "config.json"
    utime(config, ns=(0, 0))
    assert {"Reading the checkpoint", "Loading weights"} & set(steps(desk, job)) == {"Reading the checkpoint"}
    assert "Reading the checkpoint" not in steps(desk, job)
    config.write_text(config.read_text() + " ")
    assert "Loading weights" in steps(desk, job)


def test_that_a_held_donor_whose_files_are_gone_is_said_to_be_gone(
    desk: Desk, tiny_llama: TinyModel, tiny_bert: TinyModel, tmp_path: Path
) -> None:
    folder = tmp_path / "donor"
    copytree(tiny_bert.folder, folder)
    job = transplanting(tiny_llama, str(folder))
    assert "Loading weights" in steps(desk, job)
    rmtree(folder)
    notes = next(event.notes for event in told(desk, job) if isinstance(event, Resolved))
    assert [note.message for note in notes] == [f"There is no folder {folder}."]


def test_that_without_its_donor_the_rest_of_a_plan_is_followed(desk: Desk, tiny_llama: TinyModel) -> None:
    plan = Plan((parse_cut("L0.resid_post@-1=transplant"), parse_cut("L1.mlp_out@-1=silence")))
    events = served(desk, running(tiny_llama, donor_model="/no/such/folder", plan=plan))
    request, notes = next((event.request, event.notes) for event in events if isinstance(event, Resolved))
    assert [(note.index, note.message, note.hint) for note in notes] == [
        (0, "There is no folder /no/such/folder.", "Check the spelling of the path.")
    ]
    assert [incision.index for incision in request.plan] == [1]
    assert isinstance(events[-1], Finished)


def test_that_a_donor_is_not_opened_where_nothing_is_transplanted(desk: Desk, tiny_llama: TinyModel) -> None:
    assert isinstance(served(desk, running(tiny_llama, donor_model="/no/such/folder"))[-1], Finished)


def test_that_a_donor_that_fails_its_check_is_loaded_once(
    desk: Desk, tiny_llama: TinyModel, tiny_bert: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = CheckReport((CheckLine("sum", False, "The parts do not add up."),), 0.0)
    monkeypatch.setattr("core.runs.self_check.self_check", lambda *_: failed)
    job = transplanting(tiny_llama, str(tiny_bert.folder))
    assert "Loading weights" in steps(desk, job)
    assert "Loading weights" not in steps(desk, job)


def test_that_the_open_model_stays_while_its_donor_is_opened(
    desk: Desk, tiny_llama: TinyModel, tiny_gpt2: TinyModel, budget: dict[str, int]
) -> None:
    budget["total"] = 0
    events = served(desk, transplanting(tiny_llama, str(tiny_gpt2.folder)))
    assert isinstance(events[-1], Finished)
    assert "(tiny-llama)" in held_by(desk)


def test_that_a_run_without_memory_is_made_once_more_after_the_others_have_gone(
    desk: Desk, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scarce(*arguments: Any) -> Any:
        if len(desk._holding.shelf) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return taped(*arguments)

    monkeypatch.setattr("core.runs.execute.taped", scarce)
    assert isinstance(served(desk, running(tiny_llama))[-1], Finished)
    assert held_by(desk) == ["(tiny-llama)"]


def test_that_a_run_without_memory_even_then_names_what_would_fit_and_the_desk_goes_on(
    desk: Desk, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with monkeypatch.context() as patch:
        patch.setattr("core.runs.execute.taped", exhausted)
        last = served(desk, running(tiny_llama))[-1]
    assert isinstance(last, Failure)
    assert last.message == "There is no memory left on cpu for this run."
    assert "open the model in bfloat16: its weights take" in last.hint
    assert isinstance(served(desk, running(tiny_llama))[-1], Finished)


def test_that_models_make_room_for_one_that_would_not_fit_beside_them(
    desk: Desk, tiny_bert: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = loading.prepare_model(str(tiny_bert.folder), device="cpu").checkpoint
    for module in (holding, memory):
        monkeypatch.setattr(
            module, "free_bytes", lambda _: memory.needed_bytes(needed, "float32") - (len(desk._holding.shelf) > 1)
        )
    assert isinstance(served(desk, opening(tiny_bert))[-1], ModelOpened)
    assert held_by(desk) == ["(tiny-bert)", "tiny-llama"]


def test_that_a_model_far_too_large_lets_nothing_go(
    desk: Desk, tiny_bert: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (holding, memory):
        monkeypatch.setattr(module, "free_bytes", lambda _: -(10**12))
    last = served(desk, opening(tiny_bert))[-1]
    assert isinstance(last, Failure)
    assert "needs about" in last.message
    assert held_by(desk) == ["(tiny-llama)", "tiny-gpt2"]


def test_that_memory_that_runs_out_while_loading_is_freed_and_tried_again_once(
    desk: Desk, tiny_bert: TinyModel, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    def scarce(*arguments: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries <= failing:
            raise memory.OutOfMemory("The memory ran out.")
        return load_prepared(*arguments)

    monkeypatch.setattr(loading, "load_prepared", scarce)
    failing = 2
    assert served(desk, opening(tiny_bert))[-1] == Failure("The memory ran out.")
    assert (tries, held_by(desk)) == (2, [])
    # The window still shows the model that had to go: its next run opens it again.
    assert isinstance(served(desk, running(tiny_llama))[-1], Finished)
    assert held_by(desk) == ["(tiny-llama)"]
    tries, failing = 0, 1
    assert isinstance(served(desk, opening(tiny_bert))[-1], ModelOpened)
    assert (tries, held_by(desk)) == (2, ["(tiny-bert)"])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_that_half_precision_is_compared_with_float32(desk: Desk, tiny_llama: TinyModel, dtype: str) -> None:
    opened = served(desk, opening(tiny_llama, dtype))[-1]
    assert isinstance(opened, ModelOpened)
    found = opened.check.precision
    assert found is not None
    assert (found.dtype, found.why_not) == (dtype, "")
    assert found.log_prob is not None and 0 < found.log_prob < 0.5
    assert found.residual is not None and 0 < found.residual < 0.05
    assert found.kl is not None and 0 <= found.kl < 0.05
    assert len(desk._holding.shelf) == 3  # what it was compared with was held, or is gone again


def test_that_the_comparison_equals_one_made_by_hand(desk: Desk, tiny_gpt2: TinyModel) -> None:
    opened = served(desk, opening(tiny_gpt2, "bfloat16"))[-1]
    assert isinstance(opened, ModelOpened)
    assert opened.check.precision is not None
    ids = torch.tensor([[(17 + 31 * n) % opened.info.vocab_size for n in range(5)]])
    half = desk.loaded
    assert half is not None
    with torch.inference_mode():
        exact = tiny_gpt2.model(ids).logits[0].double().log_softmax(-1)
        ours = half.network(ids).logits[0].double().log_softmax(-1)
    assert opened.check.precision.log_prob == pytest.approx(float((exact - ours).abs().max()), rel=0.05)
    kl = float((exact[-1].exp() * (exact[-1] - ours[-1])).sum())
    assert opened.check.precision.kl == pytest.approx(kl, rel=0.1, abs=1e-6)


def test_that_float32_needs_no_comparison_and_a_lack_of_memory_is_said(
    desk: Desk, tiny_llama: TinyModel, tiny_bert_encoder: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = served(desk, opening(tiny_llama))[-1]
    assert isinstance(exact, ModelOpened)
    assert exact.check.precision is None
    encoder = served(desk, opening(tiny_bert_encoder, "bfloat16"))[-1]
    assert isinstance(encoder, ModelOpened)
    assert encoder.check.precision is not None
    assert (encoder.check.precision.log_prob, encoder.check.precision.kl) == (None, None)
    assert encoder.check.precision.residual is not None
    half = desk.loaded
    assert half is not None
    desk._holding.shelf.let_go(half.identity)
    monkeypatch.setattr(holding, "bytes_in", lambda *_: 10**15)
    scarce = served(desk, replace(opening(tiny_bert_encoder, "bfloat16")))[-1]
    assert isinstance(scarce, ModelOpened)
    assert scarce.check.precision is not None
    assert "In float32 it needs about" in scarce.check.precision.why_not
