"""What metrics and lenses may look at."""
