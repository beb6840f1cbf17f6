"""The user's application: how it is found, loaded and wrapped."""
