"""ferricorn's own HTTP/1.1 protocol: `extension` loads its native half, `natives` is what the worker asks of it."""
