workers = 2
accesslog = "-"


def on_starting(server):
    server.log.info("starting")


def when_ready(server):
    server.log.info("ready")


def pre_fork(server, worker):
    pass


def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)


def post_worker_init(worker):
    worker.log.info("worker received INT or QUIT signal")


def worker_int(worker):
    pass


def worker_abort(worker):
    worker.log.info("worker received SIGABRT signal")


def worker_exit(server, worker):
    pass


def nworkers_changed(server, new_value, old_value):
    pass


def on_exit(server):
    pass
