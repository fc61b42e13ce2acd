"""Text encoders of the transformers library: folders and the hub, stages, splitting."""
