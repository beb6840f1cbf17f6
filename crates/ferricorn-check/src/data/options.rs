//! From which version on uvicorn and gunicorn have an option, as their own `--help` said on 2026-11-30.
//!
//! An option that is not here is older than every version that is still in use (uvicorn 0.18, gunicorn 20.1).
//! `scripts/make_tables.py options` asks the releases and prints this table anew.

use super::Origin;

/// Where this is from.
pub const ORIGIN: Origin = Origin {
    name: "options",
    holds: "first versions of uvicorn and gunicorn with an option",
    date: "2026-11-30",
    source: "--help of each release",
};

/// A package, its option without dashes, and the first version with it.
pub const SINCE: [(&str, &str, &str); 34] = [
    ("uvicorn", "timeout-graceful-shutdown", "0.22.0"),
    ("uvicorn", "ws-max-queue", "0.23.0"),
    ("uvicorn", "timeout-worker-healthcheck", "0.37.0"),
    ("uvicorn", "limit-max-requests-jitter", "0.41.0"),
    ("uvicorn", "reset-contextvars", "0.45.0"),
    ("uvicorn", "http2", "0.53.0"),
    ("gunicorn", "log-config-json", "21.0.0"),
    ("gunicorn", "casefold-http-method", "22.0.0"),
    ("gunicorn", "header-map", "22.0.0"),
    ("gunicorn", "permit-unconventional-http-method", "22.0.0"),
    ("gunicorn", "permit-unconventional-http-version", "22.0.0"),
    ("gunicorn", "forwarder-headers", "23.0.0"),
    ("gunicorn", "permit-obsolete-folding", "23.0.0"),
    ("gunicorn", "asgi-lifespan", "24.0.0"),
    ("gunicorn", "asgi-loop", "24.0.0"),
    ("gunicorn", "enable-backlog-metric", "24.0.0"),
    ("gunicorn", "protocol", "24.0.0"),
    ("gunicorn", "root-path", "24.0.0"),
    ("gunicorn", "uwsgi-allow-from", "24.0.0"),
    ("gunicorn", "dirty-app", "25.0.0"),
    ("gunicorn", "dirty-graceful-timeout", "25.0.0"),
    ("gunicorn", "dirty-threads", "25.0.0"),
    ("gunicorn", "dirty-timeout", "25.0.0"),
    ("gunicorn", "dirty-workers", "25.0.0"),
    ("gunicorn", "http-protocols", "25.0.0"),
    ("gunicorn", "http2-initial-window-size", "25.0.0"),
    ("gunicorn", "http2-max-concurrent-streams", "25.0.0"),
    ("gunicorn", "http2-max-frame-size", "25.0.0"),
    ("gunicorn", "http2-max-header-list-size", "25.0.0"),
    ("gunicorn", "asgi-disconnect-grace-period", "25.0.3"),
    ("gunicorn", "control-socket", "25.1.0"),
    ("gunicorn", "control-socket-mode", "25.1.0"),
    ("gunicorn", "no-control-socket", "25.1.0"),
    ("gunicorn", "http-parser", "25.2.0"),
];
