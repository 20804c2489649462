"""The panels of the Inventory page."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import streamlit as st

from dashboard import components, markup
from dashboard.charts import grids
from dashboard.downloads import address
from dashboard.formats import MINUS, change_of, count
from dashboard.panels import Figure, Head, figure, panel, strip
from dashboard.shaping import stock as shape
from dashboard.shaping.sales import whole
from dashboard.store import Reading
from dashboard.viewer import Viewer

TABLE_HEIGHT = 396
ROW_HEIGHT = 34
COVER_AXIS_HOURS = 72


def warehouse_names(viewer: Viewer) -> dict[str, str]:
    """Return the warehouses' names by code."""
    rows = viewer.read("warehouses").value or []
    return {
        row["warehouse_id"]: viewer.locale.name(row["name_en"], row["name_zh"], row["warehouse_id"]) for row in rows
    }


@dataclass(frozen=True)
class Choice:
    """What one viewer asked for: one state or none, one warehouse or all."""

    viewer: Viewer
    state: str | None
    warehouse: str

    @property
    def filter(self) -> str | None:
        """Return the warehouse to ask for; none for all of them."""
        return None if self.warehouse == "all" else self.warehouse

    @cached_property
    def revision(self) -> str:
        """Return what resets a chart when it changes."""
        return f"{self.state}-{self.warehouse}"

    def empty(self) -> tuple[str, str]:
        """Return the words for nothing to show: with a filter they name it."""
        t = self.viewer.locale.t
        chosen = []
        if self.state:
            chosen.append(t("filter", name=t("state"), value=t(f"k_{self.state}")))
        if self.filter:
            chosen.append(
                t("filter", name=t("warehouse"), value=warehouse_names(self.viewer).get(self.filter, self.filter))
            )
        if not chosen:
            return t("excempty_t"), t("excempty_b")
        return t("nomatch_t"), t("nomatch_b", filters=", ".join(chosen))


def counts_reading(choice: Choice) -> Reading:
    """Return the reading of how many SKU × warehouse are in each state."""
    if choice.filter is None:
        return choice.viewer.read("stock_counts")
    return choice.viewer.read("stock_counts_by_warehouse", warehouse=choice.filter)


def counts(reading: Reading) -> dict[str, Any] | None:
    """Return how many SKU × warehouse are in each state; none before the first answer."""
    row = (reading.value or [None])[0]
    # Without any stock nothing was counted, and a count of nothing is a dash.
    return row if row and row["stock_rows"] else None


def figures(choice: Choice) -> None:
    """Draw how many SKU × warehouse are in trouble, and what the stock is worth at cost."""
    viewer, reading = choice.viewer, counts_reading(choice)
    t, row = viewer.locale.t, counts(reading)
    with strip(viewer, [reading], 5, 150):
        for state in shape.STATES:
            draw_count(
                viewer, t(state), row and row[state], row and row[f"{state}_yesterday"], ("inventory_counts", state)
            )
        value = row and whole(row["stock_value_amount"])
        past = row and whole(row["stock_value_amount_yesterday"])
        text = None if value is None else viewer.locale.short(value)
        against = t("vs", what=t("yesterday"))
        meaning = ("inventory_counts", "stock_value_amount")
        figure(
            viewer, Figure(t("value"), text, change_of(value, past), good_up=None, definition=meaning, against=against)
        )


def draw_count(viewer: Viewer, label: str, value: int | None, past: int | None, definition: tuple[str, str]) -> None:
    """Draw one count and by how many it differs from the same time yesterday; more is worse."""
    options: dict[str, Any] = {"delta_arrow": "off", "help": viewer.definition(*definition)}
    if value is None:
        st.metric(label, None, **options)
        return
    against = viewer.locale.t("vs", what=viewer.locale.t("yesterday"))
    if past is None:
        st.metric(label, count(value), "–", delta_color="off", delta_description=against, **options)
        return
    more = value - past
    text = f"{'■' if not more else '▲' if more > 0 else '▼'} {count(more, signed=True)}"
    colour = "off" if not more else "orange" if more > 0 else "blue"
    st.metric(label, count(value), text, delta_color=colour, delta_description=against, **options)


def needs_action(choice: Choice) -> None:
    """Draw the table of what needs action; while a row is selected its numbers stand still and it says so."""
    viewer = choice.viewer
    t = viewer.locale.t
    reading = viewer.read("stock_exceptions", state=choice.state, warehouse=choice.filter)
    rows = reading.value or []
    frozen = frozen_table(choice)
    everywhere = (viewer.read("stock_counts").value or [None])[0]
    total = None if everywhere is None else sum(everywhere[state] for state in shape.STATES)
    note = markup.escape(t("frozen", t=frozen["at"])) if frozen else t("excnote", n=count(len(rows)), all=count(total))
    head = Head(
        "exceptions",
        t("exc"),
        TABLE_HEIGHT,
        note,
        ("stock_on_hand", "hours_of_cover"),
        address("stock_exceptions", state=choice.state, warehouse=choice.filter),
    )
    with panel(viewer, head, [reading], not rows and not frozen, choice.empty()) as draws:
        if not draws:
            return
        fresh = {"key": table_key(choice), "at": f"{viewer.now:%H:%M:%S}"}
        shown = frozen or {**fresh, "data": shape.action_table(rows, viewer.locale)}
        st.session_state["shown_table"] = shown
        st.dataframe(shown["data"], key=shown["key"], column_config=columns(viewer), **TABLE)
        if frozen:
            st.button(t("resume"), key="resume", type="tertiary", on_click=resume)


