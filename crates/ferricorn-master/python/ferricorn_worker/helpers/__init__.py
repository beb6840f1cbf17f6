"""Processes that answer one question of the master and end."""
