"""Everything says what it is, in both languages, once."""

import re

import pytest
from psycopg2 import sql

from tally.data_dictionary import DOCUMENT, render
from tally.sql_files import ADDITIVITY, SQL_FOLDER, SqlFileError, in_order, read_file, read_folder, read_glossary

FOLDERS = ("bootstrap", "functions", "migrations", "views", "roles", "role_settings", "grants")
REPEATED = sql.SQL("SELECT {0}, count(*) FROM {1} GROUP BY {0} HAVING count(*) > 1")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def dictionary(db):
    db.execute(
        "SELECT object_name, object_kind, column_name, definition_en, definition_zh, unit, additivity, row_grain "
        "FROM tally.data_dictionary"
    )
    return db.fetchall()


def test_every_table_view_and_column_has_a_comment(db, dictionary):
    db.execute(
        "SELECT c.relname::text, a.attname::text FROM pg_class AS c LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid "
        "AND a.attnum > 0 AND NOT a.attisdropped WHERE c.relnamespace = 'tally'::regnamespace AND c.relkind IN "
        "('r', 'p', 'v', 'm') "
        "AND NOT c.relispartition"
    )
    columns = db.fetchall()
    assert len(columns) > 500
    described = {(name, column) for name, _, column, *_ in dictionary}
    assert set(columns) - described == set()
    assert {(name, None) for name, _ in columns} - described == set()


def test_every_function_has_a_comment(db):
    db.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'tally'::regnamespace AND obj_description(oid, 'pg_proc') "
        "IS NULL"
    )
    assert db.fetchall() == []


def test_definitions_are_in_english_and_chinese(dictionary):
    wrong = [
        (name, column)
        for name, _, column, english, chinese, *_ in dictionary
        if not english or CHINESE.search(english) or not (CHINESE.search(chinese) or chinese == "SKU")
    ]
    assert wrong == []


def test_columns_say_unit_and_additivity_and_objects_their_grain(dictionary):
    for name, _, column, _, _, unit, additivity, grain in dictionary:
        if column is None:
            assert grain, name
        else:
            assert unit and additivity in ADDITIVITY, (name, column, unit, additivity)


def test_times_and_dates_say_their_zone(db):
    db.execute(
        "SELECT object_name || '.' || column_name, unit FROM tally.data_dictionary WHERE data_type IN "
        "('timestamp with time zone', 'date') AND unit NOT IN ('time, UTC instant', 'date, UTC', 'date, store zone')"
    )
    assert db.fetchall() == []


def test_money_says_minor_or_major_units(db):
    db.execute(
        "SELECT object_name || '.' || column_name FROM tally.data_dictionary WHERE column_name LIKE '%\\_amount%' "
        "AND unit NOT LIKE 'minor units%' OR column_name LIKE '%\\_sales' AND unit <> 'major units'"
    )
    assert db.fetchall() == []


def test_grains_are_unique(shop):
    shop.sale("2026-11-22 10:00", channel="app")
    shop.sale("2026-11-21 10:00", channel="web")
    shop.covered("2026-11-10 00:00")
    shop.hold("2026-11-22 12:00")
    shop.cursor.execute("SELECT object_name, row_grain FROM tally.data_dictionary WHERE column_name IS NULL")
    for name, grain in shop.cursor.fetchall():
        if re.fullmatch(r"[a-z_0-9]+(, [a-z_0-9]+)*", grain):
            key = sql.SQL(", ").join(map(sql.Identifier, grain.split(", ")))
            shop.cursor.execute(REPEATED.format(key, sql.Identifier("tally", name)))
            assert shop.cursor.fetchall() == [], name


def test_no_glossary_entry_is_unused(dictionary):
    used = {column for _, _, column, *_ in dictionary}
    assert set(read_glossary()) - used == set()


def test_the_document_is_what_the_comments_say(postgres_server):
    assert DOCUMENT.read_text(encoding="utf-8") == render(postgres_server.url("reader")), (
        "docs/data-dictionary.md is old; run: python -m tally.data_dictionary"
    )


def documented_files():
    """Return the files that migrate reads."""
    return sorted(path for folder in FOLDERS for path in (SQL_FOLDER / folder).rglob("*.sql"))


def test_every_file_is_one_statement_named_after_its_object():
    for path in documented_files():
        one = read_file(path)
        assert one.text.rstrip().endswith(";"), path
        if path.parent.name in ("views", "functions"):
            begins = "CREATE VIEW tally." if path.parent.name == "views" else "CREATE OR REPLACE FUNCTION tally."
            assert one.statement.removeprefix(begins).startswith(one.name), path
        if "$$" not in one.statement:
            assert ";" not in re.sub(r"--.*|'[^']*'", "", one.statement), path


def test_no_line_of_sql_is_too_long():
    for path in documented_files():
        assert [
            line for line in path.read_text().splitlines() if len(line) > 120 and not line.startswith("-- ")
        ] == [], path


def test_a_header_without_both_languages_is_refused(tmp_path):
    path = tmp_path / "thing.sql"
    path.write_text("-- One row is a thing.\n-- grain: id\nCREATE VIEW tally.thing AS SELECT 1;\n")
    with pytest.raises(SqlFileError) as refused:
        read_file(path)
    assert str(refused.value) == (
        f"{path}: the header does not say what one row is; found 'One row is a thing.', grain 'id'; begin the file "
        "with "
        "`-- What one row is. | 一行是什么。` and `-- grain: its key columns`"
    )


def test_a_column_text_without_additivity_is_refused(tmp_path):
    path = tmp_path / "thing.sql"
    path.write_text(
        "-- One. | 一。\n-- grain: id\n-- id: An id. | 编号。 | number\nCREATE VIEW tally.thing AS SELECT 1;\n"
    )
    with pytest.raises(SqlFileError, match=r"the text of id is not `English . 中文 . unit; additivity`; found 'An id"):
        read_file(path)


def test_continued_lines_are_one_text(tmp_path):
    path = tmp_path / "thing.sql"
    path.write_text(
        "-- One row is\n--   a thing. | 一行。\n-- grain: id\n-- id: An\n--   id. | 编号。\n--   | n; key\nSELECT 1;\n"
    )
    one = read_file(path)
    assert (one.description, one.columns, one.statement) == (
        "One row is a thing. | 一行。",
        {"id": "An id. | 编号。 | n; key"},
        "SELECT 1",
    )


def test_views_come_after_those_they_stand_on():
    names = [one.name for one in in_order(read_folder(SQL_FOLDER / "views"))]
    assert names.index("store_clock") < names.index("history_covered") < names.index("sales_today")


def test_views_in_a_circle_are_named(tmp_path):
    for name, text in (
        ("a", "-- One. | 一。\n-- grain: x\nCREATE VIEW tally.a AS SELECT * FROM tally.b;\n"),
        ("b", "-- One. | 一。\n-- grain: x\nCREATE VIEW tally.b AS SELECT * FROM tally.a;\n"),
    ):
        (tmp_path / f"{name}.sql").write_text(text)
    with pytest.raises(SqlFileError, match="views need each other in a circle; found a → b → a"):
        in_order(read_folder(tmp_path))
