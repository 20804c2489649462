"""Stock rows → the table of what needs action, the grid of cover, and the day's ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.locales import Locale

Rows = Sequence[Mapping[str, Any]]

STATES = ("oversold", "out_of_stock", "cover_below_lead", "below_safety")
MARKS = dict(zip(STATES, "◆●▲▽", strict=True))


@dataclass(frozen=True)
class CoverGrid:
    """Median hours of cover, one row per warehouse and one column per category; none where nothing sells."""

    warehouses: list[str]
    categories: list[str]
    hours: list[list[float | None]]


def cover_grid(rows: Rows, locale: Locale) -> CoverGrid:
    """Return the grid. rows: warehouse_id, name_en, name_zh, category, median_hours_of_cover."""
    warehouses = {row["warehouse_id"]: locale.name(row["name_en"], row["name_zh"], row["warehouse_id"]) for row in rows}
    categories = sorted({row["category"] for row in rows})
    cells = {(row["warehouse_id"], row["category"]): row["median_hours_of_cover"] for row in rows}
    hours = [[None if cells.get((w, c)) is None else float(cells[w, c]) for c in categories] for w in warehouses]
    return CoverGrid(distinct(warehouses), [locale.category(c) for c in categories], hours)


def distinct(names: Mapping[str, str]) -> list[str]:
    """Return names by code, with the code added where two share a name: the chart's axis would merge them."""
    taken = list(names.values())
    return [name if taken.count(name) == 1 else f"{name} {code}" for code, name in names.items()]


@dataclass(frozen=True)
class LedgerLine:
    """One line of the day's stock account, in units."""

    word: str
    units: int


def ledger(row: Mapping[str, Any]) -> tuple[list[LedgerLine], int]:
    """Return the lines from opening to sold, signed, and their sum, which must be what is on hand.

    row: opening, restocked, refunded, adjusted, sold (all positive but adjusted).
    """
    lines = [LedgerLine(word, int(row[word])) for word in ("opening", "restocked", "refunded", "adjusted")]
    lines.append(LedgerLine("sold", -int(row["sold"])))
    return lines, sum(line.units for line in lines)


def action_table(rows: Rows, locale: Locale) -> list[dict[str, Any]]:
    """Return the table's rows in the viewer's language; cover at zero velocity is empty, not 0."""
    return [
        {
            "state": [row["state"]],
            "product": locale.name(row["name_en"], row["name_zh"], row["sku"]),
            "warehouse": locale.name(row["warehouse_name_en"], row["warehouse_name_zh"], row["warehouse_id"]),
            "available": int(row["available"]),
            "cover": None if row["hours_of_cover"] is None else round(float(row["hours_of_cover"]), 1),
            "eta": row["stock_out_at"] and locale.local(row["stock_out_at"]).replace(tzinfo=None),
            "reorder": None if row["reorder_quantity"] is None else int(row["reorder_quantity"]),
            "velocity": None if row["units_per_hour"] is None else round(float(row["units_per_hour"]), 1),
            "on_hand": int(row["on_hand"]),
            "history": [int(units) for units in row["history"] or []],
            "sku": row["sku"],
        }
        for row in rows
    ]
