"""The window's options and the session they make."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SurgeryError
from core.interventions.notation import format_cut
from gui.options import first_session, parser
from tests.fixtures.tiny_models import TinyModel
from tests.gui.conftest import Opener


def test_that_every_option_arrives_in_the_window(open_window: Opener, tiny_gpt2: TinyModel) -> None:
    cuts = ("L1H2.z@2=silence", "L0.mlp_out@-1=noise(seed=3,sigma=2,std=layer)")
    hands = open_window(
        "--model", str(tiny_gpt2.folder), "--prompt", "the cat sat on the mat", "--cut", cuts[0], "--cut", cuts[1],
        "--pair", "cat|mat", "--target", " the", "--versus", " on", "--top", "7", "--theme", "dark",
        "--size", "1200x800", "--dtype", "float32",
    )  # fmt: skip
    session = hands.session
    assert (session.model, session.prompt) == (str(tiny_gpt2.folder), "the cat sat on the mat")
    assert [format_cut(cut) for cut in session.plan] == [format_cut(cut) for cut in hands.session.plan]
    assert [str(cut.site) for cut in session.plan] == ["L1H2.z", "L0.mlp_out"]
    assert (session.target, session.versus, session.top_k) == (" the", " on", 7)
    assert (hands.window.width(), hands.window.height()) == (1200, 800)
    assert hands.made.theme.palette.name == "dark"
    result = hands.result
    assert (result.target_text, result.versus_text) == (" the", " on")
    assert [each.index for each in result.request.plan] == [0, 1]
    assert len(result.clean.top) == 7
    assert result.clean.curves["cosine"].labels == ("cat|mat",)
    assert hands.notices == {}


def test_that_a_plan_file_is_taken_over_before_the_cuts(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('["L0H1.z@1=silence"]', encoding="utf-8")
    session = first_session(parser().parse_args(["--plan", str(plan), "--cut", "L1H0.z=silence"]))
    assert [str(cut.site) for cut in session.plan] == ["L0H1.z", "L1H0.z"]


def test_that_without_options_there_is_a_model_a_prompt_and_a_pair() -> None:
    session = first_session(parser().parse_args([]))
    assert session.model == "specimen-gpt2"
    assert session.prompt
    assert len(session.pairs) == 1
    assert session.brush.operation == "silence"


@pytest.mark.parametrize(
    "line", [["--cut", "L1H2=nothing"], ["--cut", "nonsense"], ["--pair", "alone"], ["--plan", "no such file.json"]]
)
def test_that_what_cannot_be_read_is_one_sentence_with_a_next_step(line: list[str]) -> None:
    with pytest.raises(SurgeryError, match=r"\.$") as caught:
        first_session(parser().parse_args(line))
    assert caught.value.hint


@pytest.mark.parametrize(
    "line",
    [
        ["--nonsense"], ["--theme", "pink"], ["--size", "big"], ["--size", "1600"], ["--size", "100x100"],
        ["--size", "959x600"], ["--size", "99999x900"], ["--top", "0"], ["--device", "toaster"], ["--screenshot"],
    ],
)  # fmt: skip
def test_that_wrong_usage_ends_with_2(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(line)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err
