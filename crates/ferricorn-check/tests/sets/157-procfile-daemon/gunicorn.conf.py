import multiprocessing
import os

bind = f"0.0.0.0:{os.environ['PORT']}"
workers = multiprocessing.cpu_count() / 2
worker_class = "uvicorn.workers.UvicornWorker"
keep_alive = 75
