//! WebSocket options.

use crate::options::{Entry, Group::WebSocket, Kind};

const PROTOCOLS: &[&str] = &["auto", "none", "websockets", "websockets-sansio", "wsproto"];

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(WebSocket, &["ws"], Kind::ChoiceOrImport(PROTOCOLS), "PROTOCOL")
        .example("wsproto")
        .uvicorns_default("auto")
        .uvicorn("auto, none, websockets, websockets-sansio, wsproto or module:class", "ws"),
    Entry::new(WebSocket, &["ws-max-size", "websocket-max-message-size"], Kind::Whole, "BYTES")
        .example("1048576")
        .uvicorns_default("16777216")
        .uvicorn("Maximum size of a message", "ws_max_size"),
    Entry::new(WebSocket, &["ws-max-queue"], Kind::Whole, "N")
        .example("64")
        .uvicorns_default("32")
        .uvicorn("Maximum number of messages that wait for the application", "ws_max_queue"),
    Entry::new(WebSocket, &["ws-ping-interval"], Kind::Seconds, "SECONDS")
        .example("30")
        .uvicorns_default("20")
        .uvicorn("Time between two pings", "ws_ping_interval"),
    Entry::new(WebSocket, &["ws-ping-timeout"], Kind::Seconds, "SECONDS")
        .example("10")
        .uvicorns_default("20")
        .uvicorn("Time limit for a pong", "ws_ping_timeout"),
    Entry::new(WebSocket, &["ws-per-message-deflate"], Kind::Boolean, "BOOLEAN")
        .example("false")
        .uvicorns_default("true")
        .uvicorn("Compress messages", "ws_per_message_deflate"),
];
