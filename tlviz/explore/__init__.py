"""Looking inside a network: feature maps and guesses."""
