"""The catalogue is loaded as a whole or not at all, and only when a file has changed."""

import json

import psycopg2
import pytest

from tally.catalogue import Catalogue, CatalogueError, write_store_settings
from tally.settings import Settings

PRODUCT = {
    "sku": "A",
    "name_en": "Kettle",
    "name_zh": "水壶",
    "category": "Home",
    "subcategory": "Kitchen",
    "cost_amount": 2500,
}
POLICY = {"sku": "A", "warehouse_id": "W1", "reorder_point": 10, "safety_stock": 4, "lead_time_hours": 36.5}
WAREHOUSE = {"warehouse_id": "W1", "name_en": "Shanghai", "name_zh": "上海"}


def write(home, name, *lines):
    text = "".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    scratch = home / f"{name}.new"
    scratch.write_bytes(text.encode("utf-8", "surrogatepass"))
    scratch.replace(home / f"{name}.ndjson")


@pytest.fixture
def home(tmp_path):
    write(tmp_path, "products", PRODUCT)
    write(tmp_path, "stock_policy", POLICY)
    write(tmp_path, "warehouses", WAREHOUSE)
    return tmp_path


@pytest.fixture
def ask(connect):
    """Ask the owner; what the catalogue committed is deleted afterwards."""
    cursor = connect("owner").cursor()

    def run(query):
        cursor.execute(query)
        return cursor.fetchall() if cursor.description else None

    yield run
    run("DELETE FROM tally.products; DELETE FROM tally.stock_policy; DELETE FROM tally.warehouses")


@pytest.fixture
def catalogue(home, postgres_server, ask):
    return Catalogue(home, postgres_server.url("writer"))


def test_all_three_files_are_loaded(catalogue, ask):
    assert catalogue.load_if_changed() == {"products": 1, "stock_policy": 1, "warehouses": 1}
    assert ask("SELECT * FROM tally.products") == [("A", "Kettle", "水壶", "Home", "Kitchen", 2500)]
    assert ask("SELECT reorder_point, safety_stock, lead_time_hours::float FROM tally.stock_policy") == [(10, 4, 36.5)]
    assert ask("SELECT * FROM tally.warehouses") == [("W1", "Shanghai", "上海")]


def test_only_a_changed_file_is_loaded_again_and_replaces_its_table(catalogue, home, ask):
    catalogue.load_if_changed()
    assert catalogue.load_if_changed() == {}
    write(home, "warehouses", WAREHOUSE)  # written again with the same content
    assert catalogue.load_if_changed() == {}
    write(home, "products", {**PRODUCT, "sku": "B", "subcategory": None}, {**PRODUCT, "sku": "C", "extra": 1})
    assert catalogue.load_if_changed() == {"products": 2}
    assert ask("SELECT sku, subcategory FROM tally.products ORDER BY sku") == [("B", None), ("C", "Kitchen")]


def test_a_missing_file_leaves_its_table_as_it_is(catalogue, home, ask):
    catalogue.load_if_changed()
    (home / "products.ndjson").unlink()
    assert catalogue.load_if_changed() == {}
    assert ask("SELECT count(*) FROM tally.products") == [(1,)]


def test_every_bad_line_of_every_file_is_reported_and_nothing_is_loaded(catalogue, home, ask):
    catalogue.load_if_changed()
    write(
        home, "products", {**PRODUCT, "sku": "NEW"}, {"sku": "B"}, "{\n", "\n", {**PRODUCT, "cost_amount": -1},
        {**PRODUCT, "cost_amount": 2.5}, {**PRODUCT, "sku": ""}, {**PRODUCT, "sku": "NEW"}, {**PRODUCT, "sku": "nul\0"},
        "[1]\n", {**PRODUCT, "sku": "OK"},
    )  # fmt: skip
    write(home, "stock_policy", {**POLICY, "lead_time_hours": "soon"}, {**POLICY, "reorder_point": True})
    with pytest.raises(CatalogueError) as refused:
        catalogue.load_if_changed()
    lines = str(refused.value).split("\n")
    assert lines[0] == (
        "the catalogue was not loaded; found 10 lines that break its form; mend them, the files are read again when "
        "they change:"
    )
    places = [line.split(":")[0].strip() for line in lines[1:]]
    assert places == [f"products.ndjson line {n}" for n in (2, 3, 5, 6, 7, 8, 9, 10)] + [
        f"stock_policy.ndjson line {n}" for n in (1, 2)
    ]
    assert "missing required field `name_en`" in lines[1]
    assert lines[6] == "  products.ndjson line 8: NEW is in line 1 already"
    assert ask("SELECT sku FROM tally.products") == [("A",)]
    assert catalogue.load_if_changed() == {}  # said once
    write(home, "products", {**PRODUCT, "sku": "MENDED"})
    write(home, "stock_policy", POLICY)
    assert catalogue.load_if_changed() == {"products": 1}


