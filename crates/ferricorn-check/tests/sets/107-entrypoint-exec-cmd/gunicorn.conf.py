import multiprocessing
import os

bind = "0.0.0.0:" + os.getenv("PORT", "8000")
workers = min(multiprocessing.cpu_count() * 2 + 1, int(os.getenv("MAX_WORKERS", "4")))
worker_class = "uvicorn.workers.UvicornWorker"
worker_tmp_dir = "/dev/shm"
forwarded_allow_ips = "*"
