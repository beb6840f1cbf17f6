workers = "3"
timeout = "0x3c"
keepalive = " 7 "
backlog = "1_024"
preload_app = "False"
max_requests = True
limit_request_line = "0"
