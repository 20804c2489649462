"""Counts per hour are absolute and right after a restart; lag is the age of the oldest record that is not visible."""

import numpy as np

from tally.archive_counts import HourCount, LogCounts
from tally.archive_files import Segment
from tally.archive_lag import MOST_STRETCHES, Backlog

HOUR = 3_600_000


def arrays(pairs):
    return np.array([at for at, _ in pairs]), np.array([ms for _, ms in pairs])


def test_records_are_counted_in_the_hour_of_their_append():
    counts = LogCounts([])
    by_hour = counts.add(1, *arrays([(0, HOUR - 1), (1, HOUR), (2, HOUR + 5), (4, 2 * HOUR)]))
    assert by_hour == {0: (1, 0), HOUR: (2, 2), 2 * HOUR: (1, 4)}
    assert counts.take_changed() == [HourCount(0, 1, 1, 0), HourCount(HOUR, 1, 2, 2), HourCount(2 * HOUR, 1, 1, 4)]
    assert counts.take_changed() == [] and counts.total == 4


def test_a_restart_counts_on_from_what_the_files_say(tmp_path):
    counts = LogCounts([Segment(0, 0, 9, tmp_path, 0, {0: (8, 9)}), Segment(0, 10, 14, tmp_path, 0, {0: (3, 14)})])
    counts.add(0, *arrays([(15, 10), (16, 11)]))
    assert counts.take_changed() == [HourCount(0, 0, 13, 16)]


def test_counts_that_could_not_be_written_are_written_later():
    counts = LogCounts([])
    counts.add(0, *arrays([(0, 1)]))
    lost = counts.take_changed()
    counts.put_back(lost)
    assert counts.take_changed() == lost
    counts.mark_all()
    assert counts.take_changed() == lost


def test_lag_is_the_age_of_the_oldest_record_that_is_not_visible():
    backlog = Backlog()
    backlog.add(0, *arrays([(0, 1000), (1, 2000), (2, 3000)]))
    backlog.add(1, *arrays([(0, 1500), (1, 2500)]))
    backlog.reached_end(0)
    backlog.reached_end(1)
    assert backlog.lag_ms(10_000) == 9000
    backlog.seen({0: 0})
    assert backlog.lag_ms(10_000) == 8500
    backlog.seen({0: 1, 1: 1})
    assert backlog.lag_ms(10_000) == 7000


def test_lag_is_0_when_everything_is_visible_and_read():
    backlog = Backlog()
    backlog.add(0, *arrays([(0, 1000)]))
    backlog.seen({0: 0})
    assert backlog.lag_ms(10_000) == 9000  # more may have been appended since: it is not known
    backlog.reached_end(0)
    assert backlog.lag_ms(10_000) == 0


def test_lag_is_unknown_until_a_partition_has_been_looked_at():
    backlog = Backlog()
    backlog.begin(0)
    assert backlog.lag_ms(10_000) is None
    backlog.reached_end(0)
    assert backlog.lag_ms(10_000) == 0


def test_records_on_disk_that_are_not_visible_count_after_a_restart():
    backlog = Backlog()
    backlog.add(0, *arrays([(5, 5000)]))
    backlog.put_first(0, [arrays([(3, 3000)]), arrays([(4, 4000)])])
    assert backlog.lag_ms(10_000) == 7000
    backlog.seen({0: 3})
    assert backlog.lag_ms(10_000) == 6000
    backlog.seen({0: 4})
    assert backlog.lag_ms(10_000) == 5000


def test_a_backlog_of_millions_stays_small_and_its_lag_is_never_understated():
    backlog = Backlog()
    for start in range(0, 1_000_000, 10_000):
        offsets = np.arange(start, start + 10_000)
        backlog.add(0, offsets, offsets * 3)
    assert len(backlog.waiting[0].queue) <= MOST_STRETCHES
    now = 3_000_000
    for visible in (0, 123_456, 500_000, 999_998):
        backlog.seen({0: visible})
        exact = now - (visible + 1) * 3
        # a two thousandth of the whole backlog of 3,000 s
        assert exact <= backlog.lag_ms(now) <= exact + 1500


def test_the_rate_is_the_mean_of_the_last_whole_seconds():
    backlog = Backlog()
    backlog.add(0, *arrays([(at, 100_000 + at * 100) for at in range(60)]))
    # seconds 100 to 105 hold ten records each
    assert backlog.events_per_second(105_500) == 10
    assert backlog.events_per_second(108_000) == 6
    assert backlog.events_per_second(120_000) == 0
