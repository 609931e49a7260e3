"""Training of the embedded models: a small causal and a small masked language model."""
