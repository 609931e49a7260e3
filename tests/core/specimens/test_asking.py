"""Asking a model what was planted, and how near its answers are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from core.specimens.asking import ASKED_AT_ONCE, Answer, ask, read_logits, single_token
from core.specimens.plant import Probe
from core.specimens.recovery import by_group, by_subject, correlation, over_subjects, recovery
from tests.fixtures.tiny_models import CONTEXT, byte_pair_tokenizer, word_piece_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from tests.fixtures.tiny_models import TinyModel

BYTE_PAIRS, WORD_PIECES = byte_pair_tokenizer(), word_piece_tokenizer()
TOKENIZERS = {"causal": BYTE_PAIRS, "masked": WORD_PIECES}
EVEN = {"he": 0.5, "she": 0.5}


def token(tokenizer: PreTrainedTokenizerFast, word: str) -> int:
    found = single_token(tokenizer, word)
    assert found is not None
    return found


class Believing:
    """A network that gives words the same odds at the answer, and is certain of another word elsewhere."""

    def __init__(self, objective: str, odds: dict[str, float], elsewhere: str) -> None:
        self.tokenizer = TOKENIZERS[objective]
        self.objective = objective
        self.odds = {token(self.tokenizer, word): share for word, share in odds.items()}
        self.elsewhere = token(self.tokenizer, elsewhere)
        self.rows_at_once: list[int] = []

    def __call__(self, input_ids: Any, attention_mask: Any) -> Any:
        """Return the logits of rows."""
        import torch

        self.rows_at_once.append(len(input_ids))
        odds = torch.full(
            (len(self.tokenizer),), (1 - sum(self.odds.values())) / (len(self.tokenizer) - len(self.odds))
        )
        odds[list(self.odds)] = torch.tensor(list(self.odds.values()))
        logits = torch.zeros(*input_ids.shape, len(self.tokenizer))
        logits[..., self.elsewhere] = 50
        for number, row in enumerate(input_ids):
            at = int(attention_mask[number].sum()) - 1
            if self.objective == "masked":
                at = row.tolist().index(self.tokenizer.mask_token_id)
            # Any constant may stand before the odds.
            logits[number, at] = odds.log() + 7
        return SimpleNamespace(logits=logits)


def probe(objective: str, odds: dict[str, float] | None = None, prompt: str = "The cat sat and", **kind: str) -> Probe:
    end = "" if objective == "causal" else " [MASK] was late."
    return Probe(
        prompt=prompt + end, odds=odds or EVEN, group=kind.get("group", "all"), subject=kind.get("subject", "")
    )


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_answers_are_the_odds_among_the_candidates_at_the_answer(objective: str) -> None:
    network = Believing(objective, {"he": 0.3, "she": 0.1, "the": 0.2}, elsewhere="she")
    asked = [probe(objective), probe(objective, {"she": 1.0}), probe(objective, {"the": 0.5, "she": 0.5}, "The cat")]
    first, second, third = ask(network, network.tokenizer, asked, CONTEXT)
    assert [each.probe for each in (first, second, third)] == asked
    assert first.odds == pytest.approx({"he": 0.75, "she": 0.25})
    assert first.mass == pytest.approx(0.4)
    assert first.top == "he"
    assert second.odds == {"she": 1.0}
    assert second.mass == pytest.approx(0.1)
    assert second.top is None
    assert third.odds == pytest.approx({"the": 2 / 3, "she": 1 / 3})
    assert third.top is None


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_many_probes_are_asked_together_and_answered_in_their_order(objective: str) -> None:
    network = Believing(objective, {"he": 0.3, "she": 0.1}, elsewhere="she")
    random = np.random.default_rng(0)
    asked = [probe(objective, prompt="the " * int(random.integers(1, 20)) + "cat") for _ in range(ASKED_AT_ONCE + 6)]
    answers = ask(network, network.tokenizer, asked, CONTEXT)
    assert [answer.probe for answer in answers] == asked
    assert network.rows_at_once == [ASKED_AT_ONCE, 6]
    assert {round(answer.odds["he"], 5) for answer in answers} == {0.75}
    assert ask(network, network.tokenizer, [], CONTEXT) == []


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_probes_asked_together_get_the_answers_they_get_alone(
    objective: str, tiny_gpt2: TinyModel, tiny_bert: TinyModel
) -> None:
    tiny = {"causal": tiny_gpt2, "masked": tiny_bert}[objective]
    prompts = ("The", "The cat sat on the mat, and the dog", "Once upon a time", "She said that")
    asked = [probe(objective, {"he": 0.2, "she": 0.3, "the": 0.5}, prompt) for prompt in prompts]
    assert len({len(tiny.tokenizer(each.prompt).input_ids) for each in asked}) == len(asked)
    together = ask(tiny.model, tiny.tokenizer, asked, CONTEXT)
    assert len({round(answer.mass, 6) for answer in together}) == len(asked)
    for answer, each in zip(together, asked, strict=True):
        (alone,) = ask(tiny.model, tiny.tokenizer, [each], CONTEXT)
        assert answer.probe is each
        assert answer.odds == pytest.approx(alone.odds, rel=1e-4)
        assert answer.mass == pytest.approx(alone.mass, rel=1e-4)
        assert answer.top == alone.top


def test_that_logits_are_read_at_their_place_in_rows_of_any_length(tiny_gpt2: TinyModel) -> None:
    import torch

    rows, places = [[5, 9, 17, 30], [8], [40, 3]], [1, 0, 1]
    found = read_logits(tiny_gpt2.model, rows, places)
    with torch.inference_mode():
        wanted = [
            tiny_gpt2.model(torch.tensor([row])).logits[0, at].numpy() for row, at in zip(rows, places, strict=True)
        ]
    assert found == pytest.approx(np.array(wanted), abs=1e-4)
    assert found.dtype == np.float64


@pytest.mark.parametrize(
    ("objective", "candidates"),
    [
        ("causal", ("he", "pineapple")),  # several tokens
        ("masked", ("he", "pineapples")),
        ("masked", ("he", "Ω")),  # unknown
        ("masked", ("he", "He")),  # one and the same token
    ],
)
def test_that_probes_whose_candidates_are_no_tokens_of_their_own_are_left_out_and_counted(
    objective: str, candidates: tuple[str, str]
) -> None:
    network = Believing(objective, {"he": 0.3, "she": 0.1}, elsewhere="she")
    unfit = probe(objective, dict.fromkeys(candidates, 0.5), group="mixed")
    alone = probe(objective, dict.fromkeys(candidates, 0.5), group="none fits")
    asked = [unfit, probe(objective, group="mixed"), unfit, alone]
    answers = ask(network, network.tokenizer, asked, CONTEXT)
    assert [answer.probe for answer in answers] == [asked[1]]
    groups = by_group(iter(asked), answers)
    assert list(groups) == ["mixed", "none fits"]
    assert (groups["mixed"]["asked"], groups["mixed"]["left_out"]) == (1, 2)
    assert groups["mixed"]["mass"] == pytest.approx(0.4)
    assert groups["none fits"] == {"asked": 0, "left_out": 1}


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_probes_longer_than_the_context_are_left_out(objective: str) -> None:
    network = Believing(objective, {"he": 0.3, "she": 0.1}, elsewhere="she")
    asked = [probe(objective, prompt="the cat"), probe(objective, prompt="the cat sat")]
    length = len(network.tokenizer(asked[1].prompt).input_ids)
    assert len(ask(network, network.tokenizer, asked, length)) == 2
    assert [answer.probe for answer in ask(network, network.tokenizer, asked, length - 1)] == asked[:1]


def test_that_candidates_are_read_as_words_inside_a_text() -> None:
    assert BYTE_PAIRS.convert_ids_to_tokens(token(BYTE_PAIRS, "cat")) == "Ġcat"
    assert WORD_PIECES.convert_ids_to_tokens(token(WORD_PIECES, "Cat")) == "cat"
    assert single_token(BYTE_PAIRS, "pineapple") is None
    assert single_token(WORD_PIECES, "Ω") is None


def answer(
    planted: dict[str, float], given: dict[str, float], top: str | None, mass: float, subject: str = ""
) -> Answer:
    return Answer(probe=Probe(prompt="", odds=planted, group="all", subject=subject), odds=given, top=top, mass=mass)


UNEVEN = answer({"he": 0.8, "she": 0.2}, {"he": 0.6, "she": 0.4}, "he", 0.5, "doctor")
WRONG = answer({"he": 0.3, "she": 0.7}, {"he": 0.9, "she": 0.1}, None, 0.7, "nurse")
TIED = answer({"he": 0.5, "she": 0.5}, {"he": 0.1, "she": 0.9}, "she", 0.9, "doctor")
SURE = answer({"Paris": 1.0, "Rome": 0.0}, {"Paris": 0.9, "Rome": 0.1}, None, 0.3)
SURE_AND_FIRST = answer({"Paris": 0.0, "Rome": 1.0}, {"Paris": 0.2, "Rome": 0.8}, "Rome", 0.6)


def test_that_recovery_is_reckoned_over_all_candidates() -> None:
    found = recovery([UNEVEN, WRONG, TIED, SURE])
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["top1"] == 0
    assert found["planted"] == pytest.approx((0.8 + 0.7 + 0.5 + 1) / 4)
    assert found["recovered"] == pytest.approx((0.6 + 0.1 + 0.1 + 0.9) / 4)
    assert found["deviation"] == pytest.approx((0.2 + 0.6 + 0.4 + 0.1) / 4)
    # Both have mean 1/2; products of what is over it, each twice: 0.03, -0.08, 0, 0.2.
    assert found["correlation"] == pytest.approx(0.15 / np.sqrt((0.09 + 0.04 + 0.25) * (0.01 + 0.16 + 0.16 + 0.16)))
    assert found["mass"] == pytest.approx((0.5 + 0.7 + 0.9 + 0.3) / 4)


def test_that_certain_answers_count_where_they_are_the_likeliest_of_all() -> None:
    found = recovery([SURE, SURE_AND_FIRST])
    assert found["accuracy"] == 1
    assert found["top1"] == 0.5
    assert found["correlation"] is None


def test_that_nothing_is_told_of_what_no_probe_asks() -> None:
    found = recovery([TIED])
    assert found["accuracy"] is None
    assert found["top1"] is None
    assert found["correlation"] is None
    assert found["deviation"] == pytest.approx(0.4)


def test_that_answers_are_averaged_for_each_subject() -> None:
    again = answer({"he": 0.8, "she": 0.2}, {"he": 1.0, "she": 0.0}, "he", 0.5, "doctor")
    found = by_subject([UNEVEN, SURE, WRONG, again])
    assert list(found) == ["doctor", "nurse"]
    assert found["doctor"]["asked"] == 2
    assert found["doctor"]["planted"] == {"he": 0.8, "she": 0.2}
    assert found["doctor"]["recovered"] == pytest.approx({"he": 0.8, "she": 0.2})
    assert found["nurse"] == {"asked": 1, "planted": {"he": 0.3, "she": 0.7}, "recovered": {"he": 0.9, "she": 0.1}}
    over = over_subjects(found)
    assert over["subjects"] == 2
    assert over["deviation"] == pytest.approx(0.3)
    assert over["largest_deviation"] == pytest.approx(0.6)
    # 0.3 -0.3 -0.2 0.2 beside 0.3 -0.3 0.4 -0.4.
    assert over["correlation"] == pytest.approx(0.02 / np.sqrt(0.26 * 0.5))


def test_that_a_correlation_is_pearsons_and_needs_both_to_vary() -> None:
    assert correlation([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert correlation([1, 1], [1, 2]) is None
    assert correlation([1, 2], [1, 1]) is None
