"""Which copies count, and what is called undecided: on records with append times of any age, without a broker."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tally.archive_buffer import to_batch
from tally.audit_compare import Comparison, Settled
from tally.audit_contract import Contract
from tally.audit_verdicts import judge, write_verdicts
from tests.audit.scenario import SOLD_MS, event, line

HOUR = 3_600_000
APPENDED = 1_750_000_000_000
CONTRACT = Contract("CNY", bytes(32))


def sale(event_id, quantity=1, order_id="o1", **more):
    fields = line(order_id, 1, 100, **{"channel": "app", "region": "Beijing", **more})
    return event(event_id, "sale", 0, "A", "W1", quantity, **fields)


@pytest.fixture
def loaded(tmp_path):
    """Return a function that makes a Comparison of records (partition, append ms, value, headers) by offset."""
    opened = []

    def load(records, dedup_ms=72 * HOUR, shipments=False):
        tables = []
        for partition in sorted({partition for partition, *_ in records}):
            own = [(ms, value, *headers) for at, ms, value, *headers in records if at == partition]
            times, values, *headers = zip(*own, strict=True)
            empty = [None] * len(own)
            batch = to_batch("t", partition, range(len(own)), times, empty, values, *(headers or [empty]))
            tables.append(judge(batch, CONTRACT))
        comparison = Comparison(tmp_path, shipments=shipments, dedup_ms=dedup_ms, most_shown=10)
        comparison.folder = tmp_path
        opened.append(comparison)
        comparison.schemas = comparison.types(write_verdicts(tmp_path / "none.parquet", ()))
        comparison.load_log([write_verdicts(tmp_path / "verdicts.parquet", tables)])
        quarters = comparison.quarter_hours()
        days = [0] * len(quarters)
        comparison.load_store_days(
            pa.table({"quarter_hour": pa.array(quarters, pa.int64()), "store_day": pa.array(days, pa.date32())})
        )
        comparison.settle(Settled(2**62, {0: 2**62, 1: 2**62}))
        return comparison

    yield load
    for comparison in opened:
        comparison.close()


def compare(comparison, table, found_rows):
    """Compare found rows, each (key, measures), with the log."""
    schema = comparison.schemas[table]
    columns = [[row[half] for row in found_rows] for half in (0, 1)]
    arrays = [pa.array(column, schema.field(name).type) for column, name in zip(columns, schema.names, strict=True)]
    path = comparison.folder / f"found-{table}.parquet"
    pq.write_table(pa.table(arrays, schema=schema), path)
    return comparison.compare_table(table, path)


def rows_of(comparison, table):
    """Return the rows as they have to be, to be changed by a test."""
    comparison.run(f"expected_{table}")
    table = comparison.connection.table(f"expected_{table}").to_arrow_table()
    return [(row["key"], row["measures"]) for row in table.to_pylist()]


def counts(comparison):
    totals = comparison.totals()
    return totals.counted, totals.duplicates


def test_a_repeat_is_a_duplicate_and_the_first_by_offset_counts(loaded):
    comparison = loaded([(0, APPENDED, sale("e", 2)), (0, APPENDED - 500, sale("e", 3)), (0, APPENDED + 1, sale("x"))])
    assert counts(comparison) == (2, 1)
    ((_, measures),) = rows_of(comparison, "sales_10s")
    assert measures["units"] == 3 and measures["gross_amount"] == 300


def test_between_partitions_the_first_appended_counts(loaded):
    comparison = loaded([(0, APPENDED + 10, sale("e", 2)), (1, APPENDED, sale("e", 5))])
    assert counts(comparison) == (1, 1)
    assert rows_of(comparison, "sales_10s")[0][1]["units"] == 5


def test_a_rejected_line_does_not_use_up_its_id(loaded):
    comparison = loaded([(0, APPENDED, sale("e", 0)), (0, APPENDED, sale("e", 2)), (0, APPENDED, sale("e", -1))])
    totals = comparison.totals()
    assert (totals.records, totals.counted, totals.duplicates, totals.rejected) == (3, 1, 0, 2)


@pytest.mark.parametrize(
    ("hours", "counted"),
    [
        ([0, 71.9], 1),
        ([0, 72], 2),
        # the repeat at 71 h does not prolong the memory, the one that counts at 72 h begins it anew
        ([0, 71, 72], 2),
        ([0, 72, 143], 2),
        ([0, 72, 144], 3),
    ],
)
def test_an_id_is_remembered_for_the_dedup_horizon_from_the_copy_that_counted(loaded, hours, counted):
    comparison = loaded([(0, APPENDED + int(at * HOUR), sale("e")) for at in hours])
    assert counts(comparison) == (counted, len(hours) - counted)


def test_a_repeat_beyond_the_horizon_is_listed_and_what_it_touches_is_undecided(loaded):
    comparison = loaded([(0, APPENDED, sale("e")), (0, APPENDED + 100 * HOUR, sale("e")), (0, APPENDED, sale("x"))])
    rows = rows_of(comparison, "orders_1s")
    assert sorted(measures["orders"] for _, measures in rows) == [1, 2]
    assert compare(comparison, "orders_1s", rows).undecided == 0
    # a job that was rebuilt meanwhile counts the repeat as a duplicate
    fewer = compare(comparison, "orders_1s", [row for row in rows if row[1]["orders"] == 2])
    assert (fewer.undecided, fewer.missing) == (1, 0)
    assert [(one.event_id, one.why) for one in comparison.unsure_ids()] == [("e", "repeated beyond the dedup horizon")]


def test_without_dedup_every_copy_counts(loaded):
    comparison = loaded([(0, APPENDED, sale("e", 2)), (0, APPENDED, sale("e", 2))], dedup_ms=None)
    assert counts(comparison) == (2, 0)
    assert rows_of(comparison, "sales_10s")[0][1]["units"] == 4


def test_equal_copies_in_two_partitions_leave_only_the_hourly_counts_undecided(loaded):
    comparison = loaded([(0, APPENDED, sale("e")), (1, APPENDED, sale("e"))])
    rows = rows_of(comparison, "sales_10s")
    wrong = [(key, {**measures, "gross_amount": 1}) for key, measures in rows]
    assert compare(comparison, "sales_10s", wrong).wrong == 1
    by_partition = {key["log_partition"]: (key, measures) for key, measures in rows_of(comparison, "event_counts_1h")}
    other_way = [
        (key, {**measures, "counted": 1 - measures["counted"], "event_count": 3 - measures["event_count"]})
        for key, measures in by_partition.values()
    ]
    assert compare(comparison, "event_counts_1h", other_way).undecided == 2


def test_copies_that_differ_only_in_what_a_table_does_not_hold_decide_it(loaded):
    comparison = loaded([(0, APPENDED, sale("e")), (0, APPENDED, sale("e", region="Tibet"))])
    (row,) = rows_of(comparison, "stock_flow_1m")
    assert compare(comparison, "stock_flow_1m", [(row[0], {**row[1], "sold": 9})]).wrong == 1
    (row,) = rows_of(comparison, "sales_10s")
    assert compare(comparison, "sales_10s", [(row[0], {**row[1], "units": 9})]).undecided == 1


def test_the_ticker_shows_the_greatest_order_and_any_of_those_that_share_it(loaded):
    comparison = loaded(
        [(0, APPENDED, sale("1", 1, "b")), (0, APPENDED, sale("2", 2, "ä")), (0, APPENDED, sale("3", 3, "b!"))]
    )
    ((key, shown),) = rows_of(comparison, "order_ticker")
    assert (shown["order_id"], shown["event_count"]) == ("ä", 3)
    assert compare(comparison, "order_ticker", [(key, {**shown, "quantity": 7})]).wrong == 1
    tied = loaded([(0, APPENDED, sale("1", 1, "b")), (0, APPENDED, sale("2", 2, "b"))])
    ((key, shown),) = rows_of(tied, "order_ticker")
    other = {**shown, "quantity": 3 - shown["quantity"], "amount": 300 - shown["amount"]}
    assert compare(tied, "order_ticker", [(key, other)]).undecided == 1


def movements():
    kinds = {"restock": 10, "adjustment": -3, "shipment": 2, "unmet": 5}
    others = [(0, APPENDED, event(kind, kind, 0, "A", "W1", quantity)) for kind, quantity in kinds.items()]
    return [*others, (0, APPENDED, sale("s", 4))]


@pytest.mark.parametrize(
    ("shipments", "balance"),
    [
        (False, {"available": 3, "committed": 0, "on_hand": 3}),
        (True, {"available": 3, "committed": 2, "on_hand": 5}),
    ],
)
def test_the_balance_is_what_came_less_what_was_sold(loaded, shipments, balance):
    comparison = loaded(movements(), shipments=shipments)
    key = {"sku": "A", "warehouse_id": "W1"}
    never_moved = ({"sku": "B", "warehouse_id": "W1"}, {"available": 0, "committed": 0, "on_hand": 0})
    assert compare(comparison, "stock_on_hand", [(key, balance), never_moved]).sample == ()
    assert compare(comparison, "stock_on_hand", [(key, {**balance, "on_hand": 4})]).wrong == 1
    ghost = (never_moved[0], {"available": 1, "committed": 0, "on_hand": 1})
    assert compare(comparison, "stock_on_hand", [(key, balance), ghost]).wrong == 1


def test_names_with_quotes_line_feeds_and_sql_are_only_names(loaded):
    names = ['"', "'); DROP TABLE events; --", "a\nb", ",", "中", "NULL", " "]
    values = [sale(str(at), region=name) for at, name in enumerate(names)]
    comparison = loaded([(0, APPENDED, value) for value in values])
    assert sorted(key["region"] for key, _ in rows_of(comparison, "sales_10s")) == sorted(names)


@pytest.mark.parametrize(
    ("file", "number", "expected"),
    [
        (b"a.ndjson", b"000000000000000004", ("a.ndjson", 4)),
        ("日\0.ndjson".encode(), b"-5", ("日\\u0000.ndjson", None)),
        (b"b.ndjson", b"6\n", ("b.ndjson", None)),
        (b"c", b"9223372036854775807", ("c", None)),
        (b"c", b" 7", ("c", None)),
        (b"c", "٣".encode(), ("c", None)),
        # an encoded surrogate: Java's decoder makes one U+FFFD of it, Python's three
        (b"\xed\xa0\x80\xff-\xff", b"", ("\ufffd-\ufffd", None)),
    ],
)
def test_the_headers_of_a_foreign_producer_are_read_as_the_job_writes_them(loaded, file, number, expected):
    comparison = loaded([(0, APPENDED, b"x", [("file", file), ("line", number)])])
    ((_, measures),) = rows_of(comparison, "rejected_records")
    assert (measures["file"], measures["file_line"]) == expected


def test_sums_far_beyond_32_bits_are_exact(loaded):
    amount = {"unit_amount": 10**12, "discount_amount": 10**12 - 1}
    values = [event(str(at), "sale", 0, "A", "W1", 1, **{**line("o", 1, 1), "channel": "a", "region": "b", **amount})
              for at in range(1000)]  # fmt: skip
    comparison = loaded([(0, APPENDED, value) for value in values])
    (row,) = rows_of(comparison, "sales_10s")
    assert (row[1]["gross_amount"], row[1]["discount_amount"]) == (10**15, 10**15 - 1000)


def test_the_scenarios_time_is_the_one_it_says():
    assert json.loads(sale("e"))["event_time"] == SOLD_MS


def test_the_statements_are_files_of_one_statement_named_by_their_object():
    folder = Path(__file__).resolve().parents[2] / "sql" / "audit"
    paths = sorted(folder.rglob("*.sql"))
    assert len(paths) > 60
    for path in paths:
        rows = path.read_text().splitlines()
        body = " ".join(row for row in rows if not row.lstrip().startswith("--"))
        assert rows[0].startswith("-- One ") and rows[1].startswith("-- grain: "), path
        assert ";" not in body, f"{path}: one statement, without a semicolon"
        made = [
            word for word in ("TABLE ", "VIEW ", "VARIABLE ") if f" {word}" in f" {body}".split(" AS ")[0].split("(")[0]
        ]
        if made and body.startswith(("CREATE", "SET")):
            assert body.split(made[0])[1].split()[0] == path.stem, path
