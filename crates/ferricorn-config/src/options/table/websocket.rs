//! WebSocket options.

use crate::options::{Entry, Group::WebSocket, Kind};

const PROTOCOLS: &[&str] = &["auto", "none", "websockets", "websockets-sansio", "wsproto"];

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(WebSocket, &["ws"], Kind::ChoiceOrImport(PROTOCOLS), "PROTOCOL")
        .uvicorns_default("auto")
        .uvicorn("auto, none, websockets, websockets-sansio, wsproto or module:class", "ws"),
    Entry::new(WebSocket, &["ws-max-size", "websocket-max-message-size"], Kind::Whole, "BYTES")
        .uvicorns_default("16777216")
        .uvicorn("Maximum size of a message", "ws_max_size"),
    Entry::new(WebSocket, &["ws-max-queue"], Kind::Whole, "N")
        .uvicorns_default("32")
        .uvicorn("Maximum number of messages that wait for the application", "ws_max_queue"),
    Entry::new(WebSocket, &["ws-ping-interval"], Kind::Seconds, "SECONDS")
        .uvicorns_default("20")
        .uvicorn("Time between two pings", "ws_ping_interval"),
    Entry::new(WebSocket, &["ws-ping-timeout"], Kind::Seconds, "SECONDS")
        .uvicorns_default("20")
        .uvicorn("Time limit for a pong", "ws_ping_timeout"),
    Entry::new(WebSocket, &["ws-per-message-deflate"], Kind::Boolean, "BOOLEAN")
        .uvicorns_default("true")
        .uvicorn("Compress messages", "ws_per_message_deflate"),
];
