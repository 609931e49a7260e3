"""The panels' tests."""
