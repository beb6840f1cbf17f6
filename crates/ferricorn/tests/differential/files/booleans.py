preload_app = True
capture_output = False
reload = False
reuse_port = False
initgroups = False
sendfile = True
daemon = False
permit_obsolete_folding = False
