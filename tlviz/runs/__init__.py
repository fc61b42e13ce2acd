"""Runs on disk: their folders, races, results, and what they say about the advice."""

from tlviz.called import make_called

make_called(__name__)
