"""Building blocks that every page uses: strips, tiles, live charts, fields and tables."""
