"""Looking inside a network: feature maps, channels and attributions."""
