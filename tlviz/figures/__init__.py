"""Pictures: data in, plotly figure or image bytes out."""
