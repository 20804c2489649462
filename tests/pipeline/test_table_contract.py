"""The job's two contracts: event fields ↔ source, sinks ↔ Postgres tables."""

import re
from pathlib import Path

import msgspec
import pytest

from pipeline import usual_form
from pipeline.contract import ParsedEvent
from pipeline.statements import SQL_DIR

DOCS = Path(__file__).parents[2] / "docs"
POSTGRES_TYPES = {
    "TIMESTAMP(3)": "timestamp with time zone",
    "STRING": "text",
    "DATE": "date",
    "BIGINT": "bigint",
    "INT": "integer",
}
SINKS = sorted(path.stem for path in (SQL_DIR / "sinks").glob("*.sql"))


def documented_fields() -> list[str]:
    rows = re.findall(r"^\| (`[a-z_`, ]+`|currency) ", (DOCS / "event-contract.md").read_text("utf-8"), re.MULTILINE)
    return [name for row in rows for name in re.findall(r"[a-z_]+", row)]


def declared(sink: str) -> tuple[dict[str, str], list[str]]:
    """Return a sink's columns with the types that Postgres has for them, and its key."""
    text = (SQL_DIR / "sinks" / f"{sink}.sql").read_text("utf-8")
    columns = re.findall(r"^    `?([a-z_]+)`? ([A-Z]+(?:\(3\))?),$", text, re.MULTILINE)
    key = re.search(r"PRIMARY KEY \(([^)]*)\) NOT ENFORCED", text)[1]
    return {name: POSTGRES_TYPES[kind] for name, kind in columns}, re.findall("[a-z_]+", key)


def test_the_quick_way_knows_the_documented_fields_and_no_others():
    known = {field.name for field in msgspec.structs.fields(usual_form._Refund)} | {"event_type"}
    assert known == set(documented_fields())


def test_the_strict_rules_ask_for_the_documented_fields_in_their_order():
    asked = []

    class Watched(dict):
        def get(self, name, default=None):
            if name not in asked:
                asked.append(name)
            return super().get(name, default)

    refund = {"event_id": "e", "event_type": "refund", "event_time": 1763835839000, "sku": "s", "warehouse_id": "w"}
    refund |= {"quantity": 1, "currency": "CNY", "order_id": "o", "line_no": 1, "channel": "c", "region": "r"}
    refund |= {"unit_amount": 1}
    from pipeline import event_rules

    event_rules.checked_fields(Watched(refund), 1763835840000, "CNY")
    assert asked == documented_fields()


def test_the_source_has_a_column_for_each_parsed_field():
    source = (SQL_DIR / "sources" / "sales_events.sql").read_text("utf-8")
    columns = re.findall(r"^    ([a-z_]+) AS \$\{parsed\}\.([a-z_]+),$", source, re.MULTILINE)
    assert all(name == field for name, field in columns)
    assert {field for _, field in columns} == set(ParsedEvent._fields)


def test_every_insert_fills_a_sink_of_its_name():
    assert [path.stem for path in sorted((SQL_DIR / "inserts").glob("*.sql"))] == SINKS
    for path in (SQL_DIR / "inserts").glob("*.sql"):
        assert re.search(rf"^INSERT INTO {path.stem}$", path.read_text("utf-8"), re.MULTILINE), path


@pytest.mark.parametrize("path", sorted(SQL_DIR.rglob("*.sql")), ids=lambda path: path.stem)
def test_every_statement_says_its_grain_and_makes_the_object_of_its_name(path):
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith("-- One ") and lines[1].startswith("-- grain: ")
    statement = "\n".join(line for line in lines if not line.startswith("--"))
    is_access = path.parent.name == "access"
    begins = "ALTER TABLE sales_events SET" if is_access else rf"(?:CREATE|INSERT) [A-Z ]*\b{path.stem}\b"
    assert re.search(f"^{begins}", statement), path


@pytest.mark.parametrize("sink", SINKS)
def test_a_sink_has_the_columns_and_the_key_of_its_table(tables, sink):
    tables.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'tally' AND table_name = %s",
        (sink,),
    )
    stored = dict(tables.fetchall())
    tables.execute(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) "
        "WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)",
        (f"tally.{sink}",),
    )
    columns, key = declared(sink)
    assert (columns, key) == (stored, [name for (name,) in tables.fetchall()])
