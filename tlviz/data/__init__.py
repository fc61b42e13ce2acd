"""Images: what ships, folders, decoding, splits, augmentation."""
