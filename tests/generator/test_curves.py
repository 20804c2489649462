"""The store's clock: day curve, week curve, DST."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.curves import DAY, HOUR, Curves, day_name
from generator.shop import load_shop
from tests.generator.shops import START


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@pytest.fixture(scope="module")
def berlin():
    return Curves(load_shop("germany")[0], seed=1)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))
def test_store_day_weekday_and_hour_are_the_zones(berlin, moment):
    local = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("Europe/Berlin"))
    day, weekday, hour = berlin.local(ms(local))
    assert (day_name(day), weekday, hour) == (local.date().isoformat(), local.weekday(), local.hour)


@pytest.mark.parametrize(("date", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 7, 1), 24)])
def test_a_store_day_is_midnight_to_midnight_also_when_clocks_change(berlin, date, hours):
    begin = datetime(*date, tzinfo=ZoneInfo("Europe/Berlin"))
    day = berlin.local(ms(begin))[0]
    assert berlin.midnight(day) == ms(begin)
    assert berlin.midnight(day + 1) - berlin.midnight(day) == hours * HOUR


def test_the_evening_peak_is_at_the_stores_evening_in_winter_and_summer(berlin):
    for month in (1, 7):
        hours = [datetime(2026, month, 14, h, 30, tzinfo=ZoneInfo("Europe/Berlin")) for h in range(24)]
        levels = [float(berlin.level(np.array([ms(hour)]))[0]) for hour in hours]
        assert int(np.argmax(levels)) == 20 and int(np.argmin(levels)) == 3


def test_a_weeks_mean_level_is_one():
    curves = Curves(load_shop("china")[0], seed=4)
    assert abs(curves.mean(START, START + 28 * DAY) - 1) < 0.04


def test_weekends_sell_more_than_mondays():
    curves = Curves(load_shop("china")[0], seed=1)
    means = [
        np.mean([curves.mean(START + (7 * w + d) * DAY, START + (7 * w + d + 1) * DAY) for w in range(6)])
        for d in range(7)
    ]
    assert int(np.argmax(means)) == 5 and int(np.argmin(means)) in (0, 1)


def test_days_differ_a_little_and_by_the_seed():
    one, other = (Curves(load_shop("china")[0], seed) for seed in (1, 2))
    moods = [one.mood(day) for day in range(20_000, 20_200)]
    assert 0.94 <= min(moods) < 0.96 and 1.04 < max(moods) <= 1.06
    assert moods != [other.mood(day) for day in range(20_000, 20_200)]
    assert timedelta(days=20_000) + datetime(1970, 1, 1) == datetime.fromisoformat(day_name(20_000))
