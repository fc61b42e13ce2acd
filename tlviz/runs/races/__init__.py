"""Several runs on equal terms: the plan, the standings, and the verdict."""
