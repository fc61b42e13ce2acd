"""Fine-tuning: configuration, strategies and the engine that yields events."""
