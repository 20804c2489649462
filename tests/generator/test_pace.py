"""History gives way to live events: its pace follows the lag that the archive measures."""

import json

import pytest

from generator.pace import Pace


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told(tmp_path):
    clock = Clock()
    pace = Pace(6_000, tmp_path / "lag.json", clock)

    def tell(lag_seconds: float, age: float = 0.0) -> float:
        clock.now += 1
        sample = {"lag_seconds": lag_seconds, "sampled_at": clock.now - age}
        (tmp_path / "lag.json").write_text(json.dumps(sample))
        return pace.rate()

    return tell


def test_without_a_measurement_the_pace_is_the_one_asked_for(tmp_path):
    assert Pace(6_000, None).rate() == 6_000
    assert Pace(6_000, tmp_path / "lag.json").rate() == 6_000


def test_a_lagging_line_slows_history_and_a_drained_one_speeds_it_up_again(told):
    slow = [told(3.0) for _ in range(5)]
    assert slow == sorted(slow, reverse=True) and slow[-1] < 600
    quick = [told(0.2) for _ in range(30)]
    assert quick == sorted(quick) and quick[-1] == 6_000


def test_history_never_stops_altogether(told):
    assert [told(60.0) for _ in range(50)][-1] == pytest.approx(120)


def test_an_old_measurement_changes_nothing(told):
    assert told(60.0, age=11.0) == 6_000


def test_it_begins_gently_because_a_job_that_has_just_started_is_slow(told):
    quick = [told(0.1) for _ in range(15)]
    assert quick[0] < 6_000 / 4 and quick == sorted(quick) and quick[-1] == 6_000
