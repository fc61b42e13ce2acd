"""The Models page: the table, one network, and a checkpoint of one's own."""
