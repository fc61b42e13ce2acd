"""Proving that the files of a bundle give the run's own answers, from the picture files, without this package."""
