//! Compose files.
//!
//! How to use: `compose::read(&source)?` gives the services with what a rule may want of each; everything else is in
//! `service.node`. Of a `command` that is one line, compose itself makes words (quotes and backslashes as in a shell), and
//! **no shell runs them**: `$PORT` in it is put in by compose from the environment of the one who deploys, `$$PORT` reaches
//! the container as `$PORT`. A health check that is one line, or begins with `CMD-SHELL`, is run by `/bin/sh`.
//!
//! Invariant: a service that cannot be understood is there with what could be read.

use super::{
    duration,
    launch::{Launch, Setting, binary_megabytes, launch, processors, variables},
    yaml::{self, Node},
};
use crate::text::{Excerpt, Source, Span, Unreadable};

/// A compose file.
#[derive(Debug, Clone)]
pub struct Compose {
    /// All of it.
    pub root: Node,
    /// In order.
    pub services: Vec<Service>,
}

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// `image`.
    pub image: Option<Excerpt>,
    /// `build`.
    pub build: Option<Build>,
    /// `command`, in the place of the image's `CMD`.
    pub command: Option<Launch>,
    /// `entrypoint`, in the place of the image's.
    pub entrypoint: Option<Launch>,
    /// `environment`.
    pub environment: Vec<Setting>,
    /// `env_file`: the paths.
    pub env_files: Vec<Excerpt>,
    /// `ports` as far as they are written out.
    pub ports: Vec<Port>,
    /// `expose`.
    pub expose: Vec<Excerpt>,
    /// `healthcheck`.
    pub healthcheck: Option<Healthcheck>,
    /// `stop_signal`.
    pub stop_signal: Option<Excerpt>,
    /// `stop_grace_period`, with its seconds.
    pub stop_grace_period: Option<(Excerpt, f64)>,
    /// `init: true`.
    pub init: bool,
    /// The limit of memory in MiB, with its place.
    pub memory: Option<(f64, Span)>,
    /// The limit of processors, with its place.
    pub processors: Option<(f64, Span)>,
    /// `deploy.replicas` or `scale`.
    pub replicas: Option<(i64, Span)>,
    /// Whether it takes over another service's keys (`extends`), which are not put in here.
    pub extends: bool,
    /// All of it.
    pub node: Node,
}

/// `build`.
#[derive(Debug, Clone)]
pub struct Build {
    /// The directory; `.` if it is left out.
    pub context: Option<Excerpt>,
    /// The Dockerfile, relative to the context.
    pub dockerfile: Option<Excerpt>,
    /// The stage.
    pub target: Option<Excerpt>,
    /// All of it.
    pub span: Span,
}

/// An entry of `ports`.
#[derive(Debug, Clone)]
pub struct Port {
    /// Outside; `None` for any.
    pub published: Option<Excerpt>,
    /// In the container.
    pub target: Excerpt,
    /// The address outside, as `127.0.0.1`.
    pub address: Option<Excerpt>,
    /// All of it.
    pub span: Span,
}

/// `healthcheck`.
#[derive(Debug, Clone)]
pub struct Healthcheck {
    /// Whether it is switched off: `disable: true`, `test: NONE`.
    pub disabled: bool,
    /// The command; of a list without its first word `CMD` or `CMD-SHELL`.
    pub test: Option<Launch>,
    /// Whether `/bin/sh` runs it.
    pub shell: bool,
    /// All of it.
    pub span: Span,
}

impl Compose {
    /// A service by its name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }
}

/// Reads a compose file.
pub fn read(source: &Source) -> Result<Compose, Unreadable> {
    let file = yaml::read(source);
    if let Some(error) = file.error {
        return Err(error);
    }
    let none = || Unreadable::Format { line: 1, problem: "it has no services".to_owned() };
    let root =
        file.documents.into_iter().next().filter(|root| root.get("services").is_some()).ok_or_else(none)?;
    let entries = root.get("services").map_or_else(Vec::new, Node::entries);
    let services = entries.into_iter().filter_map(|entry| service(&entry.key, &entry.value)).collect();
    Ok(Compose { root, services })
}

fn service(key: &Node, node: &Node) -> Option<Service> {
    let value = |name: &str| node.get(name).and_then(Node::value).cloned();
    let grace = value("stop_grace_period");
    let limits = |name: &str| node.at(&["deploy", "resources", "limits", name]);
    let amount = |node: Option<&Node>, read: fn(&str) -> Option<f64>| {
        let node = node?;
        Some((read(node.str()?)?, node.span))
    };
    let replicas = node.at(&["deploy", "replicas"]).or_else(|| node.get("scale"));
    Some(Service {
        name: key.str()?.to_owned(),
        name_span: key.span,
        image: value("image"),
        build: node.get("build").filter(|build| !build.is_null()).map(build),
        command: node.get("command").and_then(launch),
        entrypoint: node.get("entrypoint").and_then(launch),
        environment: node.get("environment").map_or_else(Vec::new, variables),
        env_files: node.get("env_file").map_or_else(Vec::new, env_files),
        ports: node.get("ports").map_or(&[][..], Node::items).iter().filter_map(port).collect(),
        expose: node
            .get("expose")
            .map_or(&[][..], Node::items)
            .iter()
            .filter_map(Node::value)
            .cloned()
            .collect(),
        healthcheck: node.get("healthcheck").map(healthcheck),
        stop_signal: value("stop_signal"),
        stop_grace_period: grace.and_then(|grace| duration::go(grace.text()).map(|seconds| (grace, seconds))),
        init: node.get("init").and_then(Node::str) == Some("true"),
        memory: amount(limits("memory").or_else(|| node.get("mem_limit")), binary_megabytes),
        processors: amount(limits("cpus").or_else(|| node.get("cpus")), processors),
        replicas: replicas.and_then(|replicas| Some((replicas.integer()?, replicas.span))),
        extends: node.get("extends").is_some(),
        node: node.clone(),
    })
}

