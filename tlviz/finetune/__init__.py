"""Fine-tuning: configuration, strategies and the engine that yields events."""

from tlviz.called import make_called

make_called(__name__)
