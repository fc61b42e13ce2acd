"""The Target page: bringing images in, what they are, and what the doctor found."""
