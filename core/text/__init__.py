"""Prompts as tokens, and finding places in them. Pure values."""
