"""Log lines: the error log, the access log, and where they go."""
