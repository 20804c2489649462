"""Plotly figures as plain dicts. A colour is written "$token" and resolved by the browser: one figure, both themes."""
