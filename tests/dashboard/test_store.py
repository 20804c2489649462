"""The shared store: one read at a time, last good value kept, recovery by itself. Time is passed in."""

import threading

from dashboard.store import MOST_KEYS, State, Store


class Clock:
    """A wall clock that stands still until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


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
    store = Store(clock)
    for _ in range(40):
        assert store.read("key", source, 2).value == "first"
    assert source.reads == 1


def test_a_value_is_read_again_after_its_time():
    clock, source = Clock(), Source()
    store = Store(clock)
    store.read("key", source, 2)
    source.value = "second"
    clock.now += 1.7
    assert store.read("key", source, 2).value == "first"
    clock.now += 0.3
    assert store.read("key", source, 2).value == "second"


def test_forty_viewers_at_once_cause_one_read():
    clock, gate, source = Clock(), threading.Event(), Source()
    store, answers = Store(clock), []

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
    store = Store(clock)
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
    store = Store(Clock())
    reading = store.read("key", Source(ConnectionError("refused")), 2)
    assert (reading.state, reading.error) == (State.ERROR, "refused")


def test_failed_reads_are_tried_again_every_two_seconds_even_when_a_value_lives_long():
    clock, source = Clock(), Source(ConnectionError("refused"))
    store = Store(clock)
    store.read("key", source, 300)
    clock.now += 1
    store.read("key", source, 300)
    assert source.reads == 1
    clock.now += 1
    store.read("key", source, 300)
    assert source.reads == 2


def test_a_read_under_way_is_loading_and_then_there():
    gate = threading.Event()
    store = Store(Clock())

    def slow():
        gate.wait(10)
        return "late"

    assert store.read("key", slow, 2, patience=0).state is State.LOADING
    gate.set()
    assert store.read("key", slow, 2, patience=10).value == "late"


def test_a_read_that_never_comes_back_is_an_error_but_keeps_the_value():
    clock, gate, source = Clock(), threading.Event(), Source()
    store = Store(clock, overdue_seconds=12)
    store.read("key", source, 2)
    clock.now += 5
    assert store.read("key", lambda: gate.wait(30), 2, patience=0).state is State.OK
    clock.now += 13
    reading = store.read("key", source, 2, patience=0)
    gate.set()
    assert (reading.state, reading.value, reading.error) == (State.STALE, "first", "no answer for 13 s")


def test_a_viewer_with_an_old_value_does_not_wait_for_a_slow_server():
    clock, gate, source = Clock(), threading.Event(), Source()
    store = Store(clock)
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
    store = Store(clock)
    for n in range(1000):
        clock.now += 1
        store.read(("orders", f"channel {n}"), source, 2)
    assert len(store._entries) == MOST_KEYS
    assert ("orders", "channel 999") in store._entries and ("orders", "channel 0") not in store._entries


def test_a_hung_server_holds_a_page_up_once_and_not_once_for_each_panel():
    gate, store, waited = threading.Event(), Store(Clock()), []
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
    store = Store(clock)
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
