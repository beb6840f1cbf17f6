import json

_settings = json.loads('{"workers": 6, "bind": "127.0.0.1:8765", "timeout": 33}')
globals().update(_settings)
