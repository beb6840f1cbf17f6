from files.shared_settings import *  # noqa: F403
from files.shared_settings import backlog

workers = 2
bind = ["127.0.0.1:9001"]
backlog = backlog * 2
