//! Calls that matter: servers that a program starts itself, and database engines.

use super::{
    Module,
    tree::{Argument, Expr, Kind, Line, Statement, argument, keyword, walk_expressions},
};
use crate::text::Span;

/// `uvicorn.run(…)`, `uvicorn.Config(…)` or the like.
#[derive(Debug, Clone)]
pub struct Server {
    /// The full name of the function: `uvicorn.run`.
    pub function: String,
    /// The function's name in the file.
    pub function_span: Span,
    /// The application: a string such as `"main:app"`, or an object.
    pub app: Option<Expr>,
    /// All arguments, in order; `name` is `None` for those by place.
    pub arguments: Vec<Argument>,
    /// Whether it stands under `if __name__ == "__main__":`.
    pub main_only: bool,
    /// The function around it, which has to be called for it to run.
    pub inside: Option<String>,
    /// The whole call.
    pub span: Span,
}

/// `create_engine(…)`, `create_async_engine(…)`, `async_engine_from_config(…)`.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Whether it is asyncio's.
    pub asynchronous: bool,
    /// The URL; see [`Module::value`] and [`Module::text`].
    pub url: Option<Expr>,
    /// The whole call.
    pub span: Span,
}

impl Server {
    /// An argument by its name.
    pub fn argument(&self, name: &str) -> Option<&Argument> {
        keyword(&self.arguments, name)
    }

    /// Whether `**options` may bring arguments that are not written out.
    pub fn has_more(&self) -> bool {
        self.arguments.iter().any(|argument| matches!(argument.name.as_deref(), Some("*" | "**")))
    }
}

impl Module {
    /// The servers that the file starts.
    pub fn servers(&self) -> Vec<Server> {
        let mut servers = Vec::new();
        walk_expressions(&self.statements, &mut |expression, around| {
            let Some((function, arguments)) = expression.call() else { return };
            let Some(name) = self.full_name(function) else { return };
            if !matches!(
                name.as_str(),
                "uvicorn.run" | "uvicorn.Config" | "uvicorn.main.run" | "hypercorn.asyncio.serve"
            ) {
                return;
            }
            servers.push(Server {
                function: name,
                function_span: function.span,
                app: argument(arguments, 0, "app").map(|argument| argument.value.clone()),
                arguments: arguments.to_vec(),
                main_only: around.iter().any(|statement| is_main_guard(statement)),
                inside: around.iter().find_map(|statement| match &statement.kind {
                    Line::Function(function) => Some(function.name.clone()),
                    _ => None,
                }),
                span: expression.span,
            });
        });
        servers
    }

    /// The database engines that the file makes with `SQLAlchemy` (or `SQLModel`).
    pub fn engines(&self) -> &[Engine] {
        self.engines.get_or_init(|| self.find_engines())
    }

    fn find_engines(&self) -> Vec<Engine> {
        let mut engines = Vec::new();
        walk_expressions(&self.statements, &mut |expression, _| {
            let Some((function, arguments)) = expression.call() else { return };
            let Some(name) = self.full_name(function) else { return };
            let asynchronous = match name.rsplit('.').next() {
                Some("create_async_engine") => true,
                Some("create_engine")
                    if name.starts_with("sqlalchemy")
                        || name.starts_with("sqlmodel")
                        || name.starts_with("sa.") =>
                {
                    false
                }
                _ => return,
            };
            let url = argument(arguments, 0, "url").map(|argument| argument.value.clone());
            engines.push(Engine { asynchronous, url, span: expression.span });
        });
        engines
    }
}

/// `if __name__ == "__main__":`.
fn is_main_guard(statement: &Statement) -> bool {
    let Line::If { test, .. } = &statement.kind else { return false };
    let Kind::Operation(sign, operands) = &test.kind else { return false };
    sign == "=="
        && operands.iter().any(|one| one.name() == Some("__name__"))
        && operands.iter().any(|one| one.text().is_some_and(|text| text.text() == "__main__"))
}
