workers = 1
loglevel = "INFO".lower()
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "INFO", "handlers": ["console"]},
}
access_log_format = '%(h)s "%(r)s" %(s)s %(D)s "%({x-request-id}i)s"'
