"""How the result of a check is told."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tally.audit_report import describe_values
from tally.check import TableCheck

KINDS = ("missing", "extra", "wrong", "undecided")
MODE = "a second run of the same SQL, bounded at one cut of the log, in streaming execution"


def print_check(console: Console, tables: list[TableCheck]) -> bool:
    """Print the table of tables, some rows that differ, and the verdict; return whether all rows are equal."""
    table = Table("table", "rows")
    for kind in KINDS:
        table.add_column(kind)
    for column in table.columns[1:]:
        column.justify = "right"
    for one in tables:
        table.add_row(one.table, f"{one.compared:,}", *(f"{getattr(one, kind):,}" for kind in KINDS))
    console.print(table)
    for one in tables:
        for difference in one.sample:
            console.print(escape(describe_values(one.table, difference)), soft_wrap=True)
    differing = sum(one.differing for one in tables)
    console.print(verdict(tables), style="red" if differing else "green", soft_wrap=True)
    return not differing


def verdict(tables: list[TableCheck]) -> str:
    """Say in a sentence what came out."""
    compared = sum(one.compared for one in tables)
    differing = {one.table: one.differing for one in tables if one.differing}
    undecided = sum(one.undecided for one in tables)
    if not differing and not undecided:
        return f"every row is equal: {compared:,} rows of {len(tables)} tables against {MODE}"
    if not differing:
        return (
            f"every row that has to be is equal: {compared:,} rows of {len(tables)} tables against {MODE}; "
            f"{undecided:,} differ by which copy of an event counted: copies lie in several partitions (let every "
            "producer key records by event_id, with one partitioner) or beyond the dedup horizon"
        )
    told = ", ".join(f"{rows:,} of {table}" for table, rows in differing.items())
    return (
        f"rows differ from {MODE}; found {told}; `tally audit` names the records behind them, `tally rebuild` makes "
        "every result again"
    )
