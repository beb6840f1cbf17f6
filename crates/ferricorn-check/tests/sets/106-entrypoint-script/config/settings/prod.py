from .base import DEBUG

__all__ = ["DEBUG"]
