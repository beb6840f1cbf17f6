//! Whether the workers are root in a container, with all that root may do there.
//!
//! Owns: the evidence for both, from files, variables and `/proc`. Does not own: the log lines about it.
//! Invariant: what is not known for certain is not said: a process that is the first of its namespace, or has a variable
//! `container` that only its shell has set, need not be in a container.

use std::{collections::BTreeMap, env, ffi::OsString, fs, os::unix::ffi::OsStringExt as _, path::Path};

/// What Docker, Podman and systemd-nspawn leave in a container's files.
const MARKS: [&str; 3] = ["/.dockerenv", "/run/.containerenv", "/run/systemd/container"];

/// The capabilities by which root is more than another user with files of its own: to own, read and write the files of
/// others, to signal their processes, and to become them. Docker, Podman and Kubernetes leave all of them.
const OF_ROOT: u64 = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 7;

/// What is known of this process.
pub(super) struct Surroundings {
    /// One of the [`MARKS`] is there.
    marked: bool,
    /// The variables of this process.
    own: BTreeMap<OsString, OsString>,
    /// The variables of the first process of its namespace, if they may be read.
    first: BTreeMap<OsString, OsString>,
    /// `/proc/self/uid_map`.
    users: String,
    /// `/proc/self/status`.
    status: String,
}

impl Surroundings {
    pub(super) fn of_this_process() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            marked: MARKS.into_iter().map(Path::new).any(Path::exists),
            own: env::vars_os().collect(),
            first: variables(&fs::read("/proc/1/environ").unwrap_or_default()),
            users: read("/proc/self/uid_map"),
            status: read("/proc/self/status"),
        }
    }

    /// Whether this is a container for certain.
    pub(super) fn is_container(&self) -> bool {
        self.marked
            // What the runtime gives to the first process is not what a shell has exported.
            || self.first.get(&OsString::from("container")).is_some_and(|kind| !kind.is_empty())
            || self.own.contains_key(&OsString::from("KUBERNETES_SERVICE_HOST"))
    }

    /// Whether root has lost what makes it root: it is another user outside, has fewer capabilities than
    /// containers usually have, or cannot get more than it has.
    pub(super) fn is_restricted(&self) -> bool {
        let is_user_outside =
            self.users.split_whitespace().ne(["0", "0", "4294967295"]) && !self.users.is_empty();
        let capabilities = self.field("CapEff:").and_then(|text| u64::from_str_radix(text, 16).ok());
        let is_less = capabilities.is_some_and(|all| all & OF_ROOT != OF_ROOT);
        is_user_outside || is_less || self.field("NoNewPrivs:") == Some("1")
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
    }
}

/// The variables in a file of `/proc`.
fn variables(environ: &[u8]) -> BTreeMap<OsString, OsString> {
    let pairs = environ.split(|byte| *byte == 0).filter_map(|pair| {
        let middle = pair.iter().position(|byte| *byte == b'=')?;
        Some((pair[..middle].to_vec(), pair[middle + 1..].to_vec()))
    });
    pairs.map(|(name, value)| (OsString::from_vec(name), OsString::from_vec(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Docker's default.
    const STATUS: &str = "Name:\tferricorn\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t2\n";
    const USERS: &str = "         0          0 4294967295\n";

    fn machine() -> Surroundings {
        Surroundings {
            marked: false,
            own: variables(b"HOME=/root\0container=podman\0"),
            first: variables(b"HOME=/\0TERM=linux\0"),
            users: USERS.to_owned(),
            status: STATUS.to_owned(),
        }
    }

    #[test]
    fn a_container_is_known_by_what_its_runtime_leaves_and_not_by_what_anybody_may_export() {
        assert!(!machine().is_container());
        assert!(Surroundings { marked: true, ..machine() }.is_container());
        let first = variables(b"PATH=/bin\0container=oci\0");
        assert!(Surroundings { first, ..machine() }.is_container());
        let own = variables(b"KUBERNETES_SERVICE_HOST=10.96.0.1\0");
        assert!(Surroundings { own, ..machine() }.is_container());
    }

    #[test]
    fn root_is_restricted_where_it_is_somebody_else_outside_or_has_lost_something() {
        assert!(!machine().is_restricted(), "Docker's default takes nothing of this away");
        let unknown = Surroundings { users: String::new(), status: String::new(), ..machine() };
        assert!(!unknown.is_restricted());
        let mapped = "         0     100000      65536\n".to_owned();
        assert!(Surroundings { users: mapped, ..machine() }.is_restricted());
        for (was, is) in
            [("a80425fb", "00000000"), ("a80425fb", "a80425f9"), ("NoNewPrivs:\t0", "NoNewPrivs:\t1")]
        {
            let status = STATUS.replace(was, is);
            assert!(Surroundings { status: status.clone(), ..machine() }.is_restricted(), "{status}");
        }
    }
}
