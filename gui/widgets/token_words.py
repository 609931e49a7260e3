"""Tokens, and the parameters of operations that name some, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.operation import SEED
from core.sites.selection import parse_selection
from core.text.locate import found
from gui.widgets.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.interventions.operation import Operation, Params
    from core.text.tokens import Tokens

SHOWN_TOKENS = 3


def token_words(tokens: Tokens | None, position: int) -> str:
    """Return a token as ``4 ·pineapple``, or its position alone where the text is not known."""
    if tokens is None or not 0 <= position < len(tokens):
        return str(position)
    return f"{position} {visible(tokens.items[position].text)}"


def positions_words(tokens: Tokens | None, positions: Sequence[int]) -> str:
    """Return positions as ``4 ·pineapple, 5 ·taste``, shortened, or ``all 10 tokens``."""
    if tokens is not None and len(tokens) > 1 and len(set(positions)) == len(tokens):
        return f"all {len(tokens)} tokens"
    words = [token_words(tokens, position) for position in positions[:SHOWN_TOKENS]]
    more = len(positions) - len(words)
    return ", ".join(words) + (f" and {more} more" if more else "")


def operation_name(operation: Operation, params: Params, tokens: Tokens | None, seeds: int) -> str:
    """Return an operation's name with what decides its meaning: ``knockout of keys 0 ·Once``.

    Parameters
    ----------
    params : mapping
        All of them.
    seeds : int
        Over how many the operation is run, if it is random.
    """
    named = {each.name for each in operation.parameters if each.kind == "tokens"}
    written = {
        name: (name in named and positions_words(tokens, found(parse_selection(str(value)), tokens))) or value
        for name, value in params.items()
    }
    hides_seeds = seeds > 1 and SEED not in params and operation.is_random(params)
    return operation.name_with(written) + (f" and the {seeds - 1} after it" if hides_seeds else "")
