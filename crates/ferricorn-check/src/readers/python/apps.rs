//! Applications: objects, and functions that make one.

use super::{
    Module,
    tree::{Argument, Expr, Function, Kind, Line, Statement, keyword, walk},
    values::binds,
};
use crate::text::Span;

/// How a server calls an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// `await app(scope, receive, send)`.
    Asgi,
    /// `app(environ, start_response)`.
    Wsgi,
    /// Neither: it brings a server of its own.
    Own,
}

/// What an application is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Framework {
    FastApi,
    Starlette,
    DjangoAsgi,
    DjangoWsgi,
    Channels,
    Flask,
    Quart,
    Litestar,
    Sanic,
    SocketIo,
    Falcon,
    FalconAsgi,
    Blacksheep,
    Aiohttp,
    WsgiToAsgi,
    Bottle,
}

const FRAMEWORKS: [(&str, Framework, Interface); 22] = [
    ("fastapi.FastAPI", Framework::FastApi, Interface::Asgi),
    ("fastapi.applications.FastAPI", Framework::FastApi, Interface::Asgi),
    ("starlette.applications.Starlette", Framework::Starlette, Interface::Asgi),
    ("django.core.asgi.get_asgi_application", Framework::DjangoAsgi, Interface::Asgi),
    ("django.core.wsgi.get_wsgi_application", Framework::DjangoWsgi, Interface::Wsgi),
    ("channels.routing.ProtocolTypeRouter", Framework::Channels, Interface::Asgi),
    ("flask.Flask", Framework::Flask, Interface::Wsgi),
    ("quart.Quart", Framework::Quart, Interface::Asgi),
    ("litestar.Litestar", Framework::Litestar, Interface::Asgi),
    ("sanic.Sanic", Framework::Sanic, Interface::Asgi),
    ("socketio.ASGIApp", Framework::SocketIo, Interface::Asgi),
    ("socketio.asgi.ASGIApp", Framework::SocketIo, Interface::Asgi),
    ("falcon.App", Framework::Falcon, Interface::Wsgi),
    ("falcon.API", Framework::Falcon, Interface::Wsgi),
    ("falcon.asgi.App", Framework::FalconAsgi, Interface::Asgi),
    ("blacksheep.Application", Framework::Blacksheep, Interface::Asgi),
    ("aiohttp.web.Application", Framework::Aiohttp, Interface::Own),
    ("asgiref.wsgi.WsgiToAsgi", Framework::WsgiToAsgi, Interface::Asgi),
    ("a2wsgi.WSGIMiddleware", Framework::WsgiToAsgi, Interface::Asgi),
    ("bottle.Bottle", Framework::Bottle, Interface::Wsgi),
    ("FastAPI", Framework::FastApi, Interface::Asgi),
    ("Starlette", Framework::Starlette, Interface::Asgi),
];

impl Framework {
    /// How a server calls it.
    pub fn interface(self) -> Interface {
        let found = FRAMEWORKS.iter().find(|(_, framework, _)| *framework == self);
        found.map_or(Interface::Asgi, |(_, _, interface)| *interface)
    }
}

/// A variable that holds an application.
#[derive(Debug, Clone)]
pub struct App {
    /// The variable; of an attribute the whole of it (`self.app`).
    pub name: String,
    /// What it is made with. A middleware around an application counts as that application.
    pub framework: Framework,
    /// Whether the variable is one of the module, and not of a function.
    pub top_level: bool,
    /// The arguments, e.g. `docs_url=None`.
    pub arguments: Vec<Argument>,
    /// The statement.
    pub span: Span,
}

/// A function that returns an application.
#[derive(Debug, Clone)]
pub struct Factory {
    /// Its name.
    pub name: String,
    /// What the application is made with.
    pub framework: Framework,
    /// Parameters without a default: a server cannot call it if there are any.
    pub required_parameters: usize,
    /// Its name in the file.
    pub span: Span,
}

impl Module {
    /// Every variable that holds an application, in order.
    pub fn apps(&self) -> Vec<App> {
        let mut apps: Vec<App> = Vec::new();
        walk(&self.statements, &mut |statement, around| {
            let Line::Assign { targets, value: Some(value), .. } = &statement.kind else { return };
            let Some(name) = targets.first().and_then(Expr::dotted) else { return };
            let inside = |outer: &&Statement| matches!(outer.kind, Line::Function(_) | Line::Class(_));
            if let Some((framework, arguments)) = self.application(value, &apps) {
                let top_level = !around.iter().any(inside);
                apps.push(App { name, framework, top_level, arguments, span: statement.span });
            }
        });
        apps
    }

