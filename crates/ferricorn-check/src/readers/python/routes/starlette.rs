//! Starlette's way to declare routes: a list of objects.

use std::rc::Rc;

use super::{
    Route,
    collect::{Collector, DEEPEST},
    definitions::verbs,
};
use crate::readers::python::{
    Module,
    tree::{Expr, Kind, argument, keyword},
};

impl Collector<'_> {
    /// Starlette's list of `Route`, `Mount` and `WebSocketRoute`.
    pub(super) fn starlette(&mut self, module: &Rc<Module>, list: &Expr, prefix: &str, depth: u32) {
        if depth > DEEPEST {
            return self.table.open(prefix);
        }
        let (items, module) = match &list.kind {
            Kind::List(items) | Kind::Tuple(items) => (items.clone(), Rc::clone(module)),
            _ => {
                let name = list.dotted().unwrap_or_default();
                let own = module.constant(&name).cloned().map(|own| (own, Rc::clone(module)));
                let found = own.or_else(|| {
                    let (other, name) = self.elsewhere(module, &name)?;
                    other.constant(&name).cloned().map(|own| (own, other))
                });
                match found {
                    Some((Expr { kind: Kind::List(items) | Kind::Tuple(items), .. }, module)) => {
                        (items, module)
                    }
                    _ => return self.table.open(prefix),
                }
            }
        };
        for item in &items {
            self.starlette_route(&module, item, prefix, depth);
        }
    }

    fn starlette_route(&mut self, module: &Rc<Module>, item: &Expr, prefix: &str, depth: u32) {
        let Some((function, arguments)) = item.call() else { return self.table.open(prefix) };
        let path = argument(arguments, 0, "path").and_then(|path| self.text(module, &path.value));
        let name = function.dotted().unwrap_or_default();
        let Some(path) = path else { return self.table.open(prefix) };
        match name.rsplit('.').next() {
            Some(kind @ ("Route" | "WebSocketRoute" | "APIRoute" | "APIWebSocketRoute")) => {
                let websocket = kind.contains("WebSocket");
                let verbs = if websocket { Vec::new() } else { verbs(arguments, "route") };
                let path = format!("{prefix}{path}");
                self.table.routes.push(Route { path, verbs, websocket, built_in: false, span: item.span });
            }
            Some("Mount") => {
                let below = format!("{prefix}{}", path.trim_end_matches('/'));
                match keyword(arguments, "routes") {
                    Some(routes) => self.starlette(module, &routes.value, &below, depth + 1),
                    None => self.table.open(&below),
                }
            }
            _ => self.table.open(prefix),
        }
    }
}
