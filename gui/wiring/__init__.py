"""Joins the widgets to the store and to the results: signals become edits, values become pictures."""
