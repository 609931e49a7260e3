"""What each head of a model does, measured: scores, labels, and maps of what it is needed for."""
