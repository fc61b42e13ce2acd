"""A run folder: its files, its locks, its worker, its trash, and its ZIP."""
