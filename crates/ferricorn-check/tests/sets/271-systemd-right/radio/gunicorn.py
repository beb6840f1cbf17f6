import multiprocessing
import os

worker_class = "uvicorn_worker.UvicornWorker"
workers = int(os.getenv("WEB_CONCURRENCY", multiprocessing.cpu_count()))
graceful_timeout = 40
keepalive = 75


def when_ready(server):
    server.log.info("ready")
