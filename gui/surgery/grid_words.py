"""What the line under the grid says. Pure, without a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.interventions.plan import ParamValue
from gui.surgery.grid_geometry import Hit
from gui.surgery.grid_model import Cell, CellHeat, GridIncision, GridModel, beside, coverage, exact_at, incisions_at
from gui.surgery.grid_points import refusal_at
from gui.surgery.incision_words import operation_label, operation_words, site_words
from gui.widgets.anatomy_words import Anatomy, head_of
from gui.widgets.token_words import positions_words

if TYPE_CHECKING:
    from core.anatomy.roles import HeadNumber
    from core.models.info import ModelInfo
    from core.sites.site import Site
    from core.text.tokens import Tokens

GUESS = "Right-click a head, or press the Menu key on it, to guess what it does."
HINT = "Drag paints many cells. A row's label takes a whole layer, a column's that head in every layer."
PICK = "Click the query, key or value of a head in a later layer, or the logits. Esc leaves."
Effects = Mapping[tuple["Site", tuple[int, ...]], str]


@dataclass
class GridScene:
    """All that the grid was told.

    Attributes
    ----------
    sender : Site or None
        Whose change is to be carried to one receiver: the next click picks it.
    swept : mapping of Site to CellHeat
        What a sweep found at the chosen tokens.
    anatomy : Anatomy or None
        What is known of the heads, where they were measured.
    """

    info: ModelInfo | None = None
    model: GridModel | None = None
    incisions: tuple[GridIncision, ...] = ()
    tokens: Tokens | None = None
    chosen: tuple[int, ...] = ()
    operation: str = "silence"
    params: tuple[tuple[str, ParamValue], ...] = ()
    effects: Effects = field(default_factory=dict)
    sender: Site | None = None
    swept: Mapping[Site, CellHeat] = field(default_factory=dict)
    anatomy: Anatomy | None = None

    def head(self, cell: Cell | None) -> HeadNumber | None:
        """Return which head a cell is, of a model whose heads were measured."""
        model = self.model
        if model is None or cell is None or self.anatomy is None:
            return None
        return head_of(model.site(cell), model.n_heads, model.head_columns)

    def anatomy_words(self, cell: Cell) -> str:
        """Return what is known or guessed of a head, as far as it is to be told."""
        head = self.head(cell)
        return "" if self.anatomy is None or head is None else self.anatomy.words(head)

    def refusal(self, site: Site) -> str | None:
        """Return why a click at a site can do nothing at the moment, or None if it can."""
        return refusal_at(site, self.operation, self.sender, self.info)


@dataclass(frozen=True)
class Reading:
    """What the lines under the grid say: title, the site's name in the notation, two lines, and what a click does."""

    title: str
    code: str
    line: str
    more: str
    click: str = ""


def reading(scene: GridScene, hit: Hit) -> Reading:
    """Return what there is to say of a place of the grid."""
    if scene.model is None:
        return Reading("", "", "", "")
    if hit.cell is not None:
        return cell_reading(scene, hit.cell)
    if scene.sender is not None:
        return Reading(f"Where to carry {scene.sender}", "", PICK, "")
    cells = hit.cells(scene.model)
    return label_reading(scene, hit, cells) if cells else _overview(scene)


def label_reading(scene: GridScene, hit: Hit, cells: tuple[Cell, ...]) -> Reading:
    """Return what there is to say of a row's or a column's label."""
    assert scene.model is not None
    site = scene.model.site(cells[0])
    if hit.row is not None:
        layer = scene.model.is_layer(hit.row)
        part = "heads" if site.hook_point == "z" else f"heads' {site.point.label}"
        title = f"Layer {hit.row - 1}" if layer else site_words(site)
        what = f"all {len(cells)} {part}" if layer else "it"
    else:
        label = scene.model.column_label(hit.column or 0)
        part = f"{site.point.label.capitalize()} {label}" if label.isdigit() else label
        title, what = f"{part} of every layer", f"all {len(cells)}"
    refused = scene.refusal(site)
    click = f"Click: {operation_words(scene.operation, scene.params, scene.tokens)} for {what} {at_words(scene)}"
    return Reading(title, "", refused or click, "" if refused else "A second click takes them off again.")


