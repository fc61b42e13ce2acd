"""Where runs are executed: on this machine, or as jobs of a cluster's scheduler."""
