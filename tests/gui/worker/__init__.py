"""The model thread."""
