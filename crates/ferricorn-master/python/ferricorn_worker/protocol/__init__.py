"""uvicorn's HTTP/1.1 protocols: what we change in them, and what we need to know of a connection."""
