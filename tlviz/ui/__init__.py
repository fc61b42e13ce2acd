"""The pages' parts: a room for each page, and what they share (session keys, caches, widgets)."""
