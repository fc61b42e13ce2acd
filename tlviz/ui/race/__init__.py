"""The Race page: the form, the race while it runs, and its standings."""
