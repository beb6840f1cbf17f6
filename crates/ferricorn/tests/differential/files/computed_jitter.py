import random

random.seed(7)
max_requests = 500 + 250
max_requests_jitter = int(max_requests * 0.1)
graceful_timeout = min(30, 60)
timeout = graceful_timeout + 15
