"""Datasets: their sources, decoding, the doctor's checks, splits and augmentation."""
