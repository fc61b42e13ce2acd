"""Targets of texts: tables and folders, token numbers, what can be wrong with them."""
