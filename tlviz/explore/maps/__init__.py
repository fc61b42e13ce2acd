"""What each stage and layer makes of a picture: feature maps, receptive fields, edited pictures."""
