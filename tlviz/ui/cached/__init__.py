"""What all tabs of the app share in memory: networks, targets, images, profiles and runs."""
