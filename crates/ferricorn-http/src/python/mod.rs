//! The extension module `_ferricorn_http`: what of an `asyncio.Protocol` each request pays for.
//!
//! Owns: bytes to scope, messages of ASGI to bytes, the order of requests on a connection. Does not own: tasks, timers,
//! logs, upgrades and everything else that is rare, which is Python's (`ferricorn_worker/protocol/native.py`).
//! Invariants: no lock is held while Python runs ([`Guarded`]); a request and its connection know each other only while
//! the response is under way, so that nothing is left to the garbage collector; there is no `unsafe` in it.

mod access;
mod connection;
mod exchange;
mod guarded;
mod logged;
mod message;
mod newest;
mod scope;
mod server;
mod tally;
mod turn;

use pyo3::prelude::*;

use access::AccessLog;
use connection::Connection;
use exchange::Exchange;
use guarded::Guarded;
use newest::Newest;
use server::Server;
use tally::Tally;

/// What this and the Python half have to agree on; a worker takes uvicorn's protocols if they do not.
const INTERFACE: u32 = 3;

#[pymodule]
fn _ferricorn_http(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("INTERFACE", INTERFACE)?;
    module.add_class::<AccessLog>()?;
    module.add_class::<Newest>()?;
    module.add_class::<Server>()?;
    module.add_class::<Tally>()?;
    module.add_class::<Connection>()?;
    module.add_class::<Exchange>()
}
