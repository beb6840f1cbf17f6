import os

bind = ["[::]:" + os.environ.get("PORT", "5006")]
graceful_timeout = 20
timeout = 20
keepalive = 95
reuse_port = True
preload_app = os.environ.get("GUNICORN_PRELOAD") == "1"
