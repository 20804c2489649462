"""The shared store: one read at a time, last good value kept, recovery by itself. Time is passed in."""

import threading

import pytest

from dashboard.store import MOST_KEYS, MOST_LOST, State, Store


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def store_by(clock: Clock, **options) -> Store:
    """Return a store whose two clocks are one."""
    return Store(clock, clock, **options)


class Source:
    """What a statement would return: a value, or an error."""

    def __init__(self, value="first"):
        self.value, self.reads = value, 0

    def __call__(self):
        self.reads += 1
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def test_a_fresh_value_is_not_read_again():
    clock, source = Clock(), Source()
    store = store_by(clock)
    for _ in range(40):
        assert store.read("key", source, 2).value == "first"
    assert source.reads == 1


def test_a_value_is_read_again_after_its_time():
    clock, source = Clock(), Source()
    store = store_by(clock)
    store.read("key", source, 2)
    source.value = "second"
    clock.now += 1.7
    assert store.read("key", source, 2).value == "first"
    clock.now += 0.3
    assert store.read("key", source, 2).value == "second"


def test_forty_viewers_at_once_cause_one_read():
    clock, gate, source = Clock(), threading.Event(), Source()
    store, answers = store_by(clock), []

    def slow():
        gate.wait(10)
        return source()

    viewers = [
        threading.Thread(target=lambda: answers.append(store.read("key", slow, 2, patience=10))) for _ in range(40)
    ]
    for viewer in viewers:
        viewer.start()
    gate.set()
    for viewer in viewers:
        viewer.join(10)
    assert source.reads == 1
    assert [answer.value for answer in answers] == ["first"] * 40


def test_the_last_good_value_stays_with_its_age_when_reads_fail():
    #   1000: good   1005: fails   1007: works again
    clock, source = Clock(), Source()
    store = store_by(clock)
    store.read("key", source, 2)
    source.value = ConnectionError("server closed the connection\nmore lines")
    clock.now = 1005.0
    reading = store.read("key", source, 2)
    assert (reading.state, reading.value, reading.read_at) == (State.STALE, "first", 1000.0)
    assert reading.error == "server closed the connection"
    source.value, clock.now = "second", 1007.0
    reading = store.read("key", source, 2, patience=10)
    assert (reading.state, reading.value) == (State.OK, "second")


def test_an_error_without_a_good_value_is_an_error():
    store = store_by(Clock())
    reading = store.read("key", Source(ConnectionError("refused")), 2)
    assert (reading.state, reading.error) == (State.ERROR, "refused")


def test_failed_reads_are_tried_again_every_two_seconds_even_when_a_value_lives_long():
    clock, source = Clock(), Source(ConnectionError("refused"))
    store = store_by(clock)
    store.read("key", source, 300)
    clock.now += 1
    store.read("key", source, 300)
    assert source.reads == 1
    clock.now += 1
    store.read("key", source, 300)
    assert source.reads == 2


def test_a_read_under_way_is_loading_and_then_there():
    gate = threading.Event()
    store = store_by(Clock())

    def slow():
        gate.wait(10)
        return "late"

    assert store.read("key", slow, 2, patience=0).state is State.LOADING
    gate.set()
    assert store.read("key", slow, 2, patience=10).value == "late"


@pytest.mark.parametrize("set_by", [-86_400.0, 86_400.0])
def test_a_wall_clock_that_is_set_neither_freezes_a_value_nor_hurries_it(set_by):
    wall, ticks, source = Clock(), Clock(), Source()
    store = Store(wall, ticks)
    store.read("key", source, 2)
    wall.now += set_by
    store.read("key", source, 2)
    assert source.reads == 1
    ticks.now += 2
    store.read("key", source, 2)
    assert source.reads == 2


