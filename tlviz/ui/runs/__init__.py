"""The Runs page: the table, one run, the trash, and trying a run on new pictures."""
