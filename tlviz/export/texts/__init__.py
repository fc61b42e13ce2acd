"""Text encoders taken home: folders that transformers opens, graphs, programs and their checks."""
