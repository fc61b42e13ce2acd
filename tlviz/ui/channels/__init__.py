"""The Channels page: one channel in pictures, the whole stage as a table, before and after a run."""
