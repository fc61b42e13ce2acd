"""Runs on disk: the run folder, its status, and starting a worker."""
