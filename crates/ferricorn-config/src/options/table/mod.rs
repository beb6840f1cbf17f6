//! The entries, a file for each heading of help.

mod app;
mod file_only;
mod hooks;
mod http;
mod logging;
mod process;
mod reload;
mod server;
mod sockets;
mod tls;
mod websocket;
mod workers;

use super::Entry;

/// Every entry, in the order of help.
pub(super) static TABLE: [&[Entry]; 13] = [
    app::ENTRIES,
    sockets::ENTRIES,
    workers::ENTRIES,
    reload::ENTRIES,
    logging::ENTRIES,
    http::ENTRIES,
    server::ENTRIES,
    websocket::ENTRIES,
    tls::ENTRIES,
    process::ENTRIES,
    process::MONITORING,
    file_only::ENTRIES,
    hooks::ENTRIES,
];
