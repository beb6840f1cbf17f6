import os
import socket


def count():
    quota = os.environ.get("CPU_LIMIT")
    return max(1, round(float(quota) * 2)) if quota else 2


def free(port):
    return f"{socket.inet_ntoa(bytes([127, 0, 0, 1]))}:{port}"


workers = count()
bind = free(8123)
proc_name = "shop"
