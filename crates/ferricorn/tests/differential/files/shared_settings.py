backlog = 512
graceful_timeout = 45
