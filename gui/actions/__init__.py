"""Menus as tables of actions."""
