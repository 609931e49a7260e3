"""Widgets joined to the session, on the real window."""
