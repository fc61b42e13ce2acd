"""Measuring a target with a network: the layer profile and its advice, suspicious labels, the dataset doctor."""
