"""Strategies for sites, selections, incisions, plans, prompts and sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from hypothesis import strategies as st

from core.errors import SurgeryError
from core.interventions.direction_form import DirectionForm
from core.interventions.operation import Parameter
from core.interventions.ops import OPERATIONS
from core.interventions.plan import Incision, Plan, sorted_params
from core.interventions.receiver import RECEIVERS, why_no_receiver
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


def sites(numbers: st.SearchStrategy[int] = FEW, points: Iterable[str] = tuple(HOOK_POINTS)) -> st.SearchStrategy[Site]:
    """Return sites of every kind, or of some: of one head or neuron, or of all."""

    def of(point: HookPoint) -> st.SearchStrategy[Site]:
        part = st.one_of(st.none(), numbers)
        return st.builds(
            Site,
            st.just(point.name),
            numbers if point.per_layer else st.none(),
            part if point.per_head else st.none(),
            part if point.per_neuron else st.none(),
        )

    return st.sampled_from([HOOK_POINTS[name] for name in points]).flatmap(of)


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


def directions() -> st.SearchStrategy[str]:
    """Return names of directions, in their usual spelling."""
    texts = st.one_of(st.text(min_size=1, max_size=6), st.sampled_from([" he", '"', "\\", '",v="', "a(b)=c,d"]))
    paths = st.text(st.sampled_from("ab/\\ .,=()'\"-"), min_size=1, max_size=9).map(str.strip).filter(bool)
    return st.one_of(
        st.lists(texts, min_size=1, max_size=2, unique=True).map(
            lambda found: DirectionForm("token" if len(found) == 1 else "difference", tuple(found))
        ),
        st.integers(1, 10**6 - 1).map(lambda number: DirectionForm("pca", number=number)),
        st.integers(0, 10**9 - 1).map(lambda number: DirectionForm("random", number=number)),
        st.integers(0, 10**6 - 1).map(lambda number: DirectionForm("feature", number=number)),
        st.just(DirectionForm("donor")),
        paths.filter(lambda path: path[0] != '"').map(lambda path: DirectionForm("file", path=path)),
    ).map(str)


def values_of(parameter: Parameter) -> st.SearchStrategy[int | float | str]:
    """Return values that a parameter allows."""
    if parameter.kind == "choice":
        return st.sampled_from(parameter.choices)
    if parameter.kind == "text":
        return directions()
    if parameter.kind == "tokens":
        return selections().map(str).filter(lambda text: "\n" not in text)
    low, high = max(parameter.minimum, -1e300), min(parameter.maximum, 1e300)
    return st.integers(int(low), int(high)) if parameter.kind == "int" else st.floats(low, high, allow_nan=False)


@st.composite
def incisions(draw: st.DrawFn) -> Incision:
    """Return incisions of every operation where it makes sense, with any parameters that fit."""
    operation = draw(st.sampled_from(list(OPERATIONS)))
    params = {parameter.name: draw(values_of(parameter)) for parameter in operation.parameters}
    site = draw(sites(points=[name for name in HOOK_POINTS if name in operation.points]))
    receivers = sites(points=RECEIVERS).filter(lambda to: why_no_receiver(site, to) is None)
    receiver = None if site.hook_point == "logits" else draw(st.one_of(st.none(), receivers))
    checked = sorted_params(operation.checked(params))
    return Incision(site, draw(selections()), operation.key, checked, receiver=receiver)


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
