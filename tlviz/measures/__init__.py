"""Measures: pure functions on tensors and numbers, one file each, tested against known answers."""
