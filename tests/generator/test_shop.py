"""Shop files: the bundled ones hold, and a faulty one names all its faults."""

import pytest

from generator.shop import SHOPS, ShopError, load_shop

MAP = "HL XJ NM BJ LN JL GS NX SN SX HE TJ XZ QH SC CQ HA SD YN GZ HB AH JS SH GX HN JX ZJ GD FJ TW HI MO HK"


def test_the_default_shop_has_the_34_provincial_regions_of_the_tile_map():
    shop, products = load_shop("china")
    assert sorted(shop.regions) == sorted(MAP.split(" ")) and len(shop.regions) == 34
    assert (shop.currency, shop.zone) == ("CNY", "Asia/Shanghai")
    assert len(shop.warehouse) >= 4
    assert len(products.category) >= 12
    assert all(len(category.sub) >= 2 for category in products.category)


def test_every_warehouse_serves_regions():
    for name in ("china", "germany"):
        shop, _ = load_shop(name)
        assert {region.sources[0] for region in shop.regions.values()} == {w.id for w in shop.warehouse}


def test_a_faulty_shop_lists_every_fault(tmp_path):
    text = (SHOPS / "china.toml").read_text()
    text = text.replace('currency = "CNY"', 'currency = "yuan"').replace("[0.93,", '["often",')
    text = text.replace("price_level = 1.0", "price_level = 0\ncolour = 3")
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ShopError) as caught:
        load_shop(str(tmp_path / "mine.toml"))
    message = str(caught.value)
    assert "4 fault(s)" in message
    assert all(part in message for part in ("currency: ", "week_curve: ", "price_level: ", "unknown setting 'colour'"))


def test_faults_between_the_parts_are_listed_too(tmp_path):
    text = (SHOPS / "germany.toml").read_text()
    text = text.replace('zone = "Europe/Berlin"', 'zone = "Europe/Bern"').replace(
        'from = ["MUC1", "DTM1"]', 'from = ["MUC9"]'
    )
    text = text.replace('categories = ["Apparel", "Footwear"]', 'categories = ["Hats"]')
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ShopError) as caught:
        load_shop(str(tmp_path / "mine.toml"))
    message = str(caught.value)
    assert "zone: 'Europe/Bern' is not an IANA time zone, such as Europe/Berlin" in message
    assert "region BW: no warehouse 'MUC9'; there are HAM1, DTM1, LEJ1, MUC1" in message
    assert "campaign weekend_wardrobe: no category 'Hats'" in message


def test_an_unknown_shop_names_those_that_exist():
    with pytest.raises(ShopError, match="no shop file 'mars'; give a path or one of: china, germany"):
        load_shop("mars")


def test_a_file_that_is_no_toml_says_so(tmp_path):
    (tmp_path / "mine.toml").write_text("name = ")
    with pytest.raises(ShopError, match=r"mine.toml: can't be read as TOML"):
        load_shop(str(tmp_path / "mine.toml"))
