"""Exporting a run: checked files with everything needed to use them."""
