import math
import os


def processors():
    try:
        with open("/sys/fs/cgroup/cpu.max") as stream:
            quota, period = stream.read().split()
        return 2 if quota == "max" else max(1, math.ceil(int(quota) / int(period)))
    except OSError:
        return 2


workers = processors()
bind = "0.0.0.0:8080"
graceful_timeout = 25
worker_class = "uvicorn.workers.UvicornH11Worker"
loglevel = os.environ.get("LEVEL", "debug")
