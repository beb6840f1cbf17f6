//! Follows an application through the files that give it routes.

use std::{collections::HashSet, rc::Rc};

use super::{
    Route, Table,
    definitions::{definition, factory_variable, in_loop, is_inner, is_parameter, parameter, verbs},
};
use crate::{
    readers::python::{
        Module,
        tree::{Argument, Expr, Kind, argument, keyword, walk_expressions},
    },
    text::Span,
};

/// How far routers are followed from one to the next.
pub(super) const DEEPEST: u32 = 24;
/// The most routes that are kept.
const MOST: usize = 5_000;

const VERBS: [&str; 8] = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];

/// Methods that may add a route: the path is their first argument.
const ADDING: [&str; 10] = [
    "api_route",
    "route",
    "websocket",
    "websocket_route",
    "add_api_route",
    "add_route",
    "add_websocket_route",
    "add_api_websocket_route",
    "host",
    "frontend",
];

/// Functions that get an application or a router and add no route to it. Those that include it somewhere are followed from
/// there.
const HARMLESS: [&str; 14] = [
    "include_router",
    "mount",
    "run",
    "Config",
    "TestClient",
    "AsyncClient",
    "ASGITransport",
    "print",
    "len",
    "isinstance",
    "serve",
    "Mangum",
    "repr",
    "instrument_app",
];

pub(super) struct Collector<'c> {
    pub(super) roots: &'c [&'c str],
    pub(super) load: &'c mut dyn FnMut(&str) -> Option<Rc<Module>>,
    seen: HashSet<(String, String, String)>,
    pub(super) table: Table,
}

