"""When the day's totals worth a mark are reached, and which they are where none are set."""

import pytest


def test_milestones_say_when_and_how_much_earlier(shop):
    shop.settings(milestones=[1000, 2000, 9000])
    shop.covered("2026-11-21 00:00:00")
    shop.sale("2026-11-21 06:00:00", amount=1500)
    shop.sale("2026-11-21 08:00:05", amount=500)
    shop.sale("2026-11-21 18:00:00", amount=4000)
    shop.sale("2026-11-22 05:00:01", amount=999)
    shop.sale("2026-11-22 05:00:33", amount=1)
    shop.sale("2026-11-22 09:00:00", amount=2000)
    shop.hold("2026-11-22 12:00:00")
    rows = {row["milestone_amount"]: row for row in shop.rows("milestones_today")}
    assert rows[1000]["reached_at"] == shop.at("2026-11-22 05:00:40")
    assert rows[1000]["earlier_seconds"] == 6 * 3600 + 10 - (5 * 3600 + 40)
    assert rows[2000]["reached_at_yesterday"] == shop.at("2026-11-21 08:00:10")
    # today has 1.5 × yesterday's sum by noon, so 6,000 yesterday stands for 9,000: passed in the step after 18:00
    assert (rows[9000]["reached_at"], rows[9000]["expected_at"]) == (None, shop.at("2026-11-22 18:05:00"))


@pytest.mark.parametrize(
    ("target", "marks"),
    [(2_000_000_000, [200, 500, 1000, 2000]), (22_500_000_000, [2000, 5000, 10_000, 20_000])],
    ids=["twenty million", "225 million"],
)
def test_without_milestones_the_round_totals_up_to_the_target_are_marks(shop, target, marks):
    shop.settings(target_amount=target)
    shop.hold("2026-11-22 12:00:00")
    found = sorted(row["milestone_amount"] for row in shop.rows("milestones_today"))
    assert found == [mark * 1_000_000 for mark in marks]
    assert shop.row("sales_today")["target_share"] == 0


def test_without_milestones_and_target_there_are_no_marks(shop):
    shop.hold("2026-11-22 12:00:00")
    assert shop.rows("milestones_today") == []
