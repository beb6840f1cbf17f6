//! Python sources: apps, routes, servers that a program starts itself, variables that it reads, gunicorn's settings.
//!
//! Owns: the tree of a file and what can be read out of it without running it. Does not own: which file a command starts,
//! nor what a finding is.
//!
//! # How to use
//!
//! ```text
//! let module = python::read(&source);
//! module.apps()                 // FastAPI(...), Starlette(...), get_asgi_application(): variable, framework, arguments
//! module.factories()            // functions that return one of those
//! module.defines("app")         // Some(true), Some(false), None if it cannot be known (a star import)
//! module.servers()              // uvicorn.run(...) with each argument; `server.argument("host")`
//! module.environment()          // os.environ["X"], os.getenv("X", "d"), fields of BaseSettings
//! module.engines()              // create_engine(...) and create_async_engine(...), with the URL
//! module.settings()             // of a gunicorn.conf.py: names, values, hooks
//! module.value(&expression)     // Value::Text, Integer, …; Environment with its default; Unknown
//! routes::table("app/main.py", "app", &roots, &mut load)   // every path that is served, and where that is not known
//! python::may_matter(text)      // whether a file is worth parsing at all
//! ```
//!
//! Invariants: reading never fails; what is computed is [`Value::Unknown`], never guessed. The parser is hidden behind
//! [`tree`].

mod apps;
mod calls;
mod environment;
mod gunicorn;
mod imports;
mod parse;
pub mod routes;
pub mod tree;
mod values;

#[cfg(test)]
mod tests;

pub use apps::{App, Factory, Framework, Interface};
pub use calls::{Engine, Server};
pub use environment::{Read, Reader};
pub use gunicorn::{Setting, Settings};
pub use imports::{Imported, candidates};
pub use values::Value;

use std::{cell::OnceCell, collections::BTreeMap};

use crate::text::{FileId, Source};
use tree::{Expr, Statement};

/// A Python file.
#[derive(Debug, Clone)]
pub struct Module {
    /// The file.
    pub file: FileId,
    /// Its path, relative to the root of the repository.
    pub path: String,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// How many lines are no Python (of this decade).
    pub errors: usize,
    imports: BTreeMap<String, Imported>,
    stars: Vec<String>,
    constants: BTreeMap<String, Option<Expr>>,
    // What several rules ask of every module of every deployment.
    engines: OnceCell<Vec<Engine>>,
    environment: OnceCell<Vec<Read>>,
}

/// Words without which a file has nothing that the readers of this module would find.
const WORDS: [&str; 16] = [
    "FastAPI",
    "Starlette",
    "asgi",
    "wsgi",
    "APIRouter",
    "Router",
    ".route",
    ".websocket",
    "include_router",
    "uvicorn",
    "environ",
    "getenv",
    "BaseSettings",
    "create_engine",
    "create_async_engine",
    "Flask",
];

/// Whether a file may hold something that matters: a look at its text, far cheaper than reading it.
pub fn may_matter(text: &str) -> bool {
    WORDS.iter().any(|word| text.contains(word))
}

/// Reads a file. A function or a class in which nothing can matter to the readers of this module has no body.
pub fn read(source: &Source) -> Module {
    read_with(source, false)
}

/// Reads a file with everything in it, as those that are asked which names they use.
pub fn read_whole(source: &Source) -> Module {
    read_with(source, true)
}

fn read_with(source: &Source, whole: bool) -> Module {
    let (statements, errors) = parse::read(source, whole);
    let (imports, stars) = imports::of(&statements);
    let constants = values::constants(&statements);
    Module {
        file: source.id(),
        path: source.path().to_owned(),
        statements,
        errors,
        imports,
        stars,
        constants,
        engines: OnceCell::new(),
        environment: OnceCell::new(),
    }
}

impl Module {
    /// Shows every statement that runs when the file is imported or run; see [`tree::top_level`].
    pub fn top_level<'m>(&'m self, visit: &mut dyn FnMut(&'m Statement)) {
        tree::top_level(&self.statements, visit);
    }
}
