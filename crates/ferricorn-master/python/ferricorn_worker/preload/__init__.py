"""Preload: one process loads the application, and workers are forked of it."""
