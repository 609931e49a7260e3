"""The tests of the place of work."""
