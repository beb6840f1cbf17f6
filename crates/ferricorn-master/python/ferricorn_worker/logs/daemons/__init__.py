"""syslog and statsd."""
