"""Measures: pure functions on tensors and numbers, each with its known answer in the tests."""
