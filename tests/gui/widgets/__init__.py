"""The widgets' tests."""
