"""tlviz: see, measure and try transfer learning on images.  Importing it imports no torch."""

__version__ = "0.1.0"
