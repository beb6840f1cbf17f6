//! Which paths an application serves, over all files of the repository that take part.
//!
//! # How to use
//!
//! ```text
//! let mut load = |path: &str| …;                     // a module of the repository, None if there is no such file
//! let table = routes::table("app/main.py", "app", &["", "src"], &mut load);
//! table.serves("/health")    // Some(true), Some(false), or None: it may be served by what could not be read
//! table.routes               // path, verbs, place; also the paths that FastAPI adds (/docs), with `built_in`
//! table.open                 // prefixes below which there may be more ("" means anywhere)
//! ```
//!
//! What is followed: decorators, `add_api_route` and the like, `APIRouter(prefix=…)`, `include_router`, `mount`, Starlette's
//! `routes=[Route(…), Mount(…)]`, functions of the repository that get the app as an argument, factories, imports,
//! constants as prefixes.
//!
//! Invariant: a prefix is open, or everything below it was read. Doubt opens.

mod collect;
mod definitions;
mod resolve;
mod starlette;
mod table;

#[cfg(test)]
mod tests;

use std::rc::Rc;

pub use table::{Route, Table};

use super::Module;

/// The paths that the application `app` (a variable, or a factory) of the file at `path` serves. `roots` are the
/// directories from which absolute imports are looked up.
pub fn table(
    path: &str,
    app: &str,
    roots: &[&str],
    load: &mut dyn FnMut(&str) -> Option<Rc<Module>>,
) -> Table {
    let mut collector = collect::Collector::new(roots, load);
    collector.start(path, app);
    collector.table
}
