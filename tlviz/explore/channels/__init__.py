"""What one channel is for: the images that excite it, its filter, a picture made to excite it."""
