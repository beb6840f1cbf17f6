bind = ["0.0.0.0:8000", "unix:/run/app.sock", "[::1]:8001"]
raw_env = ["A=1", "B=two words", "C=x=y"]
reload_extra_files = ["a.html", "b.html"]
