"""Metamorphic relations: what a change of the input must do to the results, whatever they are."""

import time
from collections.abc import Callable
from random import Random

import pytest

from tests.chaos.account import noted, prove_exact
from tests.chaos.events import drop_file, now_ms, record, sale
from tests.chaos.publishing import publish

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]
EVENTS, FILES = 600, 7
FLOW = (
    "SELECT window_start, substr(sku, %s), warehouse_id, sold, refunded, restocked, adjusted, shipped, unmet "
    "FROM stock_flow_by_minute WHERE sku LIKE %s"
)
SALES = (
    "SELECT window_start, substr(channel, %s), region, gross_amount, discount_amount, refund_amount, units, "
    "refunded_units, lines FROM sales_by_minute WHERE channel LIKE %s"
)
# where a result has its sums, from which doubled quantities double; the count of lines stays
FLOW_SUMS, SALES_SUMS = range(3, 9), range(3, 8)
BY_SKU = "SELECT sum(gross_amount), sum(units) FROM product_sales_by_day"
BY_REGION = "SELECT sum(gross_amount), sum(units) FROM sales_by_day"
BY_CATEGORY = "SELECT sum(gross_amount), sum(units) FROM category_sales_by_day"


def base_events(seed: int, start_ms: int) -> list[dict]:
    """Draw events of all types over an hour that is past."""
    dice, made = Random(seed), []
    for n in range(EVENTS):
        kind = dice.choice(("sale", "sale", "sale", "refund", "restock", "adjustment", "shipment", "unmet"))
        event = sale(f"e{n}", event_type=kind, event_time=start_ms + dice.randrange(3_600_000))
        event |= {"sku": f"s{dice.randrange(9)}", "warehouse_id": f"W{dice.randrange(3)}", "line_no": 1}
        event |= {"channel": dice.choice(("app", "web")), "region": dice.choice(("GD", "SH"))}
        event |= {"quantity": dice.randint(1, 5), "unit_amount": dice.randrange(1, 9_999)}
        made.append(event | {"discount_amount": dice.randrange(event["unit_amount"])})
    return made


def variant(name: str, events: list[dict]) -> list[dict]:
    """Return events in a world of their own: ids, SKUs and channels carry its name."""
    keys = ("event_id", "order_id", "sku", "channel")
    return [event | {key: f"{name}:{event[key]}" for key in keys} for event in events]


def results(line, name: str) -> tuple[list, list]:
    """Return both tables of one world, without its name."""
    values = (len(name) + 2, f"{name}:%")
    return sorted(line.query(FLOW, values)), sorted(line.query(SALES, values))


def doubled(rows: list[tuple], sums: range) -> list[tuple]:
    """Return rows with their sums doubled."""
    return [tuple(value * 2 if n in sums else value for n, value in enumerate(row)) for row in rows]


def by_kafka(line, events: list[dict]) -> None:
    """Publish events in their order."""
    publish(line, [record(one) for one in events])


def by_files(line, events: list[dict]) -> None:
    """Publish events as several files of the inbox."""
    for n in range(FILES):
        drop_file(line, f"r{time.monotonic_ns()}-{n}.ndjson", events[n::FILES])


def by_one_file(line, events: list[dict]) -> None:
    """Publish events as one file of the inbox."""
    drop_file(line, f"r{time.monotonic_ns()}.ndjson", events)


def shuffled(events: list[dict]) -> list[dict]:
    """Return the events in another order."""
    return Random(len(events)).sample(events, len(events))


def twice(events: list[dict]) -> list[dict]:
    """Return each event and its repeat."""
    return [*events, *shuffled(events)]


def with_doubled_quantities(events: list[dict]) -> list[dict]:
    """Return the events with twice the quantity and twice the discount."""
    return [one | {"quantity": 2 * one["quantity"], "discount_amount": 2 * one["discount_amount"]} for one in events]


def with_a_sku_renamed(events: list[dict]) -> list[dict]:
    """Return the events with s0 called s-new."""
    return [one | {"sku": "s-new" if one["sku"] == "s0" else one["sku"]} for one in events]


SAME: dict[str, tuple[Callable, Callable]] = {
    "shuffle": (shuffled, by_kafka),
    "split into files": (list, by_files),
    "merged into one file": (shuffled, by_one_file),
    "duplicate all": (twice, by_kafka),
}


@pytest.fixture
def start_ms() -> int:
    """Two hours ago: no event of the base lies in the future."""
    return now_ms() - 7_200_000


def test_every_relation_holds(stage, seed, start_ms):
    line, base = stage.line, base_events(seed, start_ms)
    world = f"m{time.monotonic_ns()}"
    with noted("R2", "relations_of_inputs", seed) as figures:
        by_kafka(line, variant(f"{world}-base", base))
        for name, (change, way) in SAME.items():
            way(line, change(variant(f"{world}-{name}", base)))
        by_kafka(line, variant(f"{world}-double", with_doubled_quantities(base)))
        by_kafka(line, variant(f"{world}-rename", with_a_sku_renamed(base)))
        figures |= prove_exact(line)
        flow, sales = results(line, f"{world}-base")
        assert flow and sales
        for name in SAME:
            assert results(line, f"{world}-{name}") == (flow, sales), name
        assert results(line, f"{world}-double") == (doubled(flow, FLOW_SUMS), doubled(sales, SALES_SUMS))
        renamed = sorted((at, "s-new" if sku == "s0" else sku, *rest) for at, sku, *rest in flow)
        assert results(line, f"{world}-rename") == (renamed, sales)
        assert line.query(BY_SKU) == line.query(BY_REGION) == line.query(BY_CATEGORY)


def test_parallelism_changes_no_row(stage, seed, start_ms):
    line, base = stage.line, base_events(seed, start_ms)
    world, found = f"p{time.monotonic_ns()}", {}
    with noted("R2", "parallelism_1_2_4", seed) as figures, noted("R18", "rescaled_1_2_4_1", seed):
        for slots in ("2", "4", "1"):
            assert line.stop() == 0
            line.environment["TALLY_PARALLELISM"] = slots
            line.start()
            by_kafka(line, variant(f"{world}-{slots}", base))
            figures |= prove_exact(line)
            found[slots] = results(line, f"{world}-{slots}")
        assert found["1"] == found["2"] == found["4"]
        assert found["1"][0]
