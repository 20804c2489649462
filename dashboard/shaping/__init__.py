"""Rows of the views → what panels and charts show. Pure functions; for charts, times become naive store-local texts."""
