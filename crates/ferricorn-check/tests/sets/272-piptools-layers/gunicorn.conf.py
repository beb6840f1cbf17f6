import os

bind = f"0.0.0.0:{os.environ['PORT']}"
worker_class = "uvicorn.workers.UvicornWorker"
workers = 2
