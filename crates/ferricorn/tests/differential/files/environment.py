import os

bind = f"0.0.0.0:{os.getenv('PORT', '8080')}"
workers = int(os.getenv("WEB_CONCURRENCY", "2"))
worker_class = os.environ.get("WORKER_CLASS", "uvicorn.workers.UvicornWorker")
loglevel = os.environ.get("LOG_LEVEL", "info")
timeout = int(os.environ.get("TIMEOUT", 60))
