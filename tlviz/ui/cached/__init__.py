"""What all tabs of the app share in memory, sorted by what is kept."""
