"""Figures: data in, a plotly figure or image bytes out."""
