"""Prompts into tokens, tokens into text, and one word into one token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.models.pieces import shown, written
from core.text.tokens import Token, Tokens

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel

MASK = "[MASK]"
APOSTROPHES = "'’"


def tokenize(loaded: LoadedModel, prompt: str, what: str = "The prompt") -> Tokens:
    """Split a prompt into the model's tokens, special tokens included.

    ``[MASK]`` is understood by every masked model, whatever its own mask token is.

    Parameters
    ----------
    what : str
        What it is called in messages.

    Raises
    ------
    SurgeryError
        If the prompt is empty, is no text, or is longer than the model's context.
    """
    check_text(prompt, what)
    tokenizer, info = loaded.tokenizer, loaded.info
    text, origin = _with_own_mask(prompt, info.mask_token)
    encoding = tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False)
    ids: list[int] = encoding["input_ids"]
    if all(encoding["special_tokens_mask"]):
        raise SurgeryError(f"{what} has nothing left after splitting it into tokens.", "Type some words.")
    if len(ids) > info.context:
        surplus = len(ids) - info.context
        raise SurgeryError(
            f"{what} is {len(ids)} tokens long, but {info.name} takes at most {info.context}.",
            f"Shorten it by {surplus} token{'s' if surplus > 1 else ''}.",
        )
    if max(ids) >= info.vocab_size:
        raise SurgeryError(
            f"The tokenizer knows more tokens than {info.name}, which knows {info.vocab_size}.",
            "The tokenizer belongs to another model; get the checkpoint again.",
        )
    items: list[Token] = []
    for position, (token, span) in enumerate(zip(ids, encoding["offset_mapping"], strict=True)):
        covered = items[-1].end if items else 0
        if encoding["special_tokens_mask"][position]:
            start = end = covered
        else:
            start, end = origin[span[0]], origin[span[1]]
        shape = token_text(loaded, token)
        start = _with_blanks(prompt, start, end, covered, shape)
        starts_word = _starts_word(prompt, start, end, covered, shape)
        items.append(Token(position, token, shape, start, end, token in loaded.vocabulary.special, starts_word))
    mask = tokenizer.mask_token_id if info.mask_token is not None else None
    return Tokens(prompt, tuple(items), tuple(item.position for item in items if item.id == mask))


def token_text(loaded: LoadedModel, token: int) -> str:
    """Return what a token stands for: `` pizza`` with its blank, ``##ing`` with its mark.

    Bytes that are no whole letter are written like ``<0xE2>``.
    """
    vocabulary = loaded.vocabulary
    if token in vocabulary.added:
        return vocabulary.added[token]
    piece = loaded.tokenizer.backend_tokenizer.id_to_token(token)
    # Networks are often padded to a round number of tokens that the tokenizer never makes.
    return f"<token {token}>" if piece is None else shown(piece, vocabulary.kind)


def token_id(loaded: LoadedModel, text: str) -> int:
    """Return the one token that stands for a text, with a leading blank if not without.

    Raises
    ------
    SurgeryError
        If the text is several tokens, which the message then shows, or is not in the vocabulary.
    """
    if not text:
        raise SurgeryError("No text was given for a token.", "Type a word.")
    check_text(text, "The text", blank_is_fine=True)
    own_mask = loaded.info.mask_token
    meant = text if own_mask is None else text.replace(MASK, own_mask)
    for number, name in loaded.vocabulary.added.items():
        if name == meant:
            return number
    spelling, pieces = _at_word_start(loaded, text)
    for found in (_by_spelling(loaded, text), pieces):
        if len(found) == 1:
            if found[0] == loaded.tokenizer.unk_token_id:
                raise SurgeryError(f"{text!r} is not in this model's vocabulary.", "Choose another word.")
            return found[0]
    if not pieces:
        raise SurgeryError(f"Nothing of {text!r} is left after splitting it into tokens.", "Choose another word.")
    names = ", ".join(repr(token_text(loaded, piece)) for piece in pieces)
    raise SurgeryError(f"{spelling!r} is {len(pieces)} tokens in this model: {names}.", "Choose one of them.")


def _by_spelling(loaded: LoadedModel, text: str) -> list[int]:
    """Return the tokens of exactly this text; one if the vocabulary holds it as it stands."""
    kind = loaded.vocabulary.kind
    known = loaded.tokenizer.backend_tokenizer.token_to_id(written(text, kind))
    if known is not None and (kind == "bytes" or text.startswith(("##", " "))):
        return [known]
    pieces = _pieces(loaded, text)
    # Inside a word a sentence piece bears no blank; the tokenizer itself always puts one in front.
    return [known] if len(pieces) != 1 and known is not None else pieces


def _at_word_start(loaded: LoadedModel, text: str) -> tuple[str, list[int]]:
    """Return a text as it is written where a word starts, and its tokens there."""
    if loaded.vocabulary.kind == "words":
        return text, _pieces(loaded, text)
    bare = text.removeprefix(" ")
    for spelling in (" " + bare, bare):  # some tokenizers put a blank in front by themselves
        pieces = _pieces(loaded, spelling)
        if "".join(token_text(loaded, piece) for piece in pieces) == " " + bare:
            return " " + bare, pieces
    return " " + bare, _pieces(loaded, " " + bare)


def _pieces(loaded: LoadedModel, text: str) -> list[int]:
    ids: list[int] = loaded.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return ids


def check_text(text: str, what: str, *, blank_is_fine: bool = False) -> None:
    """Check that a text can be split into tokens at all.

    Parameters
    ----------
    what : str
        What it is called in the message, such as ``"The prompt"``.

    Raises
    ------
    SurgeryError
        If it is empty or no text.
    """
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
    span = prompt[start:end]
    if text.startswith("##") or not span.strip():
        return False
    if start < covered:  # another byte of a letter that a token before has begun
        return False
    first = start + len(span) - len(span.lstrip())
    return first == 0 or not (_in_word(prompt, first - 1) and _in_word(prompt, first))


def _in_word(prompt: str, place: int) -> bool:
    letter = prompt[place]
    if letter in APOSTROPHES:
        around = prompt[max(0, place - 1) : place] + prompt[place + 1 : place + 2]
        return len(around) == 2 and around.isalpha()
    return letter.isalnum() or letter == "_"
