"""A family without a table: what is found by looking at its network, and by running it once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from core.cancel import CancelToken
from core.command_line import main
from core.errors import SurgeryError
from core.models.architectures import ARCHITECTURES
from core.models.checkpoint import require_supported
from core.models.detection import NOTE, detect
from core.models.library_families import _known, library_class
from core.models.loading import open_model
from core.models.observation import observed
from core.runs.acceptance import refuse_unverified
from core.runs.events import CheckLine, CheckReport
from core.runs.self_check import self_check
from core.sessions.session import Session
from tests.fixtures.opened_models import opened, operated
from tests.fixtures.tiny_families import every_variant
from tests.fixtures.undescribed import FAILING, FOUND, build_undescribed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.tiny_family import TinyOf

PARTS = (
    "language_model_class", "backbone_class", "objective", "blocks", "attention", "attention_projection",
    "attention_output", "mlp_reads", "mlp_pre", "mlp_projection", "mlp_output", "post_norms", "final_norm", "head", "parallel",
    "logit_scaling", "residual_multiplier", "own_attention", "transposed_projection",
)  # fmt: skip
# What the structure does not show, by family. An outer head computes what its only part does.
NOT_SHOWN: dict[str, set[str]] = {
    "bert": {"head"},
    "deberta": {"head"},
    "deberta-v2": {"head", "language_model_class"},
    "distilbert": {"head"},  # its parts are not declared in the order they are called in
    "gemma3_text": {"logit_scaling"},  # the entry is null and means nothing
    "modernbert": {"mlp_pre"},  # gate and value in one: which half is which is not visible
    "phi3": {"mlp_pre"},
    "opt": {"head"},  # the narrow variant has a projection at the end of the backbone
}
# One block for all layers; an encoder and a decoder.
NOT_FOUND = ("albert", "t5", "mt5")


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_a_described_family_is_found_as_it_is_described(family: str, variant: str, tiny_of: TinyOf) -> None:
    model = tiny_of(family, variant).model
    config: dict[str, Any] = model.config.to_dict()
    if family in NOT_FOUND:
        with pytest.raises(SurgeryError, match="is not described here"):
            detect(config)
        return
    written = ARCHITECTURES[family].of(config)
    found = detect(config)
    has_head = model.base_model is not model
    found = observed(found, model, has_head)
    different = {part for part in PARTS if getattr(found, part) != getattr(written, part)}
    assert different <= NOT_SHOWN.get(family, set())
    assert found.detected


def test_that_the_library_is_read_as_it_is() -> None:
    from transformers.models.auto import modeling_auto

    assert _known() == {
        "causal": dict(modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES),
        "masked": dict(modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES),
    }


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"model_type": "nemotron"}, ("causal", "NemotronForCausalLM")),
        ({"model_type": "ernie"}, ("masked", "ErnieForMaskedLM")),
        ({"model_type": "ernie", "is_decoder": True}, ("causal", "ErnieForCausalLM")),
        ({"model_type": "mobilebert", "is_decoder": True}, None),
        ({"model_type": "nothing_like_it"}, None),
        ({}, None),
    ],
)
def test_that_decoders_are_told_from_encoders(config: dict[str, Any], found: tuple[str, str] | None) -> None:
    assert library_class(config) == found


@pytest.mark.parametrize("family", FOUND)
def test_that_an_undescribed_family_is_opened_checked_and_operated_on(
    family: str, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert family not in ARCHITECTURES
    tiny = build_undescribed(family, tmp_path_factory)
    loaded = opened(tiny)
    report = self_check(loaded, CancelToken())
    assert report.failures == ()
    refuse_unverified(loaded.info, report)
    assert loaded.info.detected
    assert NOTE in loaded.info.notes
    result, notes = operated(loaded, Session(model=loaded.info.name, prompt=tiny.prompt))
    assert notes == ()
    assert result.finite
    assert main(["check", "--model", str(tiny.folder), "--device", "cpu"]) == 0
    assert f"  note    {NOTE}\n" in capsys.readouterr().out


def test_that_what_only_a_run_shows_is_seen(tmp_path_factory: pytest.TempPathFactory) -> None:
    tables = {f: opened(build_undescribed(f, tmp_path_factory)).architecture for f in ("cohere2", "exaone4", "ernie")}
    assert tables["cohere2"].parallel
    assert not tables["exaone4"].parallel
    assert tables["exaone4"].attn_out == "post_attention_layernorm"
    assert tables["exaone4"].mlp_out == "post_feedforward_layernorm"
    assert tables["ernie"].post_norms == ("attention.output.LayerNorm", "output.LayerNorm")
    assert tables["ernie"].final_norm is None


@pytest.mark.parametrize("family", FAILING)
def test_that_a_family_that_fails_its_self_check_is_refused(
    family: str, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = build_undescribed(family, tmp_path_factory)
    loaded = opened(tiny)
    report = self_check(loaded, CancelToken())
    assert report.failures
    with pytest.raises(SurgeryError, match=f"{family}.*fails the self-check at '{report.failures[0].name}'") as caught:
        refuse_unverified(loaded.info, report)
    assert caught.value.hint.endswith(".")
    for command in (["check"], ["run", "--prompt", "pizza"]):
        assert main([command[0], "--model", str(tiny.folder), "--device", "cpu", *command[1:]]) == 1
        said = capsys.readouterr()
        assert "fails the self-check" in said.err
        assert "residuals" not in said.out


def test_that_a_described_family_is_left_to_the_user(tiny_of: TinyOf) -> None:
    info = opened(tiny_of("gpt2")).info
    refuse_unverified(info, CheckReport((CheckLine("empty plan", False, "It differs."),), 0.0))


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("MobileBertConfig", {"num_hidden_layers": 2}),  # heads narrower than the residual
        ("MambaConfig", {"hidden_size": 32, "num_hidden_layers": 2}),  # no attention
        ("FNetConfig", {"hidden_size": 32, "num_hidden_layers": 2}),
        ("JambaConfig", {"hidden_size": 32, "num_hidden_layers": 8}),  # attention in some layers
        ("BartConfig", {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2}),
        ("XLMConfig", {"emb_dim": 32, "n_layers": 2, "n_heads": 4}),  # no list of blocks
        ("InternLM3Config", {"hidden_size": 32}),  # another family's class
    ],
)
def test_that_a_structure_that_is_not_understood_is_one_sentence(name: str, entries: dict[str, int]) -> None:
    import transformers

    config = getattr(transformers, name)(**entries).to_dict()
    with pytest.raises(SurgeryError, match="does not show") as caught:
        detect(config)
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith(".")


def test_that_a_configuration_that_builds_nothing_is_one_sentence() -> None:
    with pytest.raises(SurgeryError, match="network of the family 'nemotron' cannot be built"):
        detect({"model_type": "nemotron", "hidden_act": "no such function"})


def test_that_networks_of_several_parts_are_refused_before_they_are_fetched() -> None:
    config = {"model_type": "gemma3", "text_config": {"model_type": "gemma3_text"}}
    with pytest.raises(SurgeryError, match="made of several networks"):
        require_supported(config)


def test_that_a_network_that_cannot_be_run_is_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import NemotronModel

    folder = tmp_path / "copy"
    shutil.copytree(build_undescribed("nemotron", tmp_path_factory).folder, folder)

    def broken(*_: object, **__: object) -> None:
        raise ValueError("needs pictures")

    monkeypatch.setattr(NemotronModel, "forward", broken)
    with pytest.raises(SurgeryError, match="'nemotron' cannot be run on a few tokens: ValueError: needs pictures"):
        open_model(str(folder), device="cpu")
