"""The overview page: what is done and what comes next."""
