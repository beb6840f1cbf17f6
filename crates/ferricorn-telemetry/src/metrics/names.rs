//! The registry: every metric by its name, its type, its labels, and one sentence that says what is counted.
//!
//! Invariant: a metric has one entry, wherever it is shown; names and labels stay, because people's alerts use them.

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many were at most as large as each bound.
    Histogram,
    /// A sum and a count.
    Summary,
}

impl Kind {
    /// The word of the text forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name; a counter's ends with `_total`.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// The labels of its series, `le` apart.
    pub labels: &'static [&'static str],
    /// What is counted.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident $kind:ident $name:literal $labels:tt $help:literal)*) => {
        $(
            #[doc = $help]
            pub const $constant: Metric =
                Metric { name: $name, kind: Kind::$kind, labels: &$labels, help: $help };
        )*
        /// All metrics.
        pub const ALL: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    REQUESTS Counter "ferricorn_http_requests_total" ["code"]
        "HTTP requests by the status code of their response; 499: the client closed the connection before there was one."
    DURATION Histogram "ferricorn_http_request_duration_seconds" ["code_class"]
        "Time from the head of a request (httptools, h11: its first byte on a kept connection) to the last byte of its response."
    FIRST_BYTE Histogram "ferricorn_http_response_first_byte_seconds" []
        "Time from the head of a request (httptools, h11: its first byte on a kept connection) to the first byte of its response."
    ABORTED Counter "ferricorn_http_requests_aborted_total" ["by"]
        "HTTP requests whose connection was closed before the response was complete, by the client or by the worker."
    CUT Counter "ferricorn_http_requests_cut_total" []
        "HTTP requests that were cut because the graceful timeout of their worker was over."
    HANDSHAKES Counter "ferricorn_websocket_handshakes_total" ["code"]
        "Handshakes of WebSockets by the status code of the answer; 101: the WebSocket was opened."
    WEBSOCKETS Gauge "ferricorn_websockets_open" []
        "WebSockets that are open."
    ACCEPTED Counter "ferricorn_connections_accepted_total" []
        "Connections that workers have accepted."
    HANDED_OVER Counter "ferricorn_connections_handed_over_total" []
        "Idle connections that a worker which stops has handed to another one."
    LAG Histogram "ferricorn_event_loop_lag_seconds" []
        "How late the event loops of the workers ran their ticks, of which there are ten a second."
    CPU Counter "ferricorn_workers_cpu_seconds_total" ["mode"]
        "Processor time that workers have taken, as of their last heartbeat."
    QUEUE Gauge "ferricorn_listen_queue_connections" ["listener"]
        "Connections that wait to be accepted."
    QUEUE_LIMIT Gauge "ferricorn_listen_queue_limit" ["listener"]
        "How many connections may wait to be accepted."
    QUEUE_PEAK Gauge "ferricorn_listen_queue_peak_connections" ["listener"]
        "The most connections that waited to be accepted in the last 60 seconds, looked at ten times a second."
    WORKERS Gauge "ferricorn_workers" ["state"]
        "Worker processes by what they do; silent: the event loop does not run."
    TARGET Gauge "ferricorn_workers_target" []
        "How many workers are wanted."
    EXITS Counter "ferricorn_worker_exits_total" ["cause"]
        "Workers that have ended, by the cause that the log names."
    BOOTS Counter "ferricorn_worker_boots_total" ["outcome"]
        "Boots of workers by their outcome."
    BOOT_SECONDS Summary "ferricorn_worker_boot_seconds" []
        "Time that workers took from their start until they were ready."
    HANGS Counter "ferricorn_worker_hangs_total" []
        "How often an event loop was found blocked."
    RELOADS Counter "ferricorn_reloads_total" ["outcome"]
        "Reloads by their outcome."
    UPGRADES Counter "ferricorn_upgrades_total" ["outcome"]
        "Upgrades of the master by their outcome."
    GENERATION Gauge "ferricorn_generation" []
        "The number of the generation that serves; each reload begins a new one."
    FROZEN Gauge "ferricorn_recycling_frozen" []
        "1 while no worker is recycled because the last reload was rejected."
    RELOADING Gauge "ferricorn_reloading" []
        "1 while a reload is under way."
    STOPPING Gauge "ferricorn_stopping" []
        "1 while the service stops."
    WORKER_CONNECTIONS Gauge "ferricorn_worker_connections" ["slot", "state"]
        "Open connections of a worker."
    WORKER_IN_FLIGHT Gauge "ferricorn_worker_requests_in_flight" ["slot", "state"]
        "Requests that a worker is handling."
    WORKER_LAG Gauge "ferricorn_worker_event_loop_lag_seconds" ["slot", "state"]
        "How late the last tick of a worker's event loop was."
    WORKER_HEARTBEAT Gauge "ferricorn_worker_heartbeat_age_seconds" ["slot", "state"]
        "Time since a worker's event loop last ran."
    WORKER_OLDEST Gauge "ferricorn_worker_oldest_request_seconds" ["slot", "state"]
        "How long the oldest request of a worker has been under way; 0: there is none."
    WORKER_RESIDENT Gauge "ferricorn_worker_resident_memory_bytes" ["slot", "state"]
        "Resident memory of a worker, pages that it shares with others included."
    WORKER_ANONYMOUS Gauge "ferricorn_worker_anonymous_memory_bytes" ["slot", "state"]
        "Resident memory of a worker that belongs to no file: what a leak makes grow."
    WORKER_START Gauge "ferricorn_worker_start_time_seconds" ["slot", "state"]
        "When a worker was started, in seconds since 1970."
    WORKER_INFO Gauge "ferricorn_worker_info" ["slot", "state", "pid", "generation"]
        "1 for each worker process, with its pid."
    START Gauge "ferricorn_start_time_seconds" []
        "When the service was started, in seconds since 1970; an upgrade does not change it."
    BUILD Gauge "ferricorn_build_info" ["version", "python", "uvicorn", "loop", "http"]
        "1, with the versions of what runs."
    CLIENTS_REFUSED Counter "ferricorn_metrics_clients_refused_total" []
        "Connections to this endpoint that were closed because others took their place."
    PROCESS_MEMORY Gauge "process_resident_memory_bytes" []
        "Resident memory of the master."
    PROCESS_CPU Counter "process_cpu_seconds_total" []
        "Processor time that the master has taken."
    PROCESS_DESCRIPTORS Gauge "process_open_fds" []
        "Open file descriptors of the master."
    PROCESS_MOST_DESCRIPTORS Gauge "process_max_fds" []
        "How many file descriptors the master may have open."
    PROCESS_START Gauge "process_start_time_seconds" []
        "When the master was started, in seconds since 1970."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_that_promtool_checks() {
        for metric in ALL {
            let name = metric.name;
            assert!(name.starts_with("ferricorn_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind == Kind::Counter, "{name}");
            assert!(!metric.help.is_empty() && metric.help.ends_with('.'), "{name}");
            assert!(!metric.labels.contains(&"le"), "{name}");
        }
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len(), "a name is there twice");
    }
}
