//! Each worker is a process with a memory of its own. A scheduler that starts with the application runs once in each of
//! them, and what is kept in memory (connections of a chat, counters of a rate limit, a cache) is another one in each.
//!
//! Socket.IO needs all requests of a client in one process, or a message queue between the processes: with several workers
//! and no `client_manager` its clients lose their session.
//!
//! ## Bad
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 4
//! ```
//!
//! ```python main.py:5
//! import socketio
//! from fastapi import FastAPI
//!
//! api = FastAPI()
//! server = socketio.AsyncServer(async_mode="asgi")
//! app = socketio.ASGIApp(server, api)
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 4
//! ```
//!
//! ```python main.py
//! import os
//!
//! import socketio
//! from fastapi import FastAPI
//!
//! api = FastAPI()
//! queue = socketio.AsyncRedisManager(os.environ["REDIS_URL"])
//! server = socketio.AsyncServer(async_mode="asgi", client_manager=queue)
//! app = socketio.ASGIApp(server, api)
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 1
//! ```
//!
//! ```python main.py
//! from apscheduler.schedulers.asyncio import AsyncIOScheduler
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//! scheduler = AsyncIOScheduler()
//! ```

use crate::{
    readers::python::{
        Module,
        tree::{Argument, keyword, walk_expressions},
    },
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(405, "state in each of several workers", Severity::Warning, explanation!("fc405.rs"), check);

/// Something that is there once in each worker.
struct State {
    what: &'static str,
    span: Span,
    /// Whether it fails, and is not only there twice.
    fails: bool,
}

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        let workers = application.workers(deployment, command);
        let Some((workers, place)) = workers.known().filter(|(workers, _)| **workers > 1) else { continue };
        for state in application.modules.iter().flat_map(|module| states(module)) {
            let message = format!("{workers} workers have {} each", state.what);
            let finding = if state.fails {
                RULE.warning(state.span, message)
                    .happens(
                        "clients whose requests reach another worker lose their session: 400 Invalid session",
                    )
                    .help("give AsyncServer a client_manager, as AsyncRedisManager, or start one worker")
            } else {
                RULE.advice(state.span, message).help("keep it outside of the workers, or start one worker")
            };
            findings.add(
                deployment.sign(finding.label("one in each worker").also(place, "the number of workers")),
            );
        }
    }
}

fn states(module: &Module) -> Vec<State> {
    let mut found = Vec::new();
    walk_expressions(&module.statements, &mut |expression, _| {
        let Some((function, arguments)) = expression.call() else { return };
        let Some(name) = module.full_name(function) else { return };
        if let Some((what, fails)) = state(&name, arguments) {
            found.push(State { what, span: expression.span, fails });
        }
    });
    found
}

/// What a call makes, and whether several of it fail.
fn state(name: &str, arguments: &[Argument]) -> Option<(&'static str, bool)> {
    let has = |argument: &str| {
        keyword(arguments, argument).is_some()
            || arguments.iter().any(|it| it.name.as_deref().is_some_and(|name| name.starts_with('*')))
    };
    let last = name.rsplit('.').next()?;
    match last {
        "AsyncServer" if name.starts_with("socketio") && !has("client_manager") => {
            Some(("a Socket.IO server without a queue", true))
        }
        "AsyncIOScheduler" | "BackgroundScheduler" if name.starts_with("apscheduler") => {
            Some(("a scheduler", false))
        }
        "InMemoryBackend" if name.contains("cache") => Some(("a cache", false)),
        "Limiter" if name.starts_with("slowapi") && !has("storage_uri") => Some(("a rate limit", false)),
        "TTLCache" | "LRUCache" if name.starts_with("cachetools") => Some(("a cache", false)),
        _ => None,
    }
}
