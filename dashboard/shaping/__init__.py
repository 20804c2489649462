"""Rows of the views → what the panels and charts show. Pure functions; times become naive store-local ISO texts at the very end."""
