"""Exporting a run: checked files with everything needed to use them."""

from tlviz.called import make_called

make_called(__name__)