fn build(node: &Node) -> Build {
    let value = |name: &str| node.get(name).and_then(Node::value).cloned();
    let context = node.value().cloned().or_else(|| value("context"));
    Build { context, dockerfile: value("dockerfile"), target: value("target"), span: node.span }
}

/// A path, a list of paths, or a list of `path: …`.
fn env_files(node: &Node) -> Vec<Excerpt> {
    let one = node.value().cloned();
    let items =
        node.items().iter().filter_map(|item| item.value().or_else(|| item.get("path")?.value()).cloned());
    one.into_iter().chain(items).collect()
}

/// `8000`, `80:8000`, `127.0.0.1:80:8000/tcp`, or `target: …`. Ports that hold a variable are taken as they are.
fn port(node: &Node) -> Option<Port> {
    if node.is_mapping() {
        let value = |name: &str| node.get(name).and_then(Node::value).cloned();
        let (published, address) = (value("published"), value("host_ip"));
        return Some(Port { published, target: value("target")?, address, span: node.span });
    }
    let value = node.value()?;
    let text = value.text();
    let end = text.rfind('/').unwrap_or(text.len());
    // A `:` inside `${NAME:-8000}` separates nothing.
    let mut open = 0_usize;
    let mut colons = Vec::new();
    for (at, letter) in text[..end].char_indices() {
        match letter {
            '{' | '[' => open += 1,
            '}' | ']' => open = open.saturating_sub(1),
            ':' if open == 0 => colons.push(at),
            _ => {}
        }
    }
    let last = colons.pop();
    let target = value.part(last.map_or(0, |at| at + 1)..end);
    let before = colons.pop();
    let published = last.map(|last| value.part(before.map_or(0, |at| at + 1)..last));
    let address = before.map(|before| value.part(0..before));
    Some(Port { published, target, address, span: value.whole() })
}

fn healthcheck(node: &Node) -> Healthcheck {
    let mut check = Healthcheck {
        disabled: node.get("disable").and_then(Node::str) == Some("true"),
        test: node.get("test").and_then(launch),
        shell: true,
        span: node.span,
    };
    if let Some(Launch::Words(words)) = &mut check.test {
        match words.first().map(Excerpt::text) {
            Some("NONE") => check.disabled = true,
            Some("CMD-SHELL") => {
                let line = words.get(1).cloned();
                check.test = line.map(|line| Launch::Line(line, yaml::Style::Double));
            }
            _ => {
                check.shell = false;
                words.drain(..usize::from(words.first().is_some_and(|first| first.text() == "CMD")));
            }
        }
    }
    check
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn services_are_read() {
        let source = Source::of_text(
            "docker-compose.yml",
            "x-common: &common\n  restart: always\n  environment:\n    A: b\nservices:\n  web:\n    <<: *common\n    build:\n      context: .\n      target: prod\n\
             \x20   command: gunicorn a:b --bind 0.0.0.0:8000\n    ports: [\"127.0.0.1:80:8000/tcp\", 9000, \"${P:-1}:2\"]\n    stop_grace_period: 1m30s\n    init: true\n\
             \x20   healthcheck:\n      test: [\"CMD\", \"curl\", \"-f\", \"http://localhost\"]\n    deploy:\n      replicas: 2\n      resources:\n        limits: {cpus: \"0.5\", memory: 512M}\n\
             \x20 db:\n    image: postgres:16\n    environment: [\"POSTGRES_PASSWORD=x=y\", \"FROM_OUTSIDE\"]\n    healthcheck:\n      test: pg_isready\n    env_file: .env\n  empty:\n",
        );
        let file = read(&source).unwrap();
        assert_eq!(
            file.services.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(),
            ["web", "db", "empty"]
        );
        let web = file.service("web").unwrap();
        assert_eq!(web.build.as_ref().unwrap().target.as_ref().unwrap().text(), "prod");
        assert!(matches!(&web.command, Some(Launch::Line(line, _)) if line.text().starts_with("gunicorn")));
        assert_eq!(web.environment[0].name, "A");
        let ports: Vec<_> = web
            .ports
            .iter()
            .map(|port| (port.published.as_ref().map(Excerpt::text), port.target.text()))
            .collect();
        assert_eq!(ports, [(Some("80"), "8000"), (None, "9000"), (Some("${P:-1}"), "2")]);
        assert_eq!(web.ports[0].address.as_ref().unwrap().text(), "127.0.0.1");
        assert!(
            web.init
                && web.stop_grace_period.as_ref().is_some_and(|(_, seconds)| (*seconds - 90.0).abs() < 0.1)
        );
        let check = web.healthcheck.as_ref().unwrap();
        assert!(
            !check.shell && matches!(&check.test, Some(Launch::Words(words)) if words[0].text() == "curl")
        );
        assert!(
            web.memory.is_some_and(|(memory, _)| (memory - 512.0).abs() < 0.1)
                && web.replicas.is_some_and(|(replicas, _)| replicas == 2)
        );
        let db = file.service("db").unwrap();
        assert!(db.healthcheck.as_ref().unwrap().shell && db.env_files.len() == 1);
        let values: Vec<_> = db
            .environment
            .iter()
            .map(|one| (one.name.as_str(), one.value.as_ref().map(Excerpt::text)))
            .collect();
        assert_eq!(values, [("POSTGRES_PASSWORD", Some("x=y")), ("FROM_OUTSIDE", None)]);
        assert!(
            read(&Source::of_text("compose.yml", "a: b")).is_err()
                && read(&Source::of_text("compose.yml", "a: [")).is_err()
        );
    }
}
