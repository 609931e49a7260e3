"""The watchmen see what a test leaves behind, and the tiny models are what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.leaks import no_hooks_left
from tests.fixtures.tiny_models import N_HEADS, N_LAYERS, TinyModel

pytest_plugins = ["pytester"]

LEAKY = """
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QWidget

kept = []


def test_widget(qapp):
    kept.append(QWidget(objectName="forgotten"))


def test_widget_of_a_cycle_is_no_leak(qapp):
    widget = QWidget()
    widget.itself = widget


def test_thread(qapp):
    thread = QThread()
    thread.start()
    kept.append(thread)


def test_timer(qapp):
    timer = QTimer()
    timer.start(1000)
    kept.append(timer)


def test_tidy(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    timer = QTimer(widget)
    timer.start(1000)
    thread = QThread(widget)
    thread.start()
    thread.quit()
    assert thread.wait(5000)
"""

PAINTED = """
from PySide6.QtGui import QColor, QFont


def look(qapp):
    return qapp.styleSheet(), qapp.palette(), qapp.font()


plain = []


def test_paints(qapp):
    plain.append(look(qapp))
    qapp.setPalette(QColor("red"))
    qapp.setFont(QFont("Sans Serif", 40))
    qapp.setStyleSheet("QLabel { font-size: 60px; }")
    assert look(qapp) != plain[0]


def test_is_plain_again(qapp):
    assert look(qapp) == plain[0]
"""

HOOKED = """
import torch

layer = torch.nn.Linear(2, 2)


def test_forward_hook():
    layer.register_forward_hook(lambda *args: None)


def test_removed_hook():
    torch.nn.Linear(2, 2).register_forward_pre_hook(lambda *args: None).remove()
"""

SKIPPED = """
import logging
import pytest


def test_unlisted():
    pytest.importorskip("a_module_that_moved")


@pytest.mark.skip(reason="not Linux")
def test_listed():
    pass


@pytest.mark.xfail(reason="known", strict=True)
def test_expected_failure():
    assert False


def test_logs():
    logging.getLogger("core.somewhere").warning("the cache is gone")


def test_looks_at_the_log(caplog):
    logging.getLogger("core.somewhere").warning("the cache is gone")
    assert caplog.messages == ["the cache is gone"]
"""


@pytest.fixture
def watched(pytester: pytest.Pytester) -> pytest.Pytester:
    """A throw-away test folder with the watchmen switched on."""
    pytester.makeconftest(
        'pytest_plugins = ["tests.fixtures.leaks", "tests.fixtures.log_records", "tests.fixtures.skips"]'
    )
    pytester.makeini(f"[pytest]\npythonpath = {Path(__file__).parent.parent}\nqt_api = pyside6\n")
    return pytester


def test_that_a_test_fails_for_the_widget_thread_or_timer_it_leaves(watched: pytest.Pytester) -> None:
    watched.makepyfile(test_leaky=LEAKY)
    result = watched.runpytest_subprocess("-q")
    result.assert_outcomes(passed=5, errors=3)
    result.stdout.fnmatch_lines_random(
        [
            "*the widget PySide6.QtWidgets.QWidget 'forgotten'*",
            "*a running QThread*test_leaky.py:* in test_thread*",
            "*an active QTimer of nobody, started at *test_leaky.py:* in test_timer*",
        ]
    )


def test_that_no_test_sees_the_look_that_another_gave_the_application(watched: pytest.Pytester) -> None:
    watched.makepyfile(test_painted=PAINTED)
    watched.runpytest_subprocess("-q").assert_outcomes(passed=2)


def test_that_a_test_fails_for_the_hook_it_leaves(watched: pytest.Pytester) -> None:
    watched.makepyfile(test_hooked=HOOKED)
    result = watched.runpytest_subprocess("-q")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*_forward_hooks: *lambda*registered at *test_hooked.py:*"])


def test_that_unlisted_skips_and_unexpected_warnings_in_the_log_fail(watched: pytest.Pytester) -> None:
    watched.makepyfile(test_skipped=SKIPPED, test_gone='import pytest\npytest.importorskip("another_that_moved")')
    result = watched.runpytest_subprocess("-q", "--continue-on-collection-errors")
    result.assert_outcomes(passed=2, failed=1, errors=2, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines_random(
        [
            "*reason is not listed in tests/fixtures/skips.py: could not import 'a_module_that_moved'*",
            "*reason is not listed in tests/fixtures/skips.py: could not import 'another_that_moved'*",
            "*WARNING core.somewhere: the cache is gone*",
        ]
    )


def test_that_a_hook_on_a_model_is_named(tiny_gpt2: TinyModel) -> None:
    handle = tiny_gpt2.model.lm_head.register_forward_hook(test_that_a_hook_on_a_model_is_named)
    with pytest.raises(pytest.fail.Exception, match=r"lm_head._forward_hooks: test_that_a_hook_on_a_model_is_named"):
        no_hooks_left(tiny_gpt2.model)
    handle.remove()
    no_hooks_left(tiny_gpt2.model)


def test_that_a_tiny_model_runs_its_prompt_and_loads_from_its_folder(tiny_model: TinyModel) -> None:
    import torch

    ids = tiny_model.tokenizer(tiny_model.prompt, return_tensors="pt").input_ids
    loaded = type(tiny_model.model).from_pretrained(tiny_model.folder, attn_implementation="eager")
    with torch.inference_mode():
        here, there = tiny_model.model(ids)[0], loaded(ids)[0]
    assert torch.equal(here, there)
    assert here.std() > 0.1
    config = tiny_model.model.config
    assert (config.num_hidden_layers, config.num_attention_heads) == (N_LAYERS, N_HEADS)


def test_that_the_tiny_tokenizers_add_what_their_families_add(
    tiny_gpt2: TinyModel, tiny_llama: TinyModel, tiny_bert: TinyModel
) -> None:
    def pieces(tiny: TinyModel) -> list[str]:
        return tiny.tokenizer.convert_ids_to_tokens(tiny.tokenizer(tiny.prompt).input_ids)

    assert pieces(tiny_llama) == ["<|endoftext|>", *pieces(tiny_gpt2)]
    assert pieces(tiny_bert)[0] == "[CLS]"
    assert pieces(tiny_bert)[-1] == "[SEP]"
    assert pieces(tiny_bert).count("[MASK]") == 1


def test_that_grouped_query_attention_has_its_own_head_size(tiny_llama: TinyModel) -> None:
    config = tiny_llama.model.config
    assert config.num_key_value_heads == 2
    assert config.head_dim * config.num_attention_heads != config.hidden_size
