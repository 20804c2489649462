"""The two st.components.v2 components: a chart that survives updates and a counter that counts up."""

from pathlib import Path

import streamlit as st

from dashboard.charts.template import Figure
from dashboard.currency import Currency
from dashboard.vendor import PLOTLY_URL

ASSETS = Path(__file__).with_name("assets")

_chart = st.components.v2.component(
    "tally_chart",
    isolate_styles=False,
    js=(ASSETS / "chart.js").read_text(encoding="utf-8"),
    html='<div class="ts-chart" role="img"></div><span class="ts-probe" hidden></span>',
)
_counter = st.components.v2.component(
    "tally_counter",
    isolate_styles=False,
    js=(ASSETS / "counter.js").read_text(encoding="utf-8"),
    html='<div class="ts-counter" role="img"><span class="ts-sign"></span>'
    '<span class="ts-whole"></span><span class="ts-cents"></span></div>',
)


def chart(key: str, figure: Figure, height: int, alt: str) -> None:
    """Draw a figure of so many pixels' height; `alt` says its headline in words."""
    _chart(key=key, data={"figure": figure, "height": height, "alt": alt, "src": PLOTLY_URL})


def counter(key: str, minor: int, currency: Currency, label: str) -> None:
    """Show an amount of minor units that counts up from the one before; `label` holds all of it for screen readers."""
    _counter(key=key, data={"minor": str(minor), "digits": currency.digits, "sign": currency.sign, "label": label})
