"""What is different in a worker with `--reload`; not imported by others."""