def cell_reading(scene: GridScene, cell: Cell) -> Reading:
    """Return what there is to say of a cell: its incisions, else what a click would do, and what it is."""
    assert scene.model is not None
    site = scene.model.site(cell)
    there, others = incisions_at(scene.incisions, site), beside(scene.model, scene.incisions, cell)
    told = [incision_words(scene, incision) for incision in there]
    told += [f"{incision.site}: {incision_words(scene, incision)}" for incision in others]
    refused, help_ = scene.refusal(site), site.point.help
    click = refused or click_words(scene, site)
    swept, known = scene.swept.get(site), scene.anatomy_words(cell)
    found = [*([known] if known else []), *([swept.words] if swept else [])]
    if not told:
        return Reading(site_words(site), str(site), click, "  ".join(found) or help_)
    keys = [(each.site, each.positions) for each in (*there, *others)]
    effects = [scene.effects[key] for key in dict.fromkeys(keys) if key in scene.effects]
    problems = [incision.problem for incision in (*there, *others) if incision.problem]
    more = "  ".join([*problems, *effects, *found]) or help_
    return Reading(site_words(site), str(site), "; ".join(told), more, click)


def click_words(scene: GridScene, site: Site) -> str:
    """Return what a click on a site does: it picks, takes off, puts in place of, or adds."""
    if scene.sender is not None:
        return f"Click: carry {scene.sender} to {site} alone"
    there = exact_at(incisions_at(scene.incisions, site), scene.chosen)
    if there is None:
        return f"Click: {operation_words(scene.operation, scene.params, scene.tokens)} {at_words(scene)}"
    if there.operation == scene.operation:
        return "Click: takes it off"
    return f"Click: puts {operation_label(scene.operation)} in place of {operation_label(there.operation)}"


def incision_words(scene: GridScene, incision: GridIncision) -> str:
    """Return an incision without its site: ``noise σ=2 seed=0 at 4 ·pine (off)``."""
    where = f" at {positions_words(scene.tokens, incision.positions)}" if incision.positions else ""
    state = "" if incision.enabled else " (off)"
    state = " (not applied)" if incision.problem else state
    carried = f" to {incision.receiver} alone" if incision.receiver else ""
    return operation_words(incision.operation, incision.params, scene.tokens) + where + carried + state


def cell_name(scene: GridScene, cell: Cell) -> str:
    """Return a cell for a screen reader: ``layer 0 head 0, silence at tokens 4``."""
    assert scene.model is not None
    site = scene.model.site(cell)
    name = site_words(site).replace(",", "")
    words = [name[:1].lower() + name[1:]]
    for incision in (*incisions_at(scene.incisions, site), *beside(scene.model, scene.incisions, cell)):
        at = "" if incision.site == site else f"{incision.site} "
        where = ", ".join(str(position) for position in incision.positions)
        state = " not applied" if incision.problem else "" if incision.enabled else " off"
        doing = operation_words(incision.operation, incision.params, scene.tokens)
        words.append(f"{at}{doing}{state} at tokens {where or 'unknown'}")
    if (swept := scene.swept.get(site)) is not None:
        words.append(swept.words)
    if known := scene.anatomy_words(cell):
        words.append(known)
    refused = scene.refusal(site)
    return ", ".join([*words, "cannot be chosen"] if refused else words)


def at_words(scene: GridScene) -> str:
    """Return where a click would cut: ``at 4 ·pine``."""
    return f"at {positions_words(scene.tokens, scene.chosen)}" if scene.chosen else "(choose tokens first)"


def _hint(model: GridModel) -> str:
    """Return what is to be known of the grid as it is."""
    count = model.head_columns
    if count == model.n_heads:
        return HINT
    return f"There are {count} key-value heads in a layer, each for {model.group} query heads."


def _overview(scene: GridScene) -> Reading:
    assert scene.model is not None
    verb = operation_words(scene.operation, scene.params, scene.tokens)
    hint = _hint(scene.model) if scene.anatomy is None or scene.anatomy.shown else GUESS
    invitation = f"Click a cell: {verb} {at_words(scene)}"
    count = len(scene.incisions)
    if not count:
        return Reading("No incisions: the model is whole", "", invitation, hint)
    off = sum(not incision.enabled for incision in scene.incisions)
    here = sum(coverage(incision.positions, scene.chosen) == "exact" for incision in scene.incisions)
    title = f"{count} incision" + ("s" if count > 1 else "") + (f", {off} off" if off else "")
    elsewhere = f"{here} at the chosen tokens, {count - here} at others (marked in a corner)" if count > here else hint
    return Reading(title, "", invitation, elsewhere)
