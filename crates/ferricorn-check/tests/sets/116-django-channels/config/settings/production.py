from .base import SECRET_KEY

DEBUG = False
KEYS = [SECRET_KEY]
