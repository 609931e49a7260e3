"""What a model and counted n-grams foresee of held-out text, and what a model writes by itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from core.specimens.batches import edged
from core.specimens.continuations import LIKELIEST, NEW_TOKENS, OPENINGS, SENTENCES, filled, written
from core.specimens.held_out import BLOCKS_AT_ONCE, compare, gram_surprise, model_surprise, predicted_places
from core.specimens.ngrams import NGrams
from tests.fixtures.tiny_models import CONTEXT, byte_pair_tokenizer, word_piece_tokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.fixtures.tiny_models import TinyModel

BYTE_PAIRS, WORD_PIECES = byte_pair_tokenizer(), word_piece_tokenizer()
WIDTH = 12
# More than are read together, and no multiple of that.
N_BLOCKS = BLOCKS_AT_ONCE + 3


@pytest.fixture
def tiny(objective: str, tiny_gpt2: TinyModel, tiny_bert: TinyModel) -> TinyModel:
    return {"causal": tiny_gpt2, "masked": tiny_bert}[objective]


def blocks_for(tiny: TinyModel, objective: str, n_blocks: int = N_BLOCKS) -> NDArray[np.int16]:
    random = np.random.default_rng(3)
    inner = WIDTH if objective == "causal" else WIDTH - 2
    found = random.integers(5, len(tiny.tokenizer), (n_blocks, inner)).astype(np.int16)
    return found if objective == "causal" else edged(found, tiny.tokenizer)


def test_that_a_causal_model_foresees_all_but_the_first_token_of_each_block() -> None:
    places = predicted_places(np.zeros((3, 5), dtype=np.int16), "causal")
    assert places.tolist() == [[False, True, True, True, True]] * 3


def test_that_a_masked_model_foresees_every_seventh_token_and_each_in_turn() -> None:
    places = predicted_places(np.zeros((14, 32), dtype=np.int16), "masked")
    assert np.flatnonzero(places[0]).tolist() == [7, 14, 21, 28]
    assert np.flatnonzero(places[1]).tolist() == [6, 13, 20, 27]
    assert np.flatnonzero(places[6]).tolist() == [1, 8, 15, 22, 29]
    assert not places[:, [0, -1]].any()
    assert (places[:7, 1:-1].sum(axis=0) == 1).all()
    assert (places[:7] == places[7:]).all()


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_the_surprise_of_a_model_is_read_before_each_token_or_at_its_mask(objective: str, tiny: TinyModel) -> None:
    import torch

    blocks = blocks_for(tiny, objective)
    places = predicted_places(blocks, objective)
    mask_token = None if objective == "causal" else tiny.tokenizer.mask_token_id
    wanted = []
    for block, hidden in zip(blocks.tolist(), places.tolist(), strict=True):
        shown = [mask_token if mask_token is not None and hid else at for at, hid in zip(block, hidden, strict=True)]
        with torch.inference_mode():
            logs = tiny.model(torch.tensor([shown])).logits[0].double().log_softmax(-1)
        for position in range(WIDTH):
            if hidden[position]:
                row = position - 1 if objective == "causal" else position
                wanted.append(-float(logs[row, block[position]]))
    found = model_surprise(tiny.model, blocks, places, mask_token)
    assert len(wanted) > N_BLOCKS
    assert found == pytest.approx(np.array(wanted), rel=1e-4)


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_the_surprise_of_n_grams_is_of_the_same_tokens(objective: str, tiny: TinyModel) -> None:
    blocks = blocks_for(tiny, objective)
    places = predicted_places(blocks, objective)
    text = blocks if objective == "causal" else blocks[:, 1:-1]
    # Single tokens have the same probability wherever they stand.
    single = NGrams(text.reshape(-1), len(tiny.tokenizer), order=1)
    found = gram_surprise(single, blocks, places, objective)
    assert found == pytest.approx(-np.log(single.probabilities(blocks[places])))
    # Pairs that cross from one block to the next are known too.
    pairs = NGrams(text.reshape(-1), len(tiny.tokenizer), order=2)
    stream, told = text.reshape(-1), iter(gram_surprise(pairs, blocks, places, objective))
    edge = 0 if objective == "causal" else 1
    for block, position in np.argwhere(places):
        at = block * text.shape[1] + position - edge
        assert stream[at] == blocks[block, position]
        assert next(told) == pytest.approx(-np.log(pairs.probabilities(stream[max(0, at - 1) : at + 1])[-1]))


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_model_and_n_grams_are_compared_in_nats_per_token(objective: str, tiny: TinyModel) -> None:
    blocks = blocks_for(tiny, objective)
    inner = blocks if objective == "causal" else blocks[:, 1:-1]
    train = np.tile(inner.reshape(-1), 2)
    places = predicted_places(blocks, objective)
    found = compare(tiny.model, tiny.tokenizer, train, blocks, objective)
    mask_token = None if objective == "causal" else tiny.tokenizer.mask_token_id
    nats = model_surprise(tiny.model, blocks, places, mask_token).mean()
    assert found["tokens"] == places.sum()
    assert found["counted_tokens"] == train.size
    assert found["model"] == pytest.approx({"cross_entropy": nats, "perplexity": np.exp(nats)})
    # It was counted in just this text, which a random model does not know.
    assert found["five_gram"]["cross_entropy"] < 1.5 < found["model"]["cross_entropy"]
    assert found["five_gram"]["perplexity"] == pytest.approx(np.exp(found["five_gram"]["cross_entropy"]))


def test_that_ten_openings_are_continued_by_the_likeliest_tokens(tiny_gpt2: TinyModel) -> None:
    import torch

    found = written(tiny_gpt2.model, BYTE_PAIRS, CONTEXT)
    assert [each["opening"] for each in found] == list(OPENINGS)
    assert len(set(OPENINGS)) == 10
    for opening, told in zip(OPENINGS, found, strict=True):
        ids = BYTE_PAIRS(opening).input_ids
        start = len(ids)
        for _ in range(NEW_TOKENS):
            with torch.inference_mode():
                best = int(tiny_gpt2.model(torch.tensor([ids])).logits[0, -1].argmax())
            if len(ids) == CONTEXT or best == BYTE_PAIRS.eos_token_id:
                break
            ids = [*ids, best]
        assert told["continuation"] == BYTE_PAIRS.decode(ids[start:])


class Writing:
    """A network that writes one token over and over, and ends the text after so many."""

    def __init__(self, token: int, count: int) -> None:
        self.token = token
        self.count = count

    def __call__(self, input_ids: Any, attention_mask: Any) -> Any:
        """Return the logits of the next token of one row."""
        import torch

        assert attention_mask.all()
        logits = torch.zeros(*input_ids.shape, len(BYTE_PAIRS))
        done = int((input_ids == self.token).sum()) >= self.count
        logits[0, -1, BYTE_PAIRS.eos_token_id if done else self.token] = 1
        return SimpleNamespace(logits=logits)


def test_that_a_continuation_stops_at_the_end_of_the_text_the_most_tokens_or_the_context() -> None:
    # No opening has this one.
    (token,) = BYTE_PAIRS("4").input_ids
    assert {each["continuation"] for each in written(Writing(token, 3), BYTE_PAIRS, 1000)} == {"444"}
    assert {each["continuation"] for each in written(Writing(token, 0), BYTE_PAIRS, 1000)} == {""}
    assert {each["continuation"] for each in written(Writing(token, 1000), BYTE_PAIRS, 1000)} == {"4" * NEW_TOKENS}
    lengths = [len(BYTE_PAIRS(opening).input_ids) for opening in OPENINGS]
    short = written(Writing(token, 1000), BYTE_PAIRS, min(lengths) + 2)
    assert [len(each["continuation"]) for each in short] == [max(0, min(lengths) + 2 - length) for length in lengths]


def test_that_ten_sentences_are_filled_with_the_three_likeliest_tokens(tiny_bert: TinyModel) -> None:
    import torch

    found = filled(tiny_bert.model, WORD_PIECES, CONTEXT)
    assert [each["sentence"] for each in found] == list(SENTENCES)
    assert len(set(SENTENCES)) == 10
    assert {sentence.count("[MASK]") for sentence in SENTENCES} == {1}
    for told in found:
        ids = torch.tensor([WORD_PIECES(told["sentence"]).input_ids])
        with torch.inference_mode():
            odds = tiny_bert.model(ids).logits[ids == WORD_PIECES.mask_token_id][0].double().softmax(-1)
        best = odds.topk(LIKELIEST)
        assert [word for word, _ in told["likeliest"]] == [WORD_PIECES.decode([at]) for at in best.indices.tolist()]
        assert [share for _, share in told["likeliest"]] == pytest.approx(best.values.tolist(), rel=1e-4)


def test_that_sentences_longer_than_the_context_are_left_out(tiny_bert: TinyModel) -> None:
    lengths = [len(WORD_PIECES(sentence).input_ids) for sentence in SENTENCES]
    context = sorted(lengths)[4]
    told = [each["sentence"] for each in filled(tiny_bert.model, WORD_PIECES, context)]
    wanted = [sentence for sentence, length in zip(SENTENCES, lengths, strict=True) if length <= context]
    assert told == wanted
    assert 0 < len(told) < 10
