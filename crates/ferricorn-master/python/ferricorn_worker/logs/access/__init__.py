"""The access log: its records, its formats, and the loggers that an application may have changed."""
