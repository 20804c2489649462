"""Figures: what they hold, for whom, and that they are plain data."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dashboard.charts import grids, health, sales, template
from dashboard.currency import Currency
from dashboard.locales import Locale
from dashboard.regions import TILES
from dashboard.shaping.health import Lag
from dashboard.shaping.sales import Curve, last_minutes, today_curve
from dashboard.shaping.stock import CoverGrid

ZONE = ZoneInfo("Asia/Shanghai")
EN, ZH = Locale("en", Currency("CNY"), ZONE), Locale("zh", Currency("CNY"), ZONE)
STYLES = Path(sales.__file__).parents[1] / "styles"
DAY = ("2026-11-22T00:00:00", "2026-11-23T00:00:00")
NIGHT = ("2026-11-23T00:00:00", "2026-11-24T00:00:00")
TODAY = Curve([DAY[0], "2026-11-22T14:03:07"], [0, 11_134_475_555], *DAY, elapsed_share=0.59)
YESTERDAY = Curve([DAY[0], DAY[1]], [0, 20_950_000_000], *DAY)
LAST_WEEK = Curve([DAY[0], DAY[1]], [0, 17_980_000_000], *DAY)
NOT_LOADED = Curve([], [], *DAY)


def curve(locale=EN, past=((("yesterday"), YESTERDAY), ("last Sunday", LAST_WEEK)), **more):
    return sales.cumulative(locale, TODAY, past, 216, "revision", **more)


def texts(figure) -> list[str]:
    return [note["text"] for note in figure["layout"]["annotations"]]


def minutes(amount: int = 20_900_000):
    start = datetime(2026, 11, 22, 4, 4, tzinfo=UTC)
    rows = [
        {
            "minute_start": start + timedelta(minutes=n),
            "is_partial": n == 119,
            "seconds_elapsed": 7 if n == 119 else 60,
            "gross_amount": Decimal(amount if n < 119 else 2_400_000),
            "mean_gross_amount_yesterday": Decimal(17_500_000),
        }
        for n in range(120)
    ]
    return last_minutes(rows, ZONE)


GRID = CoverGrid(
    ["Shanghai", "Beijing"], [f"Category {n}" for n in range(14)], [[float(n * 8) for n in range(14)], [None] * 14]
)
LAG = Lag([DAY[0], DAY[1]], [0.7, 0.7], [1.0, 1.1], [1.3, 1.4], DAY[0])
FIGURES = {
    "curve": curve(),
    "minutes": sales.per_minute(EN, minutes(), "r"),
    "tiles": grids.region_tiles(EN, {"GD": 500, "ZJ": 300}, 800, "r"),
    "cover": grids.cover_heat(EN, GRID, "r"),
    "lag": health.lag(LAG, "r"),
    "checkpoints": health.durations([0.9, 1.2], ["14:03:01", "14:03:06"], "r"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_plain_data(name):
    assert json.loads(json.dumps(FIGURES[name])) == FIGURES[name]


@pytest.mark.parametrize("name", FIGURES)
def test_every_colour_of_a_figure_is_a_token_that_the_styles_define(name):
    defined = (STYLES / "tokens.css").read_text(encoding="utf-8")

    def walk(value):
        if isinstance(value, dict):
            return [token for item in value.values() for token in walk(item)]
        if isinstance(value, list):
            return [token for item in value for token in walk(item)]
        return [value[1:]] if isinstance(value, str) and value.startswith("$") else []

    tokens = walk(FIGURES[name])
    assert tokens
    assert [token for token in set(tokens) if f"--ts-{token}:" not in defined] == []


def test_each_line_is_named_at_its_end():
    figure = curve()
    assert texts(figure) == ["<b>today ¥111.34 M</b>", "yesterday ¥209.5 M", "last Sunday ¥179.8 M"]
    assert [trace["line"]["dash"] for trace in figure["data"][:3]] == ["dash", "dot", "solid"]


def test_the_curve_in_chinese_counts_in_yi():
    assert texts(curve(ZH, (("昨日", YESTERDAY),))) == ["<b>今日 ¥1.11 亿</b>", "昨日 ¥2.10 亿"]


def test_a_day_that_is_not_loaded_is_left_out():
    figure = curve(past=(("yesterday", NOT_LOADED), ("last Sunday", LAST_WEEK)))
    assert texts(figure)[1:] == ["last Sunday ¥179.8 M"]
    assert len(figure["data"]) == 3
    # last week keeps its own look
    assert figure["data"][0]["line"]["dash"] == "dot"


def test_amounts_stay_whole_numbers():
    assert all(isinstance(value, int) for trace in curve()["data"] for value in trace["y"])


def test_the_running_minute_is_hatched_and_named():
    figure = FIGURES["minutes"]
    whole, running, line = figure["data"]
    assert len(whole["y"]) == 119 and running["y"] == [2_400_000]
    assert running["marker"]["pattern"]["shape"] == "/"
    assert whole["marker"]["color"][-2:] == ["$accent-2", "$accent"]
    assert line["name"] == "yesterday"
    assert "14:03 partial<br>7 of 60 s" in texts(figure)
    assert "<b>14:02 ¥209 k</b>" in texts(figure)
    assert "<b>14:02 ¥1.49 M</b>" in texts(sales.per_minute(EN, minutes(149_000_000), "r"))
    assert "<b>14:02 ¥1.49 万</b>" in texts(sales.per_minute(ZH, minutes(1_490_000), "r"))


def test_end_labels_keep_their_distance_in_the_order_of_their_values():
    shifts = template.spread([100, 99, 10], 100, 200, [18, 18, 18])
    places = [value / 100 * 200 + shift for value, shift in zip([100, 99, 10], shifts, strict=True)]
    assert places[0] - places[1] >= 17 and places[1] > places[2]


def test_a_label_of_two_lines_keeps_the_distance_of_its_height_and_stays_above_the_axis():
    two_lines, one_line = template.spread([0, 1], 100, 100, [34, 17])
    assert (1 + one_line) - two_lines >= 25
    assert two_lines - 17 >= -8


def note_of_today(figure, layout="layout"):
    return next(note for note in figure[layout]["annotations"] if "today" in note["text"])


def test_the_label_of_today_lies_above_every_line_that_it_would_cover():
    now = datetime(2026, 11, 22, 17, tzinfo=UTC)
    past = Curve(
        [f"2026-11-23T{hour:02}:00:00" for hour in range(24)], [hour * 1_000_000 for hour in range(24)], *NIGHT
    )
    today = today_curve([], 500_000, now, ZONE)
    figure = sales.cumulative(EN, today, [("yesterday", past)], 216, "revision")
    # 01:00 in Shanghai: the label reaches over the first fifth of the day, in which yesterday came to more than today
    note = note_of_today(figure)
    assert (note["x"], note["xanchor"], note["y"]) == (NIGHT[0], "left", 4_000_000) and note["yshift"] > 8
    assert note_of_today(figure, "narrow")["y"] == 10_000_000


def test_ticks_are_round_and_exact():
    ticks = template.money_ticks(22_500_000_000, 4, ZH)
    assert ticks["ticktext"] == ["0", "¥1 亿", "¥2 亿"]
    assert template.money_ticks(0, 4, EN)["ticktext"] == ["0"]
    assert template.money_ticks(15_000_000_000, 4, EN)["ticktext"] == ["0", "¥50 M", "¥100 M", "¥150 M"]


def test_every_region_of_the_map_has_a_tile_of_its_own():
    places = {(tile.row, tile.column) for tile in TILES.values()}
    assert (len(TILES), len(places)) == (34, 34)


def test_tiles_name_their_region_and_share():
    notes = texts(FIGURES["tiles"])
    assert "<b>GD</b><br>62.5" in notes and "<b>ZJ</b><br>37.5" in notes
    assert notes[-1] == "<b>GD</b> ¥5 · <b>ZJ</b> ¥3"
    assert "<b>HL</b><br>–" in notes


def test_tile_steps_are_fixed():
    assert [grids.tile_step(value, 100) for value in (0, 1, 3, 25, 64, 100)] == [0, 0, 1, 3, 4, 5]


@pytest.mark.parametrize(
    ("hours", "step"), [(0.0, 4), (11.9, 4), (12.0, 3), (30.0, 2), (50.0, 1), (72.0, 0), (None, None)]
)
def test_few_hours_are_the_strong_colour(hours, step):
    assert grids.cover_step(hours) == step


def test_cover_without_sales_is_a_dash():
    assert grids.hours_text(None) == "–"


def test_a_phone_gets_many_categories_below_each_other():
    narrow = FIGURES["cover"]["narrow"]
    assert narrow["data"][0]["x"] == ["Shanghai", "Beijing"]
    assert len(narrow["data"][0]["y"]) == 14 and narrow["height"] > 300


def test_lines_of_the_lag_are_named_with_their_newest_value():
    assert texts(FIGURES["lag"]) == ["p50 0.7 s", "p95 1.1 s", "p99 1.4 s"]
