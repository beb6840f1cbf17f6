import os

user = "nobody"
group = os.environ.get("SHOP_GROUP", "daemon")
umask = "0o027"
initgroups = True
proc_name = "shop"
pidfile = None
