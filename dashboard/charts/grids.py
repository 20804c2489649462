"""Charts made of cells: the tile map of regions and the hours of cover."""

import math

from dashboard.charts.template import Figure, layout
from dashboard.formats import percent, ratio
from dashboard.locales import Locale
from dashboard.regions import TILES, Tile
from dashboard.shaping.stock import CoverGrid

TILES_HEIGHT = 344
COVER_HEIGHT = 236
ROWS = COLUMNS = 8
STEPS = 5
COVER_LIMITS = (12, 24, 48, 72)
CATEGORIES_IN_ONE_ROW = 9
PHONE_ROW = 26


def region_tiles(
    locale: Locale, amounts: dict[str, int], total: int, revision: str, size: int = 11, big: bool = False
) -> Figure:
    """Return one equal tile per region: no boundaries, nothing to fetch, small regions stay readable.

    `amounts` maps a tile's code to minor units; a tile without sales shows a dash. `big` drops shares and the corner.
    """
    top = max([1, *amounts.values()])
    cells = [[None] * COLUMNS for _ in range(ROWS)]
    hover = [[""] * COLUMNS for _ in range(ROWS)]
    notes = []
    for tile in TILES.values():
        amount = amounts.get(tile.code)
        share = percent(ratio(amount, total)) if amount else ""
        step = tile_step(amount or 0, top)
        cells[tile.row][tile.column] = step
        hover[tile.row][tile.column] = f"<b>{tile.name(locale.language)}</b> {locale.short(amount or 0)} {share}"
        notes.append(tile_text(tile, locale, share.rstrip("%") or "–", step, size, big))
    if not big:
        notes.append(corner(locale, amounts, size))
    hidden = {"visible": False, "fixedrange": True}
    hover_text = {"customdata": hover, "hovertemplate": "%{customdata}<extra></extra>"}
    return {
        "data": [{"z": cells, "xgap": 3, "ygap": 3, **hover_text, **steps_of("seq", STEPS)}],
        "layout": layout(
            revision,
            size,
            hovermode="closest",
            dragmode=False,
            annotations=notes,
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
            xaxis=hidden,
            yaxis={**hidden, "autorange": "reversed", "automargin": False},
        ),
    }


def steps_of(token: str, last: int) -> Figure:
    """Return a heatmap whose cells are whole steps from 0 to `last`, each with its own colour."""
    colours = [[step / last, f"${token}-{step}"] for step in range(last + 1)]
    return {"type": "heatmap", "zmin": 0, "zmax": last, "colorscale": colours, "showscale": False, "hoverongaps": False}


def tile_step(amount: int, top: int) -> int:
    """Return one of six fixed steps, each with a text colour of its own, by the root of the share of the largest."""
    return min(STEPS, math.isqrt(36 * max(amount, 0) // top))


def tile_text(tile: Tile, locale: Locale, share: str, step: int, size: int, big: bool) -> Figure:
    """Return a tile's short name and, on the page, its share below."""
    name = f"<b>{tile.short(locale.language)}</b>"
    font = {"size": size, "color": f"$seq-text-{step}"}
    return {
        "x": tile.column,
        "y": tile.row,
        "text": name if big else f"{name}<br>{share}",
        "showarrow": False,
        "font": font,
    }


def corner(locale: Locale, amounts: dict[str, int], size: int) -> Figure:
    """Return the three largest in words, for the free corner of the map."""
    best = sorted(((v, c) for c, v in amounts.items() if v), reverse=True)[:3]
    text = " · ".join(f"<b>{TILES[code].short(locale.language)}</b> {locale.short(value, 1)}" for value, code in best)
    font = {"size": size + 1, "color": "$ink-2"}
    return {"x": -0.5, "y": 0, "xanchor": "left", "showarrow": False, "align": "left", "font": font, "text": text}


def cover_heat(locale: Locale, grid: CoverGrid, revision: str) -> Figure:
    """Return median hours of cover: few hours is the fault, so few hours is the strong colour.

    On a phone many categories stand below each other, with the warehouses side by side.
    """
    layout_of = heat_layout(revision, grid.categories, grid.warehouses, grid.hours)
    if len(grid.categories) <= CATEGORIES_IN_ONE_ROW:
        upright = {"tickangle": -90}
        narrow = {"margin": {**layout_of["margin"], "b": 84}, "xaxis": {**layout_of["xaxis"], **upright}}
    else:
        turned = [list(column) for column in zip(*grid.hours, strict=True)]
        narrow = heat_layout(revision, grid.warehouses, grid.categories, turned)
        narrow["xaxis"]["tickangle"] = -90
        narrow["margin"]["b"] = 84
        narrow |= {"data": [heat(grid.warehouses, grid.categories, turned)]}
        narrow["height"] = PHONE_ROW * len(grid.categories) + 84
    return {"data": [heat(grid.categories, grid.warehouses, grid.hours)], "narrow": narrow, "layout": layout_of}


def heat(columns: list[str], rows: list[str], hours: list[list[float | None]]) -> Figure:
    """Return the coloured cells."""
    hover = {
        "customdata": [[hours_text(value) for value in row] for row in hours],
        "hovertemplate": "%{y}, %{x}: <b>%{customdata} h</b><extra></extra>",
    }
    cells = [[cover_step(value) for value in row] for row in hours]
    return {"x": columns, "y": rows, "z": cells, "xgap": 2, "ygap": 2, **hover, **steps_of("warn", 4)}


def heat_layout(revision: str, columns: list[str], rows: list[str], hours: list[list[float | None]]) -> Figure:
    """Return axes of names and one number per cell."""
    notes = [cell_text(c, r, hours[j][i]) for j, r in enumerate(rows) for i, c in enumerate(columns)]
    crowded = len(columns) > CATEGORIES_IN_ONE_ROW
    bare = {"showgrid": False, "showline": False, "ticks": "", "fixedrange": True, "type": "category"}
    side = {**bare, "autorange": "reversed", "tickfont": {"color": "$ink-2", "size": 12}, "ticksuffix": "  "}
    return layout(
        revision, hovermode="closest", dragmode=False, annotations=notes, yaxis=side,
        margin={"l": 4, "r": 0, "t": 0, "b": 44 if crowded else 28},
        xaxis={**bare, "tickangle": 0, **(staggered(columns) if crowded else {})},
    )  # fmt: skip


def staggered(categories: list[str]) -> Figure:
    """Return ticks whose names stand in two rows in turn, since many names do not fit beside each other."""
    return {"tickvals": categories, "ticktext": [f"<br>{name}" if i % 2 else name for i, name in enumerate(categories)]}


def cover_step(hours: float | None) -> int | None:
    """Return 4 for less than 12 h down to 0 for 72 h and more; none where nothing sells."""
    return None if hours is None else 4 - sum(hours >= limit for limit in COVER_LIMITS)


def hours_text(hours: float | None) -> str:
    """Return whole hours; a dash where nothing sells, since cover is then undefined and not 0."""
    return "–" if hours is None else f"{hours:,.0f}"


def cell_text(column: str, row: str, hours: float | None) -> Figure:
    """Return a cell's number, bold where it is urgent."""
    text, step = hours_text(hours), cover_step(hours)
    urgent = step is not None and step > 2
    font = {"size": 12, "color": "$ink-3" if step is None else f"$warn-text-{step}"}
    return {"x": column, "y": row, "text": f"<b>{text}</b>" if urgent else text, "showarrow": False, "font": font}
