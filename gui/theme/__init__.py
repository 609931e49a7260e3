"""Colours, fonts and plot style, light and dark, decided in one place."""
