import multiprocessing

bind = "0.0.0.0:8000"
worker_class = "uvicorn.workers.UvicornWorker"
workers = (multiprocessing.cpu_count() * 3) / 2
gracefull_timeout = 20
timeout = 60
accesslogs = "-"
max_requests, max_requests_jitter = 1000, 100
