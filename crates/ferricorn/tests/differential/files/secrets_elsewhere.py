import os
from urllib.parse import urlparse

url = urlparse(os.environ.get("SERVICE_URL", "http://127.0.0.1:8055/x"))
bind = f"{url.hostname}:{url.port}"
statsd_prefix = "shop."
dogstatsd_tags = "env:prod,team:web"
