"""A real window on a virtual screen."""
