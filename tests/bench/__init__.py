"""What the benchmark answers, not how fast."""
