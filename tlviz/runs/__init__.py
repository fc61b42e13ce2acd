"""Runs on disk: their folders, races, results, and what they say about the advice."""
