"""The Attributions page: the question, the answers, the same at every stage, and whether to trust them."""
