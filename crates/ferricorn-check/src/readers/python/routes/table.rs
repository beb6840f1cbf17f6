//! A finished table of routes.

use crate::text::Span;

/// What an application serves.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Every route that was found.
    pub routes: Vec<Route>,
    /// Prefixes below which there may be more: a mount, a router of a package, a path that is computed.
    pub open: Vec<String>,
}

/// One path.
#[derive(Debug, Clone)]
pub struct Route {
    /// With all prefixes. Parameters stay in their braces.
    pub path: String,
    /// `GET`, `POST`, …; empty for all (and for a WebSocket).
    pub verbs: Vec<String>,
    /// Whether it is a WebSocket.
    pub websocket: bool,
    /// Whether the framework adds it by itself (`/docs`).
    pub built_in: bool,
    /// Where it is declared.
    pub span: Span,
}

impl Table {
    /// Whether something answers `GET path`; `None` if that is not known.
    pub fn serves(&self, path: &str) -> Option<bool> {
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let answers = |route: &&Route| {
            let get = route.verbs.is_empty() || route.verbs.iter().any(|verb| verb == "GET");
            get && !route.websocket && matches(&route.path, path)
        };
        if self.routes.iter().any(|route| answers(&route)) {
            return Some(true);
        }
        let below = |prefix: &String| {
            let prefix = prefix.trim_end_matches('/');
            // A parameter in a prefix may stand for anything.
            prefix.contains('{')
                || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if self.open.iter().any(below) { None } else { Some(false) }
    }

    /// Whether everything was read.
    pub fn is_whole(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether a WebSocket was found.
    pub fn has_websocket(&self) -> bool {
        self.routes.iter().any(|route| route.websocket)
    }

    pub(super) fn open(&mut self, prefix: &str) {
        if !self.open.iter().any(|known| known == prefix) {
            self.open.push(prefix.to_owned());
        }
    }
}

/// Whether a route answers a path. A slash at the end makes no difference: frameworks redirect, and a redirection counts.
fn matches(route: &str, path: &str) -> bool {
    let parts =
        |path: &'_ str| -> Vec<String> { path.trim_end_matches('/').split('/').map(str::to_owned).collect() };
    let (route, path) = (parts(route), parts(path));
    for (at, part) in route.iter().enumerate() {
        if part.contains(":path}") {
            return path.len() > at;
        }
        let Some(own) = path.get(at) else { return false };
        if !(part == own || part.contains('{') && !own.is_empty()) {
            return false;
        }
    }
    route.len() == path.len()
}
