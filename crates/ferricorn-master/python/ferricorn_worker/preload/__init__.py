"""Preload: one process loads the application, and workers are forked from it."""
