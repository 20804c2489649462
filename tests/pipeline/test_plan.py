"""The operators that the job relies on: a change of the SQL that loses events shows here before it runs."""

import re
from dataclasses import replace

import pytest

from pipeline.session import define_job
from pipeline.statements import definitions, inserts, template_values

pytestmark = pytest.mark.flink

WINDOWS = {"sales_10s": "10 s", "stock_flow_1m": "1 min", "orders_1s": "1 s", "order_ticker": "1 s"}
AGGREGATED = {*WINDOWS, "day_buyers", "event_counts_1h"}


def execution_plan(explained: str) -> str:
    return explained[explained.index("== Optimized Execution Plan ==") :]


def operators_of(plan: str, sink: str) -> str:
    """Return the part of the plan that feeds `sink`, reused parts spelled out."""
    blocks = plan.split("\n\n")
    shared = {match[1]: block for block in blocks if (match := re.search(r"\(reuse_id=\[(\d+)\]\)", block))}
    text = next(block for block in blocks if f"default_database.{sink}]" in block or f".{sink}], fields" in block)
    while match := re.search(r"Reused\(reference_id=\[(\d+)\]\)", text):
        text = text.replace(match[0], shared[match[1]].replace(f"(reuse_id=[{match[1]}])", ""))
    return text


def in_database(session, name: str) -> None:
    """Work in a database of its own, through the catalog, as Flink's DDL takes no parameters."""
    from pyflink.table.catalog import CatalogDatabase

    catalog = session.get_catalog(session.get_current_catalog())
    catalog.create_database(name, CatalogDatabase.create_instance({}), ignore_if_exists=True)
    session.use_database(name)


@pytest.fixture(scope="module")
def explained(flink_session, job_settings) -> str:
    from pyflink.table import ExplainDetail

    in_database(flink_session, "planned")
    return define_job(flink_session, job_settings).explain(ExplainDetail.CHANGELOG_MODE)


@pytest.fixture(scope="module")
def plan(explained) -> str:
    return execution_plan(explained)


def test_each_record_is_read_parsed_and_deduplicated_once(plan):
    assert plan.count("TableSourceScan(") == 1
    assert plan.count("parse_event(") == 1
    assert plan.count("Deduplicate(") == 1
    assert "Deduplicate(keep=[FirstRow], key=[event_id], order=[PROCTIME], outputInsertOnly=[true])" in plan


@pytest.mark.parametrize(("sink", "size"), WINDOWS.items())
def test_windows_are_group_aggregates_that_count_late_events(plan, sink, size):
    operators = operators_of(plan, sink)
    aggregate = operators.index("GroupAggregate(groupBy=[")
    assert operators.index(f"WindowTableFunction(window=[TUMBLE(time_col=[event_ts], size=[{size}])])") > aggregate
    assert "window_end" not in operators[aggregate : operators.index("\n", aggregate)]


@pytest.mark.parametrize("sink", sorted(AGGREGATED))
def test_each_total_is_a_plain_group_aggregate(plan, sink):
    assert len(re.findall(r"\+- GroupAggregate\(", operators_of(plan, sink))) == 1


def test_no_operator_drops_retracts_or_ranks(plan):
    for operator in (
        "WindowAggregate",
        "Rank(",
        "_RETRACT",
        "SinkMaterialize",
        "upsertMaterialize=[true]",
        "Normalize",
    ):
        assert operator not in plan


def test_no_sink_receives_deletions(explained):
    physical = explained[
        explained.index("== Optimized Physical Plan ==") : explained.index("== Optimized Execution Plan")
    ]
    assert "changelogMode=[I,UA]" in physical
    assert not re.findall(r"changelogMode=\[[^\]]*(?:UB|D)[^\]]*\]", physical)


def test_the_group_keys_hold_the_append_date(plan):
    for sink in AGGREGATED - {"event_counts_1h"}:
        assert re.search(r"GroupAggregate\(groupBy=\[[^\]]*\blog_date\]", operators_of(plan, sink)), sink


def test_window_end_in_group_by_would_be_noticed(flink_session, job_settings):
    values = template_values(job_settings)
    in_database(flink_session, "dropping")
    for statement in definitions(values):
        flink_session.execute_sql(statement.text)
    sales = next(statement for statement in inserts(values) if statement.name == "sales_10s")
    changed = sales.text.replace("GROUP BY window_start,", "GROUP BY window_start, window_end,")
    assert "WindowAggregate" in execution_plan(flink_session.explain_sql(changed))


def test_a_run_up_to_offsets_has_the_live_jobs_plan(flink_session, job_settings, plan):
    in_database(flink_session, "up_to_offsets")
    bounded = execution_plan(define_job(flink_session, job_settings, ends={0: 12}).explain())
    assert bounded.replace("up_to_offsets", "planned").splitlines() == plan.splitlines()


def test_without_dedup_nothing_remembers_ids(flink_session, job_settings):
    in_database(flink_session, "undeduplicated")
    plan = execution_plan(define_job(flink_session, replace(job_settings, dedup=False)).explain())
    assert "Deduplicate" not in plan and plan.count("parse_event(") == 1
