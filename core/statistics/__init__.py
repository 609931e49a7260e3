"""Tests, corrections for many comparisons, effect sizes."""