def test_a_count_that_views_could_not_add_is_refused_and_the_largest_is_shown(catalogue, home, ask):
    for field in ("safety_stock", "reorder_point"):
        write(home, "stock_policy", {**POLICY, field: 10**15 + 1})
        with pytest.raises(CatalogueError) as refused:
            catalogue.load_if_changed()
        fault = str(refused.value).split("\n")[1]
        assert fault == f"  stock_policy.ndjson line 1: Expected `int` <= 1000000000000000 - at `$.{field}`"
    write(home, "stock_policy", {**POLICY, "safety_stock": 10**15, "reorder_point": 10**15})
    catalogue.load_if_changed()
    assert ask("SELECT reorder_quantity FROM tally.stock_on_hand") == [(10**15,)]


def test_invalid_utf_8_and_lone_surrogates_are_bad_lines(catalogue, home):
    (home / "warehouses.ndjson").write_bytes(b'{"warehouse_id": "\xff", "name_en": "x", "name_zh": "x"}\n')
    write(home, "products", '{"sku": "\\ud800", "name_en": "x", "name_zh": "x", "category": "x"}\n')
    with pytest.raises(CatalogueError, match=r"(?s)products.ndjson line 1: .*warehouses.ndjson line 1: "):
        catalogue.load_if_changed()


def test_many_bad_lines_are_counted_but_not_all_shown(catalogue, home):
    write(home, "products", *["x\n"] * 1200)
    with pytest.raises(CatalogueError) as refused:
        catalogue.load_if_changed()
    lines = str(refused.value).split("\n")
    assert "found 1,200 lines" in lines[0]
    assert (len(lines), lines[-1]) == (52, "  … and 1,150 more")


def test_a_bom_crlf_and_a_missing_last_newline_are_fine(catalogue, home):
    text = "\r\n".join(json.dumps({**PRODUCT, "sku": sku}) for sku in "AB")
    (home / "products.ndjson").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert catalogue.load_if_changed()["products"] == 2


def test_a_database_that_fails_is_tried_again(home, postgres_server, ask):
    catalogue = Catalogue(home, "postgresql://nobody@127.0.0.1:1/tally")
    with pytest.raises(psycopg2.OperationalError):
        catalogue.load_if_changed()
    catalogue.url = postgres_server.url("writer")
    assert catalogue.load_if_changed()["products"] == 1


def test_store_settings_are_those_of_the_deployment(postgres_server, ask, tmp_path):
    environment = {
        "TALLY_CURRENCY": "JPY", "TALLY_STORE_ZONE": "Asia/Tokyo", "TALLY_TARGET": "22500",
        "TALLY_MILESTONES": "100,200", "TALLY_SHIPMENTS": "on", "TALLY_STALE_SECONDS": "7",
        "TALLY_RETENTION_DAYS": "30",
    }  # fmt: skip
    try:
        write_store_settings(postgres_server.url("writer"), Settings.load(tmp_path, environment))
        assert ask("SELECT * FROM tally.store_settings") == [
            (True, "JPY", 0, "Asia/Tokyo", 22500, [100, 200], True, 7, 30)
        ]
    finally:
        write_store_settings(postgres_server.url("writer"), Settings.load(tmp_path, {}))
    # no target is null, so that nobody divides by it
    assert ask("SELECT currency, minor_digits, target_amount, milestones FROM tally.store_settings") == [
        ("CNY", 2, None, [])
    ]
