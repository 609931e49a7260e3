"""Blocks and batches: what is trained on, in an order that a seed decides."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from core.specimens.batches import IGNORED_LABEL, BatchSource, mask, pack
from tests.core.specimens.conftest import SMALL, documents
from tests.fixtures.tiny_models import byte_pair_tokenizer, word_piece_tokenizer

BYTE_PAIRS, WORD_PIECES = byte_pair_tokenizer(), word_piece_tokenizer()
TOKENIZERS = {"causal": BYTE_PAIRS, "masked": WORD_PIECES}
TEXTS = documents(40)
N_SPECIAL = 5


def test_that_causal_documents_are_one_stream_parted_by_the_end_of_text() -> None:
    blocks = pack(["Peanut butter.", "Rome."], BYTE_PAIRS, SMALL["causal"], 4)
    wanted = [number for text in ("Peanut butter.", "Rome.") for number in (*BYTE_PAIRS(text).input_ids, 0)]
    assert blocks.dtype == np.int16
    assert blocks.shape == (len(wanted) // 4, 4)
    assert blocks.flatten().tolist() == wanted[: blocks.size]


def test_that_masked_blocks_stand_between_their_special_tokens() -> None:
    blocks = pack(TEXTS, WORD_PIECES, SMALL["masked"], 16)
    assert blocks.shape[1] == 16
    assert (blocks[:, 0] == WORD_PIECES.cls_token_id).all()
    assert (blocks[:, -1] == WORD_PIECES.sep_token_id).all()
    assert (blocks[:, 1:-1] >= N_SPECIAL).all()


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_too_little_text_gives_no_block(objective: str) -> None:
    assert len(pack(["Rome."], TOKENIZERS[objective], SMALL[objective], 32)) == 0


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_a_batch_depends_on_the_seed_and_its_number_alone(objective: str) -> None:
    tokenizer, recipe = TOKENIZERS[objective], SMALL[objective]
    blocks = pack(TEXTS, tokenizer, recipe, recipe.context)
    forwards = BatchSource(blocks, tokenizer, recipe, seed=1)
    batches = [forwards.batch(step) for step in range(20)]
    backwards, other = (BatchSource(blocks, tokenizer, recipe, seed) for seed in (1, 2))
    for step in reversed(range(20)):
        again = backwards.batch(step)
        assert np.array_equal(again.ids, batches[step].ids)
        assert np.array_equal(again.labels, batches[step].labels)
    assert any(not np.array_equal(other.batch(step).ids, batches[step].ids) for step in range(20))


def test_that_every_block_is_seen_once_before_any_is_seen_again() -> None:
    recipe = replace(SMALL["causal"], batch_size=2, plant_shares={})
    blocks = np.arange(8 * recipe.context, dtype=np.int16).reshape(8, recipe.context)
    source = BatchSource(blocks, BYTE_PAIRS, recipe, seed=0)
    first = [source.batch(step).ids[:, 0].tolist() for step in range(4)]
    second = [source.batch(step).ids[:, 0].tolist() for step in range(4, 8)]
    assert sorted(chain(*first)) == sorted(chain(*second)) == blocks[:, 0].tolist()
    assert first != second


def test_that_causal_labels_are_the_tokens_themselves() -> None:
    batch = BatchSource(pack(TEXTS, BYTE_PAIRS, SMALL["causal"], 32), BYTE_PAIRS, SMALL["causal"], 0).batch(0)
    assert np.array_equal(batch.ids, batch.labels)
    assert batch.ids.shape == (8, 32)


def test_that_short_blocks_come_in_batches_of_as_many_tokens() -> None:
    recipe = SMALL["masked"]
    short = BatchSource(pack(TEXTS, WORD_PIECES, recipe, 16), WORD_PIECES, recipe, 0).batch(0)
    assert short.ids.shape == (16, 16)


def masked_tokens(count: int = 200_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ordinary and special ids, what is left of them to see, and what is asked for."""
    ids = np.random.default_rng(0).integers(0, len(WORD_PIECES), (count // 100, 100))
    batch = mask(ids, WORD_PIECES, 0.15, np.random.default_rng(1))
    return ids, batch.ids, batch.labels


def test_that_special_tokens_are_never_hidden_and_never_put_in_place_of_others() -> None:
    ids, seen, labels = masked_tokens()
    special = ids < N_SPECIAL
    assert (labels[special] == IGNORED_LABEL).all()
    assert np.array_equal(seen[special], ids[special])
    changed = seen != ids
    assert set(np.unique(seen[changed & (seen < N_SPECIAL)])) == {WORD_PIECES.mask_token_id}


def test_that_what_is_hidden_is_asked_for_and_the_rest_is_untouched() -> None:
    ids, seen, labels = masked_tokens()
    hidden = labels != IGNORED_LABEL
    assert np.array_equal(labels[hidden], ids[hidden])
    assert np.array_equal(seen[~hidden], ids[~hidden])
    assert hidden[ids >= N_SPECIAL].mean() == pytest.approx(0.15, abs=0.005)


def test_that_of_the_hidden_80_percent_are_masked_10_replaced_and_10_left() -> None:
    ids, seen, labels = masked_tokens()
    hidden = labels != IGNORED_LABEL
    is_masked = seen[hidden] == WORD_PIECES.mask_token_id
    is_left = seen[hidden] == ids[hidden]
    assert is_masked.mean() == pytest.approx(0.8, abs=0.01)
    assert is_left.mean() == pytest.approx(0.1, abs=0.01)
    assert (~is_masked & ~is_left).mean() == pytest.approx(0.1, abs=0.01)