    /// Whether an expression makes an application, with its arguments.
    fn application(&self, value: &Expr, known: &[App]) -> Option<(Framework, Vec<Argument>)> {
        let (function, arguments) = value.call()?;
        let name = self.full_name(function);
        let found = FRAMEWORKS.iter().find(|(full, ..)| name.as_deref() == Some(full));
        if let Some((_, framework, _)) = found {
            return Some((*framework, arguments.to_vec()));
        }
        // A middleware around an application: `app = CORSMiddleware(app, …)`.
        let first =
            arguments.first().filter(|one| one.name.is_none()).or_else(|| keyword(arguments, "app"))?;
        let wrapped = first.value.dotted()?;
        let capital = name
            .as_deref()
            .and_then(|name| name.rsplit('.').next())
            .is_some_and(|last| last.starts_with(char::is_uppercase));
        let inner = known.iter().rev().find(|app| app.name == wrapped).filter(|_| capital)?;
        Some((inner.framework, inner.arguments.clone()))
    }

    /// The functions at the top level that return an application.
    pub fn factories(&self) -> Vec<Factory> {
        let mut factories: Vec<Factory> = Vec::new();
        for statement in &self.statements {
            let Line::Function(function) = &statement.kind else { continue };
            let Some(framework) = self.made_by(function, &factories) else { continue };
            let plain = |parameter: &&super::tree::Parameter| {
                parameter.default.is_none() && !parameter.name.starts_with('*')
            };
            factories.push(Factory {
                name: function.name.clone(),
                framework,
                required_parameters: function.parameters.iter().filter(plain).count(),
                span: function.name_span,
            });
        }
        factories
    }

    fn made_by(&self, function: &Function, known: &[Factory]) -> Option<Framework> {
        if function.is_async {
            return None;
        }
        let declared = function.returns.as_ref().and_then(|returns| self.full_name(returns));
        if let Some((_, framework, _)) =
            FRAMEWORKS.iter().find(|(full, ..)| declared.as_deref() == Some(full))
        {
            return Some(*framework);
        }
        let mut apps: Vec<App> = Vec::new();
        let mut returned = None;
        walk(&function.body, &mut |statement, around| {
            if around.iter().any(|outer| matches!(outer.kind, Line::Function(_) | Line::Class(_))) {
                return;
            }
            match &statement.kind {
                Line::Assign { targets, value: Some(value), .. } => {
                    let made = self.application(value, &apps).map(|(framework, _)| framework);
                    let made = made.or_else(|| called(value, known));
                    let name = targets.first().and_then(Expr::dotted);
                    if let (Some(framework), Some(name)) = (made, name) {
                        apps.push(App {
                            name,
                            framework,
                            top_level: false,
                            arguments: Vec::new(),
                            span: statement.span,
                        });
                    }
                }
                Line::Return(Some(value)) => {
                    let made = self.application(value, &apps).map(|(framework, _)| framework);
                    let held = value.dotted().and_then(|name| apps.iter().rev().find(|app| app.name == name));
                    returned =
                        made.or_else(|| called(value, known)).or(held.map(|app| app.framework)).or(returned);
                }
                _ => {}
            }
        });
        returned
    }

    /// Whether the module has this name when it is imported; `None` if that cannot be known.
    pub fn defines(&self, name: &str) -> Option<bool> {
        let mut found = false;
        let mut dynamic = !self.stars().is_empty() || self.errors > 0;
        self.top_level(&mut |statement| match &statement.kind {
            Line::Assign { targets, .. } => found |= targets.iter().any(|target| binds(target, name)),
            Line::Function(function) => {
                found |= function.name == name;
                dynamic |= function.name == "__getattr__";
            }
            Line::Class(class) => found |= class.name == name,
            Line::Import(names) => {
                found |= names.iter().any(|(module, alias)| bound(module, alias.as_deref()) == name);
            }
            Line::From { names, .. } => {
                found |= names.iter().any(|(own, alias)| alias.as_deref().unwrap_or(own) == name);
            }
            Line::Block { header, .. } => found |= header.iter().any(|target| binds(target, name)),
            _ => {}
        });
        self.top_level(&mut |statement| {
            statement.walk_own(&mut |inner| {
                dynamic |= matches!(&inner.kind, Kind::Call(function, _) if matches!(function.name(), Some("globals" | "exec" | "setattr")));
            });
        });
        if found { Some(true) } else { (!dynamic).then_some(false) }
    }
}

/// The framework of a call of a known factory.
fn called(value: &Expr, known: &[Factory]) -> Option<Framework> {
    let name = value.call()?.0.name()?;
    known.iter().find(|factory| factory.name == name).map(|factory| factory.framework)
}

/// The name that an `import` binds.
fn bound<'n>(module: &'n str, alias: Option<&'n str>) -> &'n str {
    alias.unwrap_or_else(|| module.split('.').next().unwrap_or(module))
}
