"""The life of connections: accepting and draining."""
