"""gunicorn's hooks."""
