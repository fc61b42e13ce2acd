"""The files of an exported run: a table of formats, and one module for each kind of file."""
