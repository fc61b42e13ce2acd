"""The Python interface: a dozen functions for notebooks and scripts, which pages and command line share."""
