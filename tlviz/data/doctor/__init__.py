"""What is wrong with a set of images: single files, copies, the set as a whole."""
