# The variables and rules of the uvicorn-gunicorn image's file, written anew.
import json
import multiprocessing
import os


def setting(name, default):
    return os.getenv(name, default)


per_core = float(setting("WORKERS_PER_CORE", "1"))
most = int(setting("MAX_WORKERS", "0"))
asked = os.getenv("WEB_CONCURRENCY")
if asked:
    processes = int(asked)
    assert processes > 0
else:
    processes = max(int(per_core * multiprocessing.cpu_count()), 2)
    if most:
        processes = min(processes, most)

host = setting("HOST", "0.0.0.0")
port = setting("PORT", "80")

loglevel = setting("LOG_LEVEL", "info")
workers = processes
bind = os.getenv("BIND") or f"{host}:{port}"
errorlog = setting("ERROR_LOG", "-") or None
worker_tmp_dir = "/dev/shm"
accesslog = setting("ACCESS_LOG", "-") or None
graceful_timeout = int(setting("GRACEFUL_TIMEOUT", "120"))
timeout = int(setting("TIMEOUT", "120"))
keepalive = int(setting("KEEP_ALIVE", "5"))

print(json.dumps({"loglevel": loglevel, "workers": workers, "bind": bind, "host": host, "port": port}))
