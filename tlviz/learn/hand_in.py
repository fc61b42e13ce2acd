"""The hand-in."""