impl<'c> Collector<'c> {
    pub(super) fn new(roots: &'c [&'c str], load: &'c mut dyn FnMut(&str) -> Option<Rc<Module>>) -> Self {
        Self { roots, load, seen: HashSet::new(), table: Table::default() }
    }

    pub(super) fn start(&mut self, path: &str, app: &str) {
        let Some(module) = (self.load)(path) else { return self.table.open("") };
        if module.errors > 0 {
            self.table.open("");
        }
        let receiver = factory_variable(&module, app).unwrap_or_else(|| app.to_owned());
        // The app itself may come from elsewhere: `from .application import app`.
        if definition(&module, &receiver).is_none()
            && let Some((module, name)) = self.elsewhere(&module, &receiver)
        {
            let receiver = factory_variable(&module, &name).unwrap_or(name);
            return self.receiver(&module, &receiver, "", 0);
        }
        self.receiver(&module, &receiver, "", 0);
    }

    /// Everything that a variable of a module gets, below `prefix`.
    fn receiver(&mut self, module: &Rc<Module>, name: &str, prefix: &str, depth: u32) {
        let key = (module.path.clone(), name.to_owned(), prefix.to_owned());
        if depth > DEEPEST || self.table.routes.len() > MOST {
            return self.table.open(prefix);
        }
        if !self.seen.insert(key) {
            return;
        }
        let prefix = match definition(module, name) {
            Some(made) => match self.made(module, made, prefix, depth) {
                Some(own) => own,
                None => return self.table.open(prefix),
            },
            // A parameter of a function: what it was made with has been seen by the caller.
            None if is_parameter(module, name) => prefix.to_owned(),
            None => return self.table.open(prefix),
        };
        self.uses(module, name, &prefix, depth);
    }

    /// What the call that makes an application or a router says; gives the prefix of all its routes.
    fn made(&mut self, module: &Rc<Module>, made: &Expr, prefix: &str, depth: u32) -> Option<String> {
        let (function, arguments) = made.call()?;
        let full = module.full_name(function)?;
        if keyword(arguments, "**").is_some() {
            self.table.open(prefix);
        }
        let routes = keyword(arguments, "routes");
        match full.rsplit('.').next()? {
            "FastAPI" => {
                self.built_in(module, arguments, prefix, made.span);
                self.listed(module, routes, prefix, depth);
                Some(prefix.to_owned())
            }
            "APIRouter" => {
                self.listed(module, routes, prefix, depth);
                self.prefixed(module, keyword(arguments, "prefix"), prefix)
            }
            "Starlette" | "Router" => {
                let routes =
                    argument(arguments, usize::from(full.ends_with("Starlette")), "routes").or(routes);
                self.listed(module, routes, prefix, depth);
                Some(prefix.to_owned())
            }
            // A middleware around another application of the file.
            last if last.starts_with(char::is_uppercase) => {
                let inner = arguments.first().and_then(|first| first.value.name())?;
                definition(module, inner).filter(|other| other.span != made.span)?;
                self.receiver(module, inner, prefix, depth + 1);
                Some(prefix.to_owned())
            }
            // The factory of another function.
            _ => {
                let (module, name) = self.function(module, function)?;
                let variable = factory_variable(&module, &name)?;
                self.receiver(&module, &variable, prefix, depth + 1);
                Some(prefix.to_owned())
            }
        }
    }

    /// The routes of an argument `routes=`.
    fn listed(&mut self, module: &Rc<Module>, routes: Option<&Argument>, prefix: &str, depth: u32) {
        if let Some(routes) = routes {
            self.starlette(module, &routes.value, prefix, depth);
        }
    }

    /// The paths that FastAPI adds.
    fn built_in(&mut self, module: &Module, arguments: &[Argument], prefix: &str, span: Span) {
        let path = |name: &str, default: &str| match keyword(arguments, name) {
            None => Some(Some(default.to_owned())),
            Some(own) if matches!(own.value.kind, Kind::None) => Some(None),
            Some(own) => module.text(&own.value).map(Some),
        };
        let Some(openapi) = path("openapi_url", "/openapi.json") else { return self.table.open(prefix) };
        if openapi.is_none() {
            return;
        }
        for path in [Some(openapi), path("docs_url", "/docs"), path("redoc_url", "/redoc")] {
            let Some(path) = path else {
                self.table.open(prefix);
                continue;
            };
            let verbs = vec!["GET".to_owned()];
            let route = |path| Route {
                path: format!("{prefix}{path}"),
                verbs,
                websocket: false,
                built_in: true,
                span,
            };
            self.table.routes.extend(path.map(route));
        }
    }

    /// `prefix` with that of an argument behind it; `None` if it is computed.
    fn prefixed(&mut self, module: &Rc<Module>, own: Option<&Argument>, prefix: &str) -> Option<String> {
        let Some(own) = own else { return Some(prefix.to_owned()) };
        let text = self.text(module, &own.value)?;
        Some(format!("{prefix}{}", text.trim_end_matches('/')))
    }

    /// A text, also of a constant that is imported: `API_V1`, `settings.API_V1` is not known.
    pub(super) fn text(&mut self, module: &Rc<Module>, value: &Expr) -> Option<String> {
        if let Some(text) = module.text(value) {
            return Some(text);
        }
        let (other, name) = self.elsewhere(module, &value.dotted()?)?;
        other.constant(&name).and_then(|constant| other.text(constant))
    }

    /// What a module does with the variable `name`.
    fn uses(&mut self, module: &Rc<Module>, name: &str, prefix: &str, depth: u32) {
        let module = &Rc::clone(module);
        let mut found = Vec::new();
        walk_expressions(&module.statements, &mut |expression, around| {
            if let Some((function, arguments)) = expression.call() {
                found.push((function, arguments, in_loop(around), expression.span));
            }
        });
        for (function, arguments, in_loop, span) in found {
            match &function.kind {
                Kind::Attribute(value, method) if value.dotted().as_deref() == Some(name) => {
                    self.method(module, method, arguments, prefix, depth, span, in_loop);
                }
                Kind::Attribute(value, method) if value.dotted().is_some_and(|own| is_inner(&own, name)) => {
                    // `app.router.…`, `app.routes.append`.
                    if method != "lifespan_context" {
                        self.table.open(prefix);
                    }
                }
                _ => self.passed(module, function, arguments, name, prefix, depth),
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn method(
        &mut self,
        module: &Rc<Module>,
        method: &str,
        arguments: &[Argument],
        prefix: &str,
        depth: u32,
        span: Span,
        in_loop: bool,
    ) {
        if VERBS.contains(&method) || ADDING.contains(&method) {
            let path = argument(arguments, 0, "path");
            let Some(path) = path.and_then(|path| self.text(module, &path.value)) else {
                return self.table.open(prefix);
            };
            let verbs = if VERBS.contains(&method) {
                vec![method.to_ascii_uppercase()]
            } else {
                verbs(arguments, method)
            };
            let websocket = method.contains("websocket");
            self.table.routes.push(Route {
                path: format!("{prefix}{path}"),
                verbs,
                websocket,
                built_in: false,
                span,
            });
            return;
        }
        match method {
            "include_router" => {
                let Some(below) = self.prefixed(module, keyword(arguments, "prefix"), prefix) else {
                    return self.table.open(prefix);
                };
                let router = argument(arguments, 0, "router").and_then(|router| router.value.dotted());
                let router = router.filter(|_| !in_loop);
                self.router(module, router.as_deref(), &below, depth);
            }
            "mount" => {
                let path = argument(arguments, 0, "path").and_then(|path| self.text(module, &path.value));
                let path = path.unwrap_or_default();
                self.table.open(&format!("{prefix}{}", path.trim_end_matches('/')));
            }
            "register_blueprint" | "include_routes" | "add_routes" | "extend" => self.table.open(prefix),
            _ => {}
        }
    }

    /// A router that is included.
    fn router(&mut self, module: &Rc<Module>, name: Option<&str>, prefix: &str, depth: u32) {
        let Some(name) = name else { return self.table.open(prefix) };
        if definition(module, name).is_some() {
            return self.receiver(module, name, prefix, depth + 1);
        }
        match self.elsewhere(module, name) {
            Some((other, name)) => self.receiver(&other, &name, prefix, depth + 1),
            None => self.table.open(prefix),
        }
    }

    /// A call that gets the application as an argument: a function of the repository is followed, others may do anything.
    fn passed(
        &mut self,
        module: &Rc<Module>,
        function: &Expr,
        arguments: &[Argument],
        name: &str,
        prefix: &str,
        depth: u32,
    ) {
        let at = arguments.iter().position(|argument| argument.value.dotted().as_deref() == Some(name));
        let Some(at) = at else { return };
        let last = match &function.kind {
            Kind::Attribute(_, method) => method.clone(),
            _ => function.name().unwrap_or("").to_owned(),
        };
        // A class that gets it is a middleware.
        if HARMLESS.contains(&last.as_str()) || last.starts_with(char::is_uppercase) {
            return;
        }
        let parameter = self.function(module, function).and_then(|(other, function)| {
            let parameter = parameter(&other, &function, at, arguments[at].name.as_deref())?;
            Some((other, parameter))
        });
        match parameter {
            Some((other, parameter)) => self.receiver(&other, &parameter, prefix, depth + 1),
            None => self.table.open(prefix),
        }
    }
}
