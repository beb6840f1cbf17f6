import os

here = os.path.dirname(os.path.abspath("x"))
bind = "unix:/run/shop/gunicorn.sock"
umask = 0o007
backlog = 2048
user = None
group = None
pidfile = "/tmp/shop.pid"
