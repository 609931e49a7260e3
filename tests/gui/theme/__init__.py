"""The theme's tests."""
