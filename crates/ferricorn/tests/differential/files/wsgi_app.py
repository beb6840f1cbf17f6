wsgi_app = "shop.main:app"
chdir = "sub"
bind = ":7000"
worker_class = "uvicorn_worker.UvicornWorker"
