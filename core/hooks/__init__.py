"""Forward hooks that are always taken off again."""
