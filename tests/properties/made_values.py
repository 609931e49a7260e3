"""Strategies for sites, selections, incisions, plans, prompts and sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from core.errors import SurgeryError
from core.interventions.ops import OPERATIONS
from core.interventions.plan import Incision, Plan, sorted_params
from core.sessions.session import Brush, Session, TokenPair
from core.sites.hook_point import HOOK_POINTS, HookPoint
from core.sites.selection import ALL, MASK, Selection, at, text_selection
from core.sites.site import Site
from core.text.tokens import Token, Tokens

LARGEST = 10**9 - 1
FEW = st.integers(0, 9)


def refusal(read: Callable[..., object], *given: object) -> SurgeryError | None:
    """Return how a function refuses what it is given, or None; anything else it raises is a failure."""
    try:
        read(*given)
    except SurgeryError as error:
        return error
    return None


def in_words(error: SurgeryError) -> bool:
    """Return whether a refusal is a sentence with a next step."""
    return error.message.endswith(".") and error.hint.endswith((".", "?"))


def sites(numbers: st.SearchStrategy[int] = FEW) -> st.SearchStrategy[Site]:
    """Return sites of every kind."""

    def of(point: HookPoint) -> st.SearchStrategy[Site]:
        layer = numbers if point.per_layer else st.none()
        return st.builds(Site, st.just(point.name), layer, numbers if point.per_head else st.none())

    return st.sampled_from(list(HOOK_POINTS.values())).flatmap(of)


def ranges(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, int]]:
    """Return ranges that do not run backwards, as far as can be told without a prompt."""
    both = st.tuples(numbers, numbers)
    return both.map(lambda pair: (min(pair), max(pair)) if (pair[0] < 0) == (pair[1] < 0) else pair)


def selections(numbers: st.SearchStrategy[int] | None = None) -> st.SearchStrategy[Selection]:
    """Return selections of every kind."""
    numbers = st.integers(-12, 12) if numbers is None else numbers
    return st.one_of(
        st.just(ALL),
        st.just(MASK),
        st.lists(ranges(numbers), min_size=1, max_size=4).map(lambda found: Selection("positions", tuple(found))),
        st.text(min_size=1, max_size=12).map(text_selection),
        st.sampled_from(["apple", " pine", "a", '"', "=", "'"]).map(text_selection),
    )


@st.composite
def incisions(draw: st.DrawFn) -> Incision:
    """Return incisions of every operation, with any parameters that fit."""
    operation = draw(st.sampled_from(list(OPERATIONS)))
    params = {}
    for parameter in operation.parameters:
        low, high = max(parameter.minimum, -1e300), min(parameter.maximum, 1e300)
        values: dict[str, st.SearchStrategy[int | float | str]] = {
            "float": st.floats(low, high, allow_nan=False),
            "int": st.integers(int(low), int(high)),
            "choice": st.sampled_from(parameter.choices or ("",)),
        }
        params[parameter.name] = draw(values[parameter.kind])
    checked = sorted_params(operation.checked(params))
    return Incision(draw(sites()), draw(selections()), operation.key, checked)


def plans(switched_off: bool = True) -> st.SearchStrategy[Plan]:
    """Return plans of a few incisions."""
    made = st.lists(incisions(), max_size=5).map(lambda found: Plan(tuple(found)))
    return made.flatmap(_some_switched_off) if switched_off else made


def _some_switched_off(plan: Plan) -> st.SearchStrategy[Plan]:
    switches = st.lists(st.booleans(), min_size=len(plan), max_size=len(plan))
    return switches.map(lambda on: Plan(tuple(replace(cut, enabled=each) for cut, each in zip(plan, on, strict=True))))


@st.composite
def prompts(draw: st.DrawFn) -> Tokens:
    """Return prompts whose tokens stand side by side, with some letters shared and some blanks left out."""
    pieces = draw(st.lists(st.sampled_from([" pine", "apple", "a", "[MASK]", " ", "İ", "é", ""]), min_size=1))
    items: list[Token] = []
    text = ""
    for position, piece in enumerate(pieces):
        items.append(Token(position, position, piece, len(text), len(text) + len(piece), piece == "", True))
        text += piece
    masks = tuple(item.position for item in items if item.text == "[MASK]")
    return Tokens(text, tuple(items), masks)


def sessions() -> st.SearchStrategy[Session]:
    """Return sessions that ask for anything, sense or nonsense."""
    word = st.one_of(st.none(), st.integers(-2, 200), st.text(max_size=6), st.sampled_from(["pizza", " great"]))
    pair = st.builds(TokenPair, selections(), selections(), st.sampled_from(["", "", "a|b"]))
    brush = st.sampled_from(list(OPERATIONS)).map(lambda each: Brush(each.key, sorted_params(each.checked({}))))
    return st.builds(
        Session,
        model=st.just("m"),
        prompt=st.just("p"),
        plan=plans(),
        pairs=st.lists(pair, max_size=4).map(tuple),
        target=word,
        versus=word,
        chosen=st.one_of(st.just(at(-1)), selections()),
        brush=brush,
        top_k=st.integers(1, 20),
    )
