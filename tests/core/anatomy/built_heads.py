"""A two-layer GPT-2 whose heads were built by hand to do one known thing each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from tests.fixtures.tiny_models import byte_pair_tokenizer, write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT, CODE, D_HEAD = 16, 24, 48
TOKEN, POSITION, BEFORE = slice(0, CODE), slice(CODE, CODE + CONTEXT), slice(64, 64 + CODE)
D_MODEL = 2 * D_HEAD
SHARP = 6.0


def built_model(folder: Path) -> Path:
    """Write a checkpoint: L0H0 looks at the token before, L0H1 at an earlier copy, L1H0 at what followed it.

    Tokens have codes of ±1, positions are one-hot; L0H0 writes the code of the token before into
    dimensions of their own, which L1H0 compares with the token at hand.
    """
    tokenizer = byte_pair_tokenizer()
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=CONTEXT, n_embd=D_MODEL, n_layer=2, n_head=2, n_inner=8,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(1.0 if "ln" in name and name.endswith("weight") else 0.0)
        codes = torch.randint(0, 2, (len(tokenizer), CODE), generator=generator) * 2.0 - 1
        model.transformer.wte.weight[:, TOKEN] = codes
        model.transformer.wpe.weight[:, POSITION] = torch.eye(CONTEXT) * 4
        first, second = model.transformer.h[0].attn, model.transformer.h[1].attn
        _matching(first, 0, POSITION, POSITION, shift=1)
        _matching(first, 1, TOKEN, TOKEN)
        _not_itself(first, 1)
        _matching(second, 0, TOKEN, BEFORE)
        values = slice(2 * D_MODEL, 2 * D_MODEL + CODE)
        first.c_attn.weight[TOKEN, values] = torch.eye(CODE)
        first.c_proj.weight[:CODE, BEFORE] = torch.eye(CODE)
    return write_checkpoint(model, tokenizer, folder)


def _matching(attention: Any, head: int, query: slice, key: slice, shift: int = 0) -> None:
    """Let a head look where a part of the key equals a part of the query, or the one ``shift`` places before."""
    width = query.stop - query.start
    weight = attention.c_attn.weight
    start = head * D_HEAD
    weight[query, start : start + width] = torch.eye(width).roll(-shift, dims=1) * SHARP
    weight[key, D_MODEL + start : D_MODEL + start + width] = torch.eye(width) * SHARP


def _not_itself(attention: Any, head: int) -> None:
    """Let a head not look at the place where it stands."""
    weight, start = attention.c_attn.weight, head * D_HEAD + CODE
    weight[POSITION, start : start + CONTEXT] = -torch.eye(CONTEXT) * 2 * SHARP
    weight[POSITION, D_MODEL + start : D_MODEL + start + CONTEXT] = torch.eye(CONTEXT) * 2 * SHARP
