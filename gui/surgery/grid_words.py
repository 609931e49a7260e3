"""What the line under the grid says. Pure, without a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.interventions.plan import ParamValue
from gui.surgery.grid_geometry import Hit
from gui.surgery.grid_model import GridIncision, GridModel, coverage, exact_at, incisions_at
from gui.surgery.incision_words import operation_label, operation_words, positions_words, site_words

if TYPE_CHECKING:
    from core.sites.site import Site
    from core.text.tokens import Tokens

HINT = "Drag paints many cells. A row's label takes a whole layer, a column's that head in every layer."
Effects = Mapping[tuple["Site", tuple[int, ...]], str]


@dataclass
class GridScene:
    """All that the grid was told."""

    model: GridModel | None = None
    incisions: tuple[GridIncision, ...] = ()
    tokens: Tokens | None = None
    chosen: tuple[int, ...] = ()
    operation: str = "silence"
    params: tuple[tuple[str, ParamValue], ...] = ()
    effects: Effects = field(default_factory=dict)


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
    cells = hit.cells(scene.model)
    if hit.cell is not None:
        return site_reading(scene, scene.model.site(hit.cell))
    if not cells:
        return _overview(scene)
    verb = operation_words(scene.operation, scene.params)
    if hit.row is not None:
        title, what = (f"Layer {hit.row - 1}", f"all {len(cells)} heads") if hit.row else ("Embedding", "it")
    else:
        label = scene.model.column_label(hit.column or 0)
        part = f"Head {label}" if label.isdigit() else label
        title, what = f"{part} of every layer", f"all {len(cells)}"
    return Reading(title, "", f"Click: {verb} for {what} {at_words(scene)}", "A second click takes them off again.")


def site_reading(scene: GridScene, site: Site) -> Reading:
    """Return what there is to say of a site: its incisions, else what a click would do, and what it is."""
    there = incisions_at(scene.incisions, site)
    help_ = site.point.help
    if not there:
        verb = operation_words(scene.operation, scene.params)
        return Reading(site_words(site), str(site), f"Click: {verb} {at_words(scene)}", help_)
    told = [incision_words(scene, incision) for incision in there]
    effects = [scene.effects[key] for incision in there if (key := (site, incision.positions)) in scene.effects]
    problems = [incision.problem for incision in there if incision.problem]
    more = "  ".join([*problems, *effects]) or help_
    return Reading(site_words(site), str(site), "; ".join(told), more, click_words(scene, site))


def click_words(scene: GridScene, site: Site) -> str:
    """Return what a click on a cut site does: it takes off, puts in place of, or adds."""
    there = exact_at(incisions_at(scene.incisions, site), scene.chosen)
    if there is None:
        return f"Click: {operation_words(scene.operation, scene.params)} {at_words(scene)}"
    if there.operation == scene.operation:
        return f"Click: takes {operation_label(there.operation)} off"
    return f"Click: puts {operation_label(scene.operation)} in place of {operation_label(there.operation)}"


def incision_words(scene: GridScene, incision: GridIncision) -> str:
    """Return an incision without its site: ``noise σ=2 seed=0 at 4 ·pine (off)``."""
    where = f" at {positions_words(scene.tokens, incision.positions)}" if incision.positions else ""
    state = "" if incision.enabled else " (off)"
    state = " (not applied)" if incision.problem else state
    return operation_words(incision.operation, incision.params) + where + state


def cell_name(scene: GridScene, site: Site) -> str:
    """Return a cell for a screen reader: ``layer 0 head 0, silence at tokens 4``."""
    if site.layer is None:
        name = "embedding"
    else:
        name = f"layer {site.layer} {site.point.label}" + ("" if site.head is None else f" {site.head}")
    words = [name]
    for incision in incisions_at(scene.incisions, site):
        where = ", ".join(str(position) for position in incision.positions)
        state = " not applied" if incision.problem else "" if incision.enabled else " off"
        words.append(f"{operation_words(incision.operation, incision.params)}{state} at tokens {where or 'unknown'}")
    return ", ".join(words)


def at_words(scene: GridScene) -> str:
    """Return where a click would cut: ``at 4 ·pine``."""
    return f"at {positions_words(scene.tokens, scene.chosen)}" if scene.chosen else "(choose tokens first)"


def _overview(scene: GridScene) -> Reading:
    verb = operation_words(scene.operation, scene.params)
    invitation = f"Click a cell: {verb} {at_words(scene)}"
    count = len(scene.incisions)
    if not count:
        return Reading("No incisions: the model is whole", "", invitation, HINT)
    off = sum(not incision.enabled for incision in scene.incisions)
    here = sum(coverage(incision.positions, scene.chosen) == "exact" for incision in scene.incisions)
    title = f"{count} incision" + ("s" if count > 1 else "") + (f", {off} off" if off else "")
    elsewhere = f"{here} at the chosen tokens, {count - here} at others (marked in a corner)" if count > here else HINT
    return Reading(title, "", invitation, elsewhere)
