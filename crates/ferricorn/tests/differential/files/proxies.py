forwarded_allow_ips = ",".join(["10.0.0.1", "10.0.0.2"])
secure_scheme_headers = {"X-FORWARDED-PROTOCOL": "ssl", "X-FORWARDED-PROTO": "https", "X-FORWARDED-SSL": "on"}
proxy_allow_ips = "127.0.0.1"
forwarder_headers = "SCRIPT_NAME,PATH_INFO"
header_map = "drop"
