//! `fly.toml`.
//!
//! How to use: `fly::read(&source)?` gives what a rule may want; everything else is in `root`. A process of `[processes]`
//! is split into words as a shell would, but no shell is known to run it. Without `[processes]` the image's `CMD` runs.
//! `kill_signal` is SIGINT and `kill_timeout` 5 s if they are not given.

use super::{
    duration,
    launch::{Setting, binary_megabytes, variables},
    toml,
    yaml::Node,
};
use crate::text::{Excerpt, Source, Span, Unreadable};

/// A `fly.toml`.
#[derive(Debug, Clone)]
pub struct Fly {
    /// All of it.
    pub root: Node,
    /// `app`.
    pub app: Option<Excerpt>,
    /// `[build] dockerfile`.
    pub dockerfile: Option<Excerpt>,
    /// `[build] image`.
    pub image: Option<Excerpt>,
    /// `[env]`.
    pub env: Vec<Setting>,
    /// `[processes]`: name and command.
    pub processes: Vec<(String, Excerpt)>,
    /// `kill_signal`.
    pub kill_signal: Option<Excerpt>,
    /// `kill_timeout` in seconds, with its place.
    pub kill_timeout: Option<(f64, Span)>,
    /// `[http_service]` and `[[services]]`.
    pub services: Vec<Service>,
    /// `[deploy] release_command`.
    pub release_command: Option<Excerpt>,
    /// The smallest memory of `[[vm]]` in MiB, with its place.
    pub memory: Option<(f64, Span)>,
    /// `destination` of each of `[mounts]`.
    pub mounts: Vec<Excerpt>,
}

/// A service that Fly leads requests to.
#[derive(Debug, Clone)]
pub struct Service {
    /// `internal_port`.
    pub internal_port: Option<(i64, Span)>,
    /// `processes`; empty for `app`, or all.
    pub processes: Vec<String>,
    /// The paths of its HTTP checks.
    pub check_paths: Vec<Excerpt>,
    /// All of it.
    pub span: Span,
}

/// Reads a `fly.toml`.
pub fn read(source: &Source) -> Result<Fly, Unreadable> {
    let root = toml::read(source)?;
    let value = |path: &[&str]| root.at(path).and_then(Node::value).cloned();
    let items = |key: &str| root.get(key).map_or_else(Vec::new, one_or_more);
    let services = items("http_service").into_iter().chain(items("services"));
    let processes = root.get("processes").map_or_else(Vec::new, Node::entries).into_iter();
    let timeout = root.get("kill_timeout").and_then(|node| {
        let text = node.str()?;
        // A bare number counts seconds.
        let seconds = text.parse().ok().or_else(|| duration::go(text))?;
        Some((seconds, node.span))
    });
    Ok(Fly {
        app: value(&["app"]),
        dockerfile: value(&["build", "dockerfile"]),
        image: value(&["build", "image"]),
        env: root.get("env").map_or_else(Vec::new, variables),
        processes: processes
            .filter_map(|entry| Some((entry.key.str()?.to_owned(), entry.value.value()?.clone())))
            .collect(),
        kill_signal: value(&["kill_signal"]),
        kill_timeout: timeout,
        services: services.map(service).collect(),
        release_command: value(&["deploy", "release_command"]),
        memory: items("vm").into_iter().filter_map(memory).min_by(|one, other| one.0.total_cmp(&other.0)),
        mounts: ["mounts", "mount"]
            .iter()
            .flat_map(|key| items(key))
            .filter_map(|mount| Some(mount.get("destination")?.value()?.clone()))
            .collect(),
        root: root.clone(),
    })
}

/// `[table]` or `[[table]]`.
fn one_or_more(node: &Node) -> Vec<&Node> {
    if node.is_mapping() { vec![node] } else { node.items().iter().collect() }
}

fn service(node: &Node) -> Service {
    let port = node.get("internal_port");
    let checks = ["checks", "http_checks"].iter().filter_map(|key| node.get(key)).flat_map(one_or_more);
    let processes = node.get("processes").map_or(&[][..], Node::items).iter();
    Service {
        internal_port: port.and_then(|port| Some((port.integer()?, port.span))),
        processes: processes.filter_map(Node::str).map(str::to_owned).collect(),
        check_paths: checks.filter_map(|check| Some(check.get("path")?.value()?.clone())).collect(),
        span: node.span,
    }
}

/// `memory = "512mb"`, `memory_mb = 512`, or a size with a number behind it as in `size = "shared-cpu-1x@512mb"`.
fn memory(node: &Node) -> Option<(f64, Span)> {
    if let Some(own) = node.get("memory") {
        let text = own.str()?;
        return Some((text.parse().ok().or_else(|| binary_megabytes(text))?, own.span));
    }
    let own = node.get("memory_mb")?;
    Some((own.str()?.parse().ok()?, own.span))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read() {
        let source = Source::of_text(
            "fly.toml",
            "app = 'x'\nkill_signal = 'SIGTERM'\nkill_timeout = '1m30s'\n[build]\ndockerfile = 'D'\n[env]\nPORT = '8080'\n[processes]\napp = 'uvicorn a:b'\nworker = 'python w.py'\n\
             [http_service]\ninternal_port = 8080\nprocesses = ['app']\n[[http_service.checks]]\npath = '/health'\n[[vm]]\nmemory = '1gb'\n[[vm]]\nmemory_mb = 256\n[mounts]\ndestination = '/data'\n",
        );
        let file = read(&source).unwrap();
        assert_eq!(
            file.processes.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["app", "worker"]
        );
        assert_eq!((file.kill_timeout.unwrap().0, file.memory.unwrap().0), (90.0, 256.0));
        assert_eq!(
            (file.services[0].internal_port.unwrap().0, file.services[0].check_paths[0].text()),
            (8080, "/health")
        );
        assert_eq!((file.mounts[0].text(), file.env[0].name.as_str()), ("/data", "PORT"));
        assert!(
            read(&Source::of_text("fly.toml", "kill_timeout = 300\n"))
                .unwrap()
                .kill_timeout
                .is_some_and(|(seconds, _)| seconds > 299.0)
        );
    }
}
