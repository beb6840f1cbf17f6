//! What Python processes inherit of the master's environment.

use std::{collections::BTreeMap, env, ffi::OsString};

/// What a worker inherits of our environment, with what the user has set for the application. `given` is the stronger.
pub(crate) fn for_worker(version: &str, given: &[(String, String)]) -> Vec<(OsString, OsString)> {
    // `gunicorn` is in it because applications look for the word to find out that they are served.
    let server_software = format!("ferricorn/{version} (gunicorn compatible)");
    let private = [
        "LISTEN_PID",
        "LISTEN_FDS",
        "LISTEN_FDNAMES",
        "NOTIFY_SOCKET",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
        "SERVER_SOFTWARE",
        ferricorn_wire::upgrade::VARIABLE,
    ];
    let mut environment: BTreeMap<OsString, OsString> =
        env::vars_os().filter(|(name, _)| !private.iter().any(|it| name == it)).collect();
    environment.insert("SERVER_SOFTWARE".into(), server_software.into());
    environment.extend(given.iter().map(|(name, value)| (name.into(), value.into())));
    environment.into_iter().collect()
}
