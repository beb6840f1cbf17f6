//! The draft of the settings: every setting as an `Option`, filled by the table's entries. [`crate::resolve()`] makes
//! settings of it.

use std::time::Duration;

use crate::{
    settings::{Bind, StatsdAddress, SyslogAddress, UvicornValue},
    values::Value,
};

/// The settings that were given, each by the source that won. A text has been checked by its option's kind.
#[derive(Debug, Default)]
pub struct Draft {
    pub(crate) app: Option<String>,
    pub(crate) environment: Vec<String>,
    pub(crate) python_path: Option<String>,
    pub(crate) factory: Option<bool>,
    pub(crate) chdir: Option<String>,
    pub(crate) app_dir: Option<String>,
    pub(crate) python: Option<String>,
    pub(crate) binds: Vec<Bind>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) uds: Option<String>,
    pub(crate) descriptor: Option<i32>,
    pub(crate) umask: Option<u64>,
    pub(crate) backlog: Option<u64>,
    pub(crate) reuse_port: Option<bool>,
    pub(crate) listen: Option<String>,
    pub(crate) preload: Option<bool>,
    pub(crate) preload_always: Option<bool>,
    pub(crate) workers: Option<Value>,
    pub(crate) worker_class: Option<String>,
    pub(crate) worker_connections: Option<u64>,
    pub(crate) max_requests: Option<u64>,
    pub(crate) max_requests_jitter: Option<u64>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) slow_loop: Option<Duration>,
    pub(crate) graceful_timeout: Option<Duration>,
    pub(crate) boot_timeout: Option<Duration>,
    pub(crate) drain_delay: Option<Duration>,
    pub(crate) max_worker_lifetime: Option<Duration>,
    pub(crate) max_worker_lifetime_jitter: Option<Duration>,
    pub(crate) max_worker_memory: Option<Value>,
    pub(crate) reload: ReloadDraft,
    pub(crate) reload_probation: Option<Duration>,
    pub(crate) upgrade_timeout: Option<Duration>,
    pub(crate) pid_file: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) initgroups: Option<bool>,
    pub(crate) access_file: Option<String>,
    pub(crate) access_switch: Option<bool>,
    pub(crate) access_format: Option<String>,
    pub(crate) error_file: Option<String>,
    pub(crate) log_level: Option<String>,
    pub(crate) colors: Option<bool>,
    pub(crate) logs: LogDraft,
    pub(crate) metrics_bind: Option<Bind>,
    pub(crate) metrics_token_file: Option<String>,
    pub(crate) request_counts: Option<bool>,
    pub(crate) check_config: Option<bool>,
    pub(crate) print_config: Option<bool>,
    pub(crate) http: HttpDraft,
    pub(crate) uvicorn: Vec<(&'static str, UvicornValue)>,
}

/// What was given of the limits that the native protocol obeys.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HttpDraft {
    pub(crate) request_line: Option<u64>,
    pub(crate) fields: Option<u64>,
    pub(crate) field: Option<u64>,
    pub(crate) head_timeout: Option<Duration>,
}

/// What was given of the log, besides its level and its files.
#[derive(Debug, Default)]
pub(crate) struct LogDraft {
    pub(crate) format: Option<String>,
    pub(crate) config: Option<String>,
    pub(crate) config_json: Option<String>,
    pub(crate) dictionary: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) capture_output: Option<bool>,
    pub(crate) syslog: Option<bool>,
    pub(crate) syslog_to: Option<SyslogAddress>,
    pub(crate) syslog_prefix: Option<String>,
    pub(crate) syslog_facility: Option<String>,
    pub(crate) no_access_to_syslog: Option<bool>,
    pub(crate) statsd_host: Option<StatsdAddress>,
    pub(crate) statsd_prefix: Option<String>,
    pub(crate) dogstatsd_tags: Option<String>,
    pub(crate) backlog_metric: Option<bool>,
}

/// What was given of watching files.
#[derive(Debug, Default)]
pub(crate) struct ReloadDraft {
    pub(crate) on: Option<bool>,
    pub(crate) dirs: Vec<String>,
    pub(crate) includes: Vec<String>,
    pub(crate) excludes: Vec<String>,
    pub(crate) extra_files: Vec<String>,
    pub(crate) engine: Option<String>,
    pub(crate) delay: Option<Duration>,
    pub(crate) warm: Option<bool>,
}

impl Draft {
    /// Adds an option of uvicorn; one that takes several values grows.
    pub(crate) fn set_uvicorn(&mut self, name: &'static str, value: UvicornValue) {
        let known = self.uvicorn.iter_mut().find(|(known, _)| *known == name);
        match (known, value) {
            (Some((_, UvicornValue::Pairs(pairs))), UvicornValue::Pairs(more)) => pairs.extend(more),
            (_, value) => self.uvicorn.push((name, value)),
        }
    }
}
