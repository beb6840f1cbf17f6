import ssl

bind = "0.0.0.0:8443"
certfile = "cert.pem"
keyfile = "key.pem"
ca_certs = None
cert_reqs = ssl.CERT_OPTIONAL
ciphers = "ECDHE+AESGCM"
do_handshake_on_connect = False
