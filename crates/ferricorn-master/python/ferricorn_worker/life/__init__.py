"""The life of a worker, from its first message to its last."""
