import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "uvicorn_worker.UvicornWorker"
timeout = 60
graceful_timeout = 20
keepalive = 95
accesslog = "-"


def on_starting(server):
    server.log.info("starting with %s workers", workers)
