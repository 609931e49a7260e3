"""Prompts into tokens, tokens into text, and one word into one token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.models.pieces import kind_of, shown, written
from core.text.tokens import Token, Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from core.models.loaded_model import LoadedModel

MASK = "[MASK]"
APOSTROPHES = "'’"


def tokenize(loaded: LoadedModel, prompt: str) -> Tokens:
    """Split a prompt into the model's tokens, special tokens included.

    ``[MASK]`` is understood by every masked model, whatever its own mask token is.

    Raises
    ------
    SurgeryError
        If the prompt is empty, is no text, or is longer than the model's context.
    """
    _check_text(prompt, "The prompt")
    tokenizer, info = loaded.tokenizer, loaded.info
    text, origin = _with_own_mask(prompt, info.mask_token)
    encoding = tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False)
    ids: list[int] = encoding["input_ids"]
    if all(encoding["special_tokens_mask"]):
        raise SurgeryError("Nothing of the prompt is left after splitting it into tokens.", "Type some words.")
    if len(ids) > info.context:
        raise SurgeryError(
            f"The prompt is {len(ids)} tokens long, but {info.name} takes at most {info.context}.",
            f"Shorten it by {len(ids) - info.context} tokens.",
        )
    if max(ids) >= info.vocab_size:
        raise SurgeryError(
            f"The tokenizer knows more tokens than {info.name}, which knows {info.vocab_size}.",
            "The tokenizer belongs to another model; get the checkpoint again.",
        )
    specials = _special_ids(tokenizer)
    items: list[Token] = []
    for position, (token, span) in enumerate(zip(ids, encoding["offset_mapping"], strict=True)):
        special = token in specials
        covered = items[-1].end if items else 0
        if encoding["special_tokens_mask"][position]:
            start = end = covered
        else:
            start, end = origin[span[0]], origin[span[1]]
        shape = token_text(loaded, token)
        start = _with_blanks(prompt, start, end, covered, shape)
        starts_word = not special and _starts_word(prompt, start, end, covered, shape)
        items.append(Token(position, token, shape, start, end, special, starts_word))
    mask = tokenizer.mask_token_id if info.mask_token is not None else None
    return Tokens(prompt, tuple(items), tuple(item.position for item in items if item.id == mask))


def token_text(loaded: LoadedModel, token: int) -> str:
    """Return what a token stands for: `` pizza`` with its blank, ``##ing`` with its mark.

    Bytes that are no whole letter are written like ``<0xE2>``.
    """
    tokenizer = loaded.tokenizer
    piece = tokenizer.convert_ids_to_tokens(token)
    if piece is None:
        return f"<token {token}>"
    # Added tokens stand in the vocabulary as they are, not in the way of the other pieces.
    return str(piece) if token in tokenizer.added_tokens_decoder else shown(str(piece), kind_of(tokenizer))


def token_id(loaded: LoadedModel, text: str) -> int:
    """Return the one token that stands for a text, with a leading blank if not without.

    Raises
    ------
    SurgeryError
        If the text is several tokens, which the message then shows, or is not in the vocabulary.
    """
    if not text:
        raise SurgeryError("No text was given for a token.", "Type a word.")
    _check_text(text, "The text", blank_is_fine=True)
    tokenizer = loaded.tokenizer
    special = MASK if loaded.info.mask_token is None else text.replace(MASK, loaded.info.mask_token)
    added = tokenizer.get_added_vocab()
    for name in (text, special):
        if name in added:
            return int(added[name])
    spelling = text if text.startswith(" ") or kind_of(tokenizer) == "words" else " " + text
    for found in (_by_spelling(tokenizer, text), _pieces(tokenizer, spelling)):
        if len(found) == 1:
            if found[0] == tokenizer.unk_token_id:
                raise SurgeryError(f"{text!r} is not in this model's vocabulary.", "Choose another word.")
            return found[0]
    pieces = _pieces(tokenizer, spelling)
    if not pieces:
        raise SurgeryError(f"Nothing of {text!r} is left after splitting it into tokens.", "Choose another word.")
    names = ", ".join(repr(token_text(loaded, piece)) for piece in pieces)
    raise SurgeryError(f"{spelling!r} is {len(pieces)} tokens in this model: {names}.", "Choose one of them.")


def _by_spelling(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """Return the tokens of exactly this text; one if the vocabulary holds it as it stands."""
    kind = kind_of(tokenizer)
    vocabulary = tokenizer.backend_tokenizer
    known = vocabulary.token_to_id(written(text, kind))
    if known is not None and (kind == "bytes" or text.startswith(("##", " "))):
        return [known]
    pieces = _pieces(tokenizer, text)
    # Inside a word a sentence piece bears no blank; the tokenizer itself always puts one in front.
    return [known] if len(pieces) != 1 and known is not None else pieces


def _pieces(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return ids


def _special_ids(tokenizer: PreTrainedTokenizerFast) -> set[int]:
    declared = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    return declared | set(tokenizer.all_special_ids)


def _check_text(text: str, what: str, *, blank_is_fine: bool = False) -> None:
    if not text.strip() and not blank_is_fine:
        raise SurgeryError(f"{what} is empty.", "Type a sentence.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise SurgeryError(f"{what} holds half a letter, which is no text.", "Type it again instead of pasting it.")


def _with_own_mask(prompt: str, mask: str | None) -> tuple[str, list[int]]:
    """Return the prompt with the model's own mask token, and where each of its places was before."""
    if mask is None or mask == MASK or MASK not in prompt:
        return prompt, list(range(len(prompt) + 1))
    pieces, origin, place = prompt.split(MASK), [0], 0
    for n, piece in enumerate(pieces):
        origin += range(place + 1, place + len(piece) + 1)
        place += len(piece)
        if n < len(pieces) - 1:
            origin += [place] * (len(mask) - 1) + [place + len(MASK)]
            place += len(MASK)
    return mask.join(pieces), origin


def _with_blanks(prompt: str, start: int, end: int, covered: int, text: str) -> int:
    """Return where a token starts if the blank that is part of it counts; tokenizers differ in that."""
    leading = len(text) - len(text.lstrip())
    if start == end or not leading or prompt[start].isspace():
        return start
    first = max(covered, start - leading)
    return first if prompt[first:start].isspace() else start


def _starts_word(prompt: str, start: int, end: int, covered: int, text: str) -> bool:
    if text.startswith("##"):
        return False
    span = prompt[start:end]
    first = start + len(span) - len(span.lstrip())
    if start < covered:  # another byte of a letter that a token before has begun
        return False
    if first == 0 or first >= end or first > start:
        return True
    return not (_in_word(prompt, first - 1) and _in_word(prompt, first))


def _in_word(prompt: str, place: int) -> bool:
    letter = prompt[place]
    if letter in APOSTROPHES:
        around = prompt[max(0, place - 1) : place] + prompt[place + 1 : place + 2]
        return len(around) == 2 and around.isalpha()
    return letter.isalnum() or letter == "_"
