"""What happens to images on their way into training: splits, augmentation, mixing."""
