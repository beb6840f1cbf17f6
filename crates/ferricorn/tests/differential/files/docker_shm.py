worker_tmp_dir = "/dev/shm"
accesslog = "-"
errorlog = "-"
capture_output = True
enable_stdio_inheritance = True
reload = False
daemon = False
spew = False