TABLE: dict[str, Any] = {
    "hide_index": True,
    "height": TABLE_HEIGHT,
    "row_height": ROW_HEIGHT,
    "selection_mode": "single-row",
    "on_select": "rerun",
    "placeholder": "–",
    "column_order": [
        "state",
        "product",
        "warehouse",
        "available",
        "cover",
        "eta",
        "reorder",
        "velocity",
        "on_hand",
        "history",
        "sku",
    ],
}


def table_key(choice: Choice) -> str:
    """Return the table's key: a new one forgets the selection."""
    return f"exceptions-{choice.revision}-{st.session_state.get('resumed', 0)}"


def frozen_table(choice: Choice) -> dict[str, Any] | None:
    """Return the table as it was shown when a row of it was selected, until none is; else none.

    The rows on the screen count, not those read since: the row that was clicked must stay under the pointer.
    """
    shown = st.session_state.get("shown_table")
    selection = st.session_state.get(table_key(choice), {}).get("selection", {})
    return shown if shown and shown["key"] == table_key(choice) and selection.get("rows") else None


def resume() -> None:
    """Forget the selection, so that the table moves again."""
    st.session_state["resumed"] = st.session_state.get("resumed", 0) + 1


def columns(viewer: Viewer) -> dict[str, Any]:
    """Return the table's columns in order of use."""
    t, config = viewer.locale.t, st.column_config
    eta = "M月D日 HH:mm" if viewer.locale.language == "zh" else "D MMM HH:mm"

    def meaning(column: str) -> str | None:
        return viewer.definition("stock_on_hand", column)

    return {
        # A read-only multiselect is the one kind of cell with colours of its own in both themes.
        "state": config.MultiselectColumn(
            t("state"), width=126, options=list(shape.STATES), color=["red", "red", "orange", "gray"],
            format_func=lambda state: f"{shape.MARKS[state]} {t('k_' + state)}",
        ),
        "product": config.TextColumn(t("product"), width=190),
        "warehouse": config.TextColumn(t("warehouse"), width=92),
        "available": config.NumberColumn(t("available"), width=82, format="localized", help=meaning("available")),
        "cover": config.ProgressColumn(
            t("hours"),
            min_value=0,
            max_value=COVER_AXIS_HOURS,
            format="%.1f h",
            width=150,
            help=meaning("hours_of_cover"),
        ),
        "eta": config.DatetimeColumn(t("eta"), format=eta, width=116, help=meaning("stock_out_at")),
        "reorder": config.NumberColumn(t("reorder"), width=86, format="localized", help=meaning("reorder_quantity")),
        "velocity": config.NumberColumn(t("vel"), width=72, format="%.1f", help=meaning("units_per_hour")),
        "on_hand": config.NumberColumn(t("onhand"), width=76, format="localized", help=meaning("on_hand")),
        "history": config.LineChartColumn(t("line24"), width=130),
        "sku": config.TextColumn(t("sku"), width=92),
    }  # fmt: skip


def hours_of_cover(choice: Choice) -> None:
    """Draw the median hours of cover by warehouse and category."""
    viewer = choice.viewer
    t = viewer.locale.t
    reading = viewer.read("cover_by_category", warehouse=choice.filter)
    rows = reading.value or []
    head = Head(
        "heat",
        t("heat"),
        grids.COVER_HEIGHT,
        t("darker"),
        ("stock_on_hand", "hours_of_cover"),
        address("cover_by_category", warehouse=choice.filter),
    )
    with panel(viewer, head, [reading], not rows, (t("nostock_t"), t("empty_b"))) as draws:
        if draws:
            grid = shape.cover_grid(rows, viewer.locale)
            components.chart(
                "heat", grids.cover_heat(viewer.locale, grid, choice.revision), grids.COVER_HEIGHT, t("heat")
            )


def ledger(choice: Choice) -> None:
    """Draw the day's stock account and whether it adds up row by row."""
    viewer = choice.viewer
    t = viewer.locale.t
    reading: Reading = viewer.read("stock_ledger_today", warehouse=choice.filter)
    proof = viewer.read("stock_ledger_check", warehouse=choice.filter)
    row, check = ((one.value or [None])[0] for one in (reading, proof))
    name = warehouse_names(viewer).get(choice.filter, choice.filter) if choice.filter else ""
    head = Head(
        "ledger",
        t("ledger"),
        230,
        f"{t('ledgernote_one', w=markup.escape(name))}" if name else t("ledgernote"),
        definition=("stock_ledger_today", "opening"),
        csv=address("stock_ledger_today", warehouse=choice.filter),
    )
    with panel(
        viewer, head, [reading, proof], not check or not check["compared_rows"], (t("nostock_t"), t("empty_b"))
    ) as draws:
        if draws:
            st.html(ledger_html(viewer, row, check))


def ledger_html(viewer: Viewer, row: dict[str, Any], check: dict[str, Any]) -> str:
    """Return the account and its proof: every row's movements must give what stock_on_hand says."""
    t = viewer.locale.t
    lines, total = shape.ledger(row)
    body = [[t(line.word), signed(line)] for line in lines]
    # Where shipments are recorded, what is sold but not shipped still lies there: the sum is then what is available.
    word = "available" if row["committed"] else "onhand"
    body.append([f"<b>{t(word)}</b>", f"<b>{count(total)}</b>"])
    good = not check["unequal_rows"]
    text = t("equal_stock", n=count(total)) if good else t("unequal_stock", n=count(check["unequal_rows"]))
    return markup.table([("", "l"), ("", "r")], body, "ts-plain ts-sum") + markup.proof(text, good)


def signed(line: shape.LedgerLine) -> str:
    """Return a line's units with the sign it enters the sum by."""
    if line.word == "opening":
        return count(line.units)
    return f"{MINUS if line.units < 0 else '+'} {abs(line.units):,}"
