"""Delivery: delay with a tail, order, copies, malformed lines, each at its rate."""

from collections import Counter

import numpy as np
import pytest

from generator.malformed import KINDS
from generator.rows import COPY, DUE, FORM, SENT, SEQ, TIME, TYPE
from tests.generator.shops import make


@pytest.fixture(scope="module")
def messy():
    return make(scenario="messy", shop_rate=0.3)


def test_records_leave_in_the_order_of_their_sending(messy):
    assert (np.diff(messy.rows[:, DUE]) >= 0).all()


def test_event_times_are_out_of_order(messy):
    assert (np.diff(messy.rows[:, TIME]) < 0).mean() > 0.1


def test_a_normal_delivery_is_mostly_prompt_with_a_tail():
    rows = make(rates={"duplicates": 0, "malformed": 0}, shop_rate=0.3).rows
    delay = rows[:, SENT] - rows[:, TIME]
    assert delay.min() > 0
    assert 100 < np.median(delay) < 2_000 < 5_000 < np.quantile(delay, 0.98)
    assert 0.002 < (delay > 60_000).mean() < 0.008


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.2])
def test_copies_malformed_and_late_come_at_their_rates(rate):
    rows = make(rates={"duplicates": rate, "malformed": rate, "late": rate}, shop_rate=0.3).rows
    good = rows[rows[:, FORM] < 100]
    firsts = good[good[:, COPY] == 0]
    sales = firsts[firsts[:, TYPE] <= 1]
    assert abs((good[:, COPY] == 1).sum() / len(firsts) - rate) <= 0.2 * rate
    malformed = (rows[:, FORM] >= 100) & (rows[:, COPY] == 0)
    assert abs(malformed.sum() / len(sales) - rate) <= 0.2 * rate
    # some late records are still on their way when the run ends
    assert 0.6 * rate <= (sales[:, SENT] - sales[:, TIME] > 60_000).mean() <= 1.15 * rate + 0.003


def test_stock_that_arrives_is_never_late():
    rows = make(rates={"late": 0.5}, shop_rate=0.3).rows
    movements = rows[np.isin(rows[:, TYPE], (2, 3))]
    assert (movements[:, SENT] - movements[:, TIME]).max() < 60_000


def test_a_copy_is_the_same_bytes_after_its_original(messy):
    first = {}
    copies = 0
    for row, line in zip(messy.rows.tolist(), messy.lines, strict=True):
        key = (row[SEQ], row[FORM])
        if row[COPY]:
            copies += 1
            assert first[key] == line
        else:
            assert key not in first
            first[key] = line
    assert copies > 1000


def test_malformed_lines_come_before_and_after_the_good_record_of_their_id(messy):
    good_at = {row[SEQ]: i for i, row in enumerate(messy.rows.tolist()) if row[FORM] < 100 and not row[COPY]}
    sides = Counter()
    for i, row in enumerate(messy.rows.tolist()):
        own = b"-x%d" % row[SEQ] in (messy.lines[i] or b"")
        if row[FORM] >= 100 and row[SEQ] in good_at and not own:
            sides["before" if i < good_at[row[SEQ]] else "after"] += 1
    assert min(sides["before"], sides["after"]) > 100


def test_messy_shows_nearly_every_kind(messy):
    kinds = Counter(row - 100 for row in messy.rows[:, FORM].tolist() if row >= 100)
    files = [i for i, kind in enumerate(KINDS) if not kind.kafka_only]
    assert len(kinds) > 0.9 * len(files)
    assert set(kinds) <= set(files), "a file can't carry a record without a value"
