"""Circuit surgery on transformer language models, without a window."""
