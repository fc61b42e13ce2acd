"""The Fine-tune page: the form, what will train, the range test, and the running run."""
