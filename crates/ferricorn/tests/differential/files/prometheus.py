import os

bind = "0.0.0.0:8000"
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", "/tmp/prometheus")


def child_exit(server, worker):
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
