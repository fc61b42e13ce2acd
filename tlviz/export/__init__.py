"""Taking a run home: checked files with everything needed to use them."""
