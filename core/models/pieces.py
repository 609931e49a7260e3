"""How a tokenizer writes its vocabulary, and what its pieces stand for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Kind = Literal["bytes", "words", "sentence"]
BLANK = "▁"


@dataclass(frozen=True)
class Vocabulary:
    """What has to be known of a tokenizer to read its pieces; asking it each time is slow.

    Attributes
    ----------
    kind : {"bytes", "words", "sentence"}
        How pieces are written: as bytes (GPT-2), with ``##`` (WordPiece), with ``▁`` (SentencePiece).
    added : dict of int to str
        Tokens that stand in the vocabulary as they are, not in the way of the other pieces.
    special : frozenset of int
        Control tokens. The unknown token is none: it stands for a word of the prompt.
    """

    kind: Kind
    added: dict[int, str]
    special: frozenset[int]


def vocabulary_of(tokenizer: PreTrainedTokenizerFast) -> Vocabulary:
    """Return what pieces of this tokenizer mean."""
    added = tokenizer.added_tokens_decoder
    special = {number for number, token in added.items() if token.special} | set(tokenizer.all_special_ids)
    return Vocabulary(
        kind=_kind_of(tokenizer),
        added={number: token.content for number, token in added.items()},
        special=frozenset(special - {tokenizer.unk_token_id}),
    )


def _kind_of(tokenizer: PreTrainedTokenizerFast) -> Kind:
    backend = tokenizer.backend_tokenizer
    if type(backend.model).__name__ == "WordPiece":
        return "words"
    state = json.loads(backend.decoder.__getstate__()) if backend.decoder is not None else {}
    steps = state.get("decoders", [state])
    return "bytes" if any(step.get("type") == "ByteLevel" for step in steps) else "sentence"


@cache
def _byte_letters() -> dict[int, str]:
    """Return GPT-2's letter of each byte: printable bytes are themselves, the others come after U+0100."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = {byte: chr(byte) for byte in printable}
    others = (byte for byte in range(0x100) if byte not in letters)
    letters.update({byte: chr(0x100 + n) for n, byte in enumerate(others)})
    return letters


@cache
def _letter_bytes() -> dict[str, int]:
    return {letter: byte for byte, letter in _byte_letters().items()}


def shown(piece: str, kind: Kind) -> str:
    """Return what a piece of the vocabulary stands for, as people read it.

    Bytes that are no whole letter are written like ``<0xE2>``.
    """
    if kind == "words":
        return piece
    if kind == "sentence":
        return piece.replace(BLANK, " ")
    bytes_of = _letter_bytes()
    if not all(letter in bytes_of for letter in piece):
        return piece
    text = bytes(bytes_of[letter] for letter in piece).decode("utf-8", errors="surrogateescape")
    return re.sub("[\udc80-\udcff]", lambda found: f"<0x{ord(found.group()) - 0xDC00:02X}>", text)


def written(text: str, kind: Kind) -> str:
    """Return the piece that stands for a text: the inverse of `shown`."""
    if kind == "words":
        return text
    if kind == "sentence":
        return text.replace(" ", BLANK)
    letters = _byte_letters()
    parts = re.split(r"<0x([0-9A-F]{2})>", text)
    # Every second part is the number of a byte, the others are text.
    data = b"".join(bytes([int(part, 16)]) if n % 2 else part.encode("utf-8") for n, part in enumerate(parts))
    return "".join(letters[byte] for byte in data)
