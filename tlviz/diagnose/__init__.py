"""Looking at a target through a network: features, suspicious labels, the doctor of datasets."""
