import logging

log = logging.getLogger(__name__)
post_fork = lambda server, worker: log.info("fork")  # noqa: E731
when_ready = lambda server: None  # noqa: E731
pre_request = lambda worker, req: worker.log.debug("%s", req.path)  # noqa: E731
post_request = lambda worker, req, environ, resp: None  # noqa: E731
workers = 2
