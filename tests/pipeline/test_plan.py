"""The operators that the job relies on: a change of the SQL that loses events shows here before it runs."""

import json
import re
from dataclasses import replace

import pytest

from pipeline.plan import PlanFile, define_tables, planned, statement_set
from pipeline.statements import inserts, template_values, views

pytestmark = pytest.mark.flink

WINDOWS = {"sales_10s": "10 s", "stock_flow_1m": "1 min", "orders_1s": "1 s", "order_ticker": "1 s"}
TABLE_OPTIONS = {"table.local-time-zone": "UTC"}
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


def defined(session, settings, ends=None):
    """Return the statement set of the job, all its definitions made."""
    values = template_values(settings, ends=ends)
    define_tables(session, values)
    return statement_set(session, values, settings.dedup)


@pytest.fixture(scope="module")
def explained(flink_session, job_settings) -> str:
    from pyflink.table import ExplainDetail

    in_database(flink_session, "planned")
    return defined(flink_session, job_settings).explain(ExplainDetail.CHANGELOG_MODE)


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
    define_tables(flink_session, values)
    for statement in views(values):
        flink_session.execute_sql(statement.text)
    sales = next(statement for statement in inserts(values) if statement.name == "sales_10s")
    changed = sales.text.replace("GROUP BY window_start,", "GROUP BY window_start, window_end,")
    assert "WindowAggregate" in execution_plan(flink_session.explain_sql(changed))


def test_a_run_up_to_offsets_has_the_live_jobs_plan(flink_session, job_settings, plan):
    in_database(flink_session, "up_to_offsets")
    bounded = execution_plan(defined(flink_session, job_settings, ends={0: 12}).explain())
    assert bounded.replace("up_to_offsets", "planned").splitlines() == plan.splitlines()


def test_without_dedup_nothing_remembers_ids(flink_session, job_settings):
    in_database(flink_session, "undeduplicated")
    plan = execution_plan(defined(flink_session, replace(job_settings, dedup=False)).explain())
    assert "Deduplicate" not in plan and plan.count("parse_event(") == 1


@pytest.fixture(scope="module")
def kept(flink_session, job_settings, tmp_path_factory) -> PlanFile:
    """The plan that a first start has kept; its tables are gone again, as its JVM would be."""
    in_database(flink_session, "started")
    file = PlanFile(tmp_path_factory.mktemp("plans"), dedup=True, options=TABLE_OPTIONS)
    planned(flink_session, job_settings, file)
    return file


def types_of(plan: str) -> list[str]:
    return [node["type"] for node in json.loads(plan)["nodes"]]


def start_again(session, settings, file: PlanFile):
    from pyflink.table.catalog import ObjectPath

    session.use_database("started")
    for table in {*session.list_tables()} - {*session.list_views()}:
        session.get_catalog(session.get_current_catalog()).drop_table(ObjectPath("started", table), False)
    return planned(session, settings, file)


def test_a_second_start_takes_the_kept_plan(flink_session, job_settings, kept):
    written = kept.path.read_text()
    # planning anew would fail: the views of the first start are still defined
    assert start_again(flink_session, job_settings, kept).as_json_string() == written


def test_a_kept_plan_holds_no_address(job_settings, kept):
    text = kept.path.read_text()
    assert "sales_events" in text
    assert not [word for word in (job_settings.kafka, "jdbc:", job_settings.database.host) if word in text]


def test_a_plan_is_of_one_sql_one_way_to_count_and_one_set_of_options(tmp_path, kept):
    def name(dedup: bool = True, **options: str) -> str:
        return PlanFile(tmp_path, dedup, TABLE_OPTIONS | options).path.name

    assert name() == name(**{"rest.port": "8081"}) == kept.path.name
    assert len({name(), name(dedup=False), name(**{"table.exec.state.ttl": "1 h"})}) == 3


def test_a_damaged_plan_is_said_and_made_anew(flink_session, job_settings, kept, capsys):
    whole = kept.path.read_text()
    kept.path.write_text(whole[: len(whole) // 2])
    for view in flink_session.list_views():
        flink_session.drop_temporary_view(view)
    again = start_again(flink_session, job_settings, kept).as_json_string()
    assert kept.path.read_text() == again
    assert types_of(again) == types_of(whole)
    said = capsys.readouterr().err
    assert re.fullmatch(rf"job: the kept plan {kept.path} can't be read; .+; it is made anew\n", said)


def test_a_plan_that_can_not_be_kept_is_said_and_runs(flink_session, job_settings, kept, tmp_path, capsys):
    (tmp_path / "plans").write_text("a file where the folder should be")
    plan = start_again(flink_session, job_settings, kept)
    nowhere = PlanFile(tmp_path / "plans", dedup=True, options=TABLE_OPTIONS)
    nowhere.keep(plan)
    found = tmp_path / "plans" / kept.path.with_suffix(".new").name
    told = f"job: the plan can't be kept; found {found}: File exists; the next start makes it anew\n"
    assert capsys.readouterr().err == told


def test_one_plan_is_kept(flink_session, job_settings, kept):
    other = kept.path.with_name("plan-0123456789abcdef.json")
    other.write_text("{}")
    kept.keep(start_again(flink_session, job_settings, kept))
    assert [file.name for file in kept.path.parent.iterdir()] == [kept.path.name]
    kept.drop()
    assert list(kept.path.parent.iterdir()) == []
