"""The Feature maps page: the choice, the grid of stages, one channel, and what downloads."""
