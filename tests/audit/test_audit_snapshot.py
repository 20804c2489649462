"""The copy of the result tables: the same values whatever stands in them, in memory that does not grow with rows."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tally import audit_snapshot
from tally.audit_snapshot import copy_table

SCHEMA = pa.schema(
    [
        ("key", pa.struct([("sku", pa.string())])),
        ("measures", pa.struct([("units", pa.int64()), ("seen", pa.timestamp("us"))])),
    ]
)


class FakeCursor:
    """Answers COPY with lines of CSV."""

    def __init__(self, lines):
        self.lines = lines

    def copy_expert(self, text, file):
        file.write(b"sku,units,seen\n")
        for line in self.lines:
            file.write(line)


@pytest.fixture
def pool():
    """Arrow's memory, counted from the test's beginning."""
    before = pa.default_memory_pool()
    own = pa.proxy_memory_pool(before)
    pa.set_memory_pool(own)
    yield own
    pa.set_memory_pool(before)


def test_texts_nulls_and_times_survive(tmp_path):
    lines = [
        b'"","1",2026-01-02 03:04:05.678901\n',
        b",,\n",
        '"a\r\n""商"",",-9223372036854775808,2026-01-02 03:04:05\n'.encode(),
    ]
    rows = pq.read_table(copy_table(FakeCursor(lines), "sales_10s", SCHEMA, tmp_path)).to_pylist()
    assert [row["key"]["sku"] for row in rows] == ["", None, 'a\r\n"商",']
    assert [row["measures"]["units"] for row in rows] == [1, None, -(2**63)]
    assert [str(row["measures"]["seen"]) for row in rows] == [
        *("2026-01-02 03:04:05.678901", "None", "2026-01-02 03:04:05")
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["sales_10s.parquet"]


def test_an_empty_table_is_copied(tmp_path):
    assert pq.read_table(copy_table(FakeCursor([]), "sales_10s", SCHEMA, tmp_path)).schema == SCHEMA


def test_a_row_may_hold_the_longest_header_of_a_record(tmp_path):
    longest = b"\\u0000" * 2 * 1024 * 1024
    path = copy_table(FakeCursor([b"a,1,\n", longest + b",1,\n"]), "rejected_records", SCHEMA, tmp_path)
    assert len(pq.read_table(path)["key"][1].as_py()["sku"]) == len(longest)


def test_memory_holds_a_few_blocks_however_many_rows_there_are(tmp_path, pool, monkeypatch):
    monkeypatch.setattr(audit_snapshot, "BLOCK_BYTES", 256 * 1024, raising=False)
    lines = (b"sku-%d,%d,2026-01-02 03:04:05\n" % (at % 500, at) for at in range(600_000))
    path = copy_table(FakeCursor(lines), "sales_10s", SCHEMA, tmp_path)
    assert pq.read_metadata(path).num_rows == 600_000
    assert pool.max_memory() < 16 * 1024 * 1024