def test_a_read_that_never_comes_back_is_an_error_but_keeps_the_value():
    clock, gate, source = Clock(), threading.Event(), Source()
    store = store_by(clock, overdue_seconds=12)
    store.read("key", source, 2)
    clock.now += 5
    assert store.read("key", lambda: gate.wait(30), 2, patience=0).state is State.OK
    clock.now += 13
    reading = store.read("key", lambda: gate.wait(30), 2, patience=0)
    gate.set()
    assert (reading.state, reading.value, reading.error) == (State.STALE, "first", "no answer for 13 s")


def test_a_read_that_hangs_is_begun_anew_and_what_it_brings_late_is_dropped():
    clock, gate, source = Clock(), threading.Event(), Source("new")
    store = store_by(clock, overdue_seconds=12)

    def hung():
        gate.wait(30)
        return "old"

    store.read("key", hung, 300, patience=0)
    clock.now += 13
    assert store.read("key", source, 300, patience=10).value == "new"
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "store-read":
            thread.join(10)
    assert store.read("key", source, 300).value == "new"


def test_a_server_that_hangs_for_hours_costs_a_bounded_number_of_threads():
    clock, gate, begun = Clock(), threading.Event(), []
    store = store_by(clock, overdue_seconds=12)
    for _ in range(1000):
        reading = store.read("key", lambda: begun.append(True) or gate.wait(30), 2, patience=0)
        clock.now += 13
    assert reading.state is State.ERROR
    gate.set()
    assert len(begun) == MOST_LOST + 1


def test_a_read_that_could_not_start_is_an_error_and_tried_again(monkeypatch):
    clock, source = Clock(), Source()
    store = store_by(clock)
    store.read("key", source, 2)
    clock.now += 2

    def no_threads(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_threads)
        reading = store.read("key", source, 2)
    assert (reading.state, reading.value, reading.error) == (State.STALE, "first", "can't start new thread")
    source.value = "second"
    clock.now += 2
    assert store.read("key", source, 2, patience=10).value == "second"


def test_a_viewer_with_an_old_value_does_not_wait_for_a_slow_server():
    clock, gate, source = Clock(), threading.Event(), Source()
    store = store_by(clock)
    store.read("a", source, 2)
    store.read("b", source, 2)
    clock.now += 5
    store.read("a", lambda: gate.wait(30), 2, patience=0)  # found slow
    waited = []
    original = threading.Event.wait
    try:
        threading.Event.wait = lambda self, timeout=None: (
            waited.append(timeout) or original(self, 0 if timeout else None)
        )
        assert store.read("b", lambda: original(gate, 30), 2, patience=7).value == "first"
    finally:
        threading.Event.wait = original
        gate.set()
    assert 7 not in waited


def test_keys_that_nobody_asks_for_any_more_are_forgotten():
    clock, source = Clock(), Source()
    store = store_by(clock)
    for n in range(1000):
        clock.now += 1
        store.read(("orders", f"channel {n}"), source, 2)
    assert len(store._entries) == MOST_KEYS
    assert ("orders", "channel 999") in store._entries and ("orders", "channel 0") not in store._entries


def test_a_hung_server_holds_a_page_up_once_and_not_once_for_each_panel():
    gate, store, waited = threading.Event(), store_by(Clock()), []
    original = threading.Event.wait
    try:
        threading.Event.wait = lambda self, timeout=None: (
            waited.append(timeout) or original(self, 0 if timeout else None)
        )
        for panel in range(10):
            store.read(panel, lambda: original(gate, 30), 2, patience=1.0)
    finally:
        threading.Event.wait = original
        gate.set()
    assert waited.count(1.0) == 1


def test_an_outage_is_logged_once_and_its_end_too(caplog):
    clock, sources, fault = Clock(), [Source(ConnectionError("refused")) for _ in range(5)], "refused"
    store = store_by(clock)
    for _ in range(3):
        for n, source in enumerate(sources):
            store.read(n, source, 2, patience=10)
        clock.now += 2
    for source in sources:
        source.value = "good"
    for n, source in enumerate(sources):
        store.read(n, source, 2, patience=10)
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 2
    assert fault in texts[0] and texts[1] == "reads work again"
