"""Tables of picture paths and labels: reading the text, finding the columns, finding the files."""
