"""What `tally status` says in words."""

import pytest

from tally.status import summary

FOUND = {
    "ready": True,
    "dashboard_url": "http://127.0.0.1:8600",
    "kafka": "kafka:9092",
    "topic": "sales-events",
    "database_url": "postgresql://tally_reader@postgres/tally",
    "inbox": {"folder": "/data/inbox", "waiting": 1, "done": 2, "failed": 3},
    "lag_seconds": 0.4,
    "consumer_lag": 1234,
    "counts": {"records": 2000, "counted": 1990},
    "faults": ["the database does not answer"],
}


def test_every_line_says_its_figure():
    assert summary(FOUND) == [
        ("Dashboard", "http://127.0.0.1:8600"),
        ("Kafka", "kafka:9092, topic sales-events"),
        ("Database", "postgresql://tally_reader@postgres/tally"),
        ("Inbox", "/data/inbox: 1 waiting, 2 done, 3 failed"),
        ("Lag", "0.4 s, 1,234 offsets behind"),
        ("Counts", "2,000 records, 1,990 counted"),
        ("Fault", "the database does not answer"),
    ]


@pytest.mark.parametrize(("is_ready", "told"), [(True, "not run by this home"), (False, "not up yet")])
def test_without_pages_it_says_whether_they_are_to_come(is_ready, told):
    found = {**FOUND, "ready": is_ready, "dashboard_url": None}
    assert dict(summary(found))["Dashboard"] == told


def test_what_is_not_known_yet_is_said_so():
    found = {**FOUND, "kafka": None, "database_url": None, "lag_seconds": None, "counts": None, "faults": []}
    lines = dict(summary(found))
    assert lines["Kafka"] == lines["Database"] == "not up yet"
    assert lines["Lag"] == lines["Counts"] == "unknown"
