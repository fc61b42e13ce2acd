"""The Measure page: the layer profile, its advice, and what followed from it."""
