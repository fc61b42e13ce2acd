"""What the pages share: session keys, cached loading, widgets and panels."""
