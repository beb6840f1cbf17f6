import os

worker_class = "uvicorn.workers.UvicornWorker"
workers = int(os.environ.get("WORKERS", "2"))
