"""Tests of what happens before anything else can."""
