//! How WebSockets are spoken.

use crate::options::{Entry, Group::WebSocket, Kind};

const PROTOCOLS: &[&str] = &["auto", "none", "websockets", "websockets-sansio", "wsproto"];

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(WebSocket, &["ws"], Kind::ChoiceOrImport(PROTOCOLS), "PROTOCOL")
        .uvicorn("auto, none, websockets, websockets-sansio, wsproto or module:class [default: auto]", "ws"),
    Entry::new(WebSocket, &["ws-max-size", "websocket-max-message-size"], Kind::Whole, "BYTES")
        .uvicorn("The longest message [default: 16777216]", "ws_max_size"),
    Entry::new(WebSocket, &["ws-max-queue"], Kind::Whole, "N")
        .uvicorn("The most messages that wait for the application [default: 32]", "ws_max_queue"),
    Entry::new(WebSocket, &["ws-ping-interval"], Kind::Seconds, "SECONDS")
        .uvicorn("How often a ping is sent [default: 20]", "ws_ping_interval"),
    Entry::new(WebSocket, &["ws-ping-timeout"], Kind::Seconds, "SECONDS")
        .uvicorn("How long a pong may take [default: 20]", "ws_ping_timeout"),
    Entry::new(WebSocket, &["ws-per-message-deflate"], Kind::Boolean, "BOOLEAN")
        .uvicorn("Compress messages [default: true]", "ws_per_message_deflate"),
];
