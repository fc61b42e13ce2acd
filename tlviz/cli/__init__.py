"""The same verbs as the pages, for terminals, batch jobs and tests."""

from tlviz.cli.commands import main

__all__ = ["main"]
