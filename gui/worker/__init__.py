"""The model thread and what crosses to it."""
