"""Kept verdicts: made once, believed only while file, contract and checker are the same."""

import pyarrow.parquet as pq
import pytest

from tally import audit_verdicts
from tally.archive_buffer import to_batch
from tally.archive_files import write_segment
from tally.audit_contract import Contract
from tally.audit_verdicts import verdicts_of
from tests.audit.scenario import E1, PARTITION_0, SOLD_MS

CONTRACT = Contract("CNY", bytes(32))


def segment(folder, first, values):
    count = len(values)
    offsets = range(first, first + count)
    empty = [None] * count
    headers = [[("file", b"a.ndjson"), ("line", b"%d" % (at + 1))] for at in range(count)]
    batch = to_batch("t", 0, offsets, [SOLD_MS] * count, empty, values, headers)
    return write_segment(folder, first, first + count - 1, 0, [batch], 0, {0: (count, first + count - 1)})


def made(folder, segments, contract=CONTRACT, fresh=False):
    said = []
    result = verdicts_of(segments, folder / "verdicts", contract, fresh=fresh, say=said.append)
    return result, said


def test_a_verdict_keeps_origin_and_fields_or_the_broken_rule(tmp_path):
    result, said = made(tmp_path, [segment(tmp_path, 7, PARTITION_0)])
    rows = pq.read_table(result.files[0]).to_pylist()
    assert [row["broken_part"] for row in rows] == [None, None, None, None, "json"]
    assert (rows[0]["offset"], rows[0]["file"], rows[0]["line"]) == (7, "a.ndjson", 1)
    assert (rows[0]["event_id"], rows[0]["quantity"], rows[0]["unit_amount"], rows[0]["discount_amount"]) == (
        "e1",
        2,
        500,
        100,
    )
    assert rows[4]["event_id"] is None and (rows[4]["offset"], rows[4]["topic"]) == (11, "t")
    assert said == ["checking 5 records that no audit has seen"]


def test_a_second_audit_judges_only_what_is_new(tmp_path):
    first = segment(tmp_path, 0, [E1] * 3)
    assert made(tmp_path, [first])[0].judged == 3
    assert made(tmp_path, [first]) == (made(tmp_path, [first])[0], [])
    second = segment(tmp_path, 3, [E1] * 2)
    assert made(tmp_path, [first, second])[0].judged == 2


def test_a_changed_file_another_contract_or_another_checker_is_judged_again(tmp_path, monkeypatch):
    one = segment(tmp_path, 0, [E1] * 3)
    made(tmp_path, [one])
    one = segment(tmp_path, 0, [E1, E1, b"{}"])
    result, _ = made(tmp_path, [one])
    assert result.judged == 3 and pq.read_table(result.files[0])["broken_part"].to_pylist()[2] == "event_id"
    assert made(tmp_path, [one], Contract("EUR", bytes(32)))[0].judged == 3
    assert made(tmp_path, [one], Contract("EUR", bytes(31) + b"1"))[0].judged == 3
    checker = tmp_path / "other_checker.py"
    checker.write_text("changed")
    monkeypatch.setattr(audit_verdicts.audit_contract, "__file__", str(checker))
    assert made(tmp_path, [one], Contract("EUR", bytes(31) + b"1"))[0].judged == 3


def test_fresh_judges_everything_again(tmp_path):
    one = segment(tmp_path, 0, [E1] * 3)
    made(tmp_path, [one])
    assert made(tmp_path, [one], fresh=True)[0].judged == 3


@pytest.mark.parametrize("damage", [b"", b"PAR1"])
def test_a_damaged_verdict_is_made_again(tmp_path, damage):
    one = segment(tmp_path, 0, [E1] * 3)
    made(tmp_path, [one])[0].files[0].write_bytes(damage)
    assert made(tmp_path, [one])[0].judged == 3


def test_verdicts_on_files_that_were_merged_are_removed(tmp_path):
    first, second = segment(tmp_path, 0, [E1] * 3), segment(tmp_path, 3, [E1] * 2)
    made(tmp_path, [first, second])
    made(tmp_path, [first])
    assert [path.name for path in (tmp_path / "verdicts").iterdir()] == [first.path.name]


def test_halves_that_killed_audits_left_are_removed(tmp_path):
    one = segment(tmp_path, 0, [E1] * 3)
    (tmp_path / "verdicts").mkdir()
    (tmp_path / "verdicts" / f".{one.path.name}.4711.part").write_bytes(b"PAR1 half")
    made(tmp_path, [one])
    assert [path.name for path in (tmp_path / "verdicts").iterdir()] == [one.path.name]


def test_several_processes_give_the_same_verdicts(tmp_path, monkeypatch):
    segments = [segment(tmp_path, 5 * at, PARTITION_0) for at in range(3)]
    alone = [pq.read_table(path) for path in made(tmp_path, segments)[0].files]
    monkeypatch.setattr(audit_verdicts, "WORTH_PROCESSES", 1)
    monkeypatch.setattr(audit_verdicts.os, "cpu_count", lambda: 2)
    result, _ = made(tmp_path, segments, fresh=True)
    assert result.judged == 15 and [pq.read_table(path) for path in result.files] == alone
