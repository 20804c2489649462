"""Random input from a seed: events that keep the contract, events that break it, and repeats, as feeds mix them."""

from dataclasses import dataclass
from random import Random

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from tests.pipeline.mutations import mutated, written

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
LARGEST_QUANTITY, LARGEST_AMOUNT = 1_000_000, 10**12
BATCHES = 12
TYPES = ("sale", "sale", "sale", "refund", "restock", "adjustment", "shipment", "unmet")


@dataclass(frozen=True)
class Record:
    """One record for the log: its key, its value, and how often it is sent."""

    key: bytes | None
    value: bytes | None
    copies: int = 1


def names(least: int = 1) -> st.SearchStrategy[str]:
    """Draw what a shop may call a SKU or a warehouse: few hot ones, and any text of the contract."""
    text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=least, max_size=128)
    return st.one_of(
        st.sampled_from(("A", "B", "C-1")), st.sampled_from(("'); DROP TABLE x;--", 'a"b\\', "广东 ")), text
    )


def times(now_ms: int) -> st.SearchStrategy[int]:
    """Draw event times: now, late by seconds to a month, at the borders of windows, and decades ago."""
    late = (0, 1_000, MINUTE_MS, HOUR_MS, DAY_MS, 30 * DAY_MS)
    near = st.builds(lambda back, more: now_ms - back - more, st.sampled_from(late), st.integers(0, 10 * MINUTE_MS))
    border = st.builds(lambda at, by: at // MINUTE_MS * MINUTE_MS + by, near, st.sampled_from((-1, 0, 1, 10_000)))
    return st.one_of(near, near, border, st.integers(631_152_000_000, now_ms))


@st.composite
def events(draw: st.DrawFn, now_ms: int) -> dict:
    """Draw one event that keeps every rule; its id is given later."""
    kind = draw(st.sampled_from(TYPES))
    event = {"event_type": kind, "event_time": draw(times(now_ms)), "sku": draw(names()), "warehouse_id": draw(names())}
    quantity = draw(st.one_of(st.integers(1, 5), st.integers(1, LARGEST_QUANTITY)))
    if kind == "adjustment":
        quantity *= draw(st.sampled_from((1, -1)))
    event |= {"quantity": quantity, "currency": "CNY"}
    if kind in ("sale", "refund"):
        most = LARGEST_AMOUNT // quantity
        event |= {"order_id": draw(names()), "line_no": draw(st.integers(1, 6))}
        event |= {"channel": draw(names()), "region": draw(names())}
        event["unit_amount"] = draw(st.one_of(st.integers(0, min(most, 50_000)), st.integers(0, most)))
        event["discount_amount"] = draw(st.integers(0, quantity * event["unit_amount"]))
        event |= draw(st.fixed_dictionaries({}, optional={"customer_id": names(), "to_stock": st.booleans()}))
    return event | draw(st.fixed_dictionaries({}, optional={"sent_at": times(now_ms), "note": st.text(max_size=20)}))


@st.composite
def records(draw: st.DrawFn, now_ms: int) -> tuple[dict, str, int, int]:
    """Draw (event, what becomes of it, seed of that, copies)."""
    what = draw(st.sampled_from(("kept",) * 12 + ("broken", "broken", "null")))
    return draw(events(now_ms)), what, draw(st.integers(0, 2**32)), draw(st.sampled_from((1,) * 8 + (2, 3)))


def drawn(seed: int, now_ms: int) -> list[tuple[dict, str, int, int]]:
    """Return what the strategies give for a seed; the same seed and time give the same."""
    found: list[tuple[dict, str, int, int]] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=BATCHES, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(st.lists(records(now_ms), max_size=40))
    def collect(batch):
        found.extend(batch)

    collect()
    return found


def records_of(seed: int, now_ms: int, salt: str = "") -> list[Record]:
    """Return a seed's records, out of order; `salt` keeps its event ids apart from another run of the seed."""
    made = [made_record(f"s{seed}{salt}-{number}", *one) for number, one in enumerate(drawn(seed, now_ms))]
    Random(seed).shuffle(made)
    return made


def made_record(event_id: str, event: dict, what: str, seed: int, copies: int) -> Record:
    """Return the record of one drawn event."""
    dice, event = Random(seed), {"event_id": event_id, **event}
    if what == "null":
        return Record(event_id.encode(), None)
    if what == "broken":
        return Record(event_id.encode(), mutated(dice, event))
    return Record(event_id.encode(), written(dice, event), copies)
