import os

if os.environ.get("ENVIRONMENT", "production") == "production":
    workers = 4
    loglevel = "warning"
else:
    workers = 1
    reload = True
    loglevel = "debug"
for name in ("timeout", "graceful_timeout"):
    globals()[name] = 75
