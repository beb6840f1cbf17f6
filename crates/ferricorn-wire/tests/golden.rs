//! The files under `golden/` are the wire: this test and the Python shim's `test_wire.py` read the same ones, so that
//! neither side can change it alone.

use std::path::{Path, PathBuf};

use ferricorn_wire::control::{self, Request, Response};
use ferricorn_wire::scoreboard::{self, State, Word};
use ferricorn_wire::tally;
use ferricorn_wire::upgrade::{FromSuccessor, Legacy, Succession, SuccessionKind, ToSuccessor};
use ferricorn_wire::{
    FromHookHost, FromTemplate, MAX_PACKET, ToHookHost, ToMaster, ToTemplate, ToWorker, decode, encode,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(golden(folder)).expect("the golden folder exists");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a folder that can be read").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no golden files in {folder}");
    files
}

/// Reads each file as a message and writes it back: what comes out is what went in, field by field.
fn round_trip<M: Serialize + DeserializeOwned>(folder: &str) -> Vec<M> {
    let check = |file: &PathBuf| {
        let text = std::fs::read(file).expect("a golden file can be read");
        let message: M = decode(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let expected: Value = decode(&text).expect("a golden file is JSON");
        let written: Value = decode(&encode(&message)).expect("a packet is JSON");
        assert_eq!(written, expected, "{}", file.display());
        message
    };
    files(folder).iter().map(check).collect()
}

#[test]
fn every_message_to_the_worker_is_as_written_down() {
    let messages = round_trip::<ToWorker>("to_worker");
    for kind in [
        |message: &ToWorker| matches!(message, ToWorker::Start(_)),
        |message: &ToWorker| matches!(message, ToWorker::Serve { listeners: 2 }),
        |message: &ToWorker| matches!(message, ToWorker::Drain { .. }),
        |message: &ToWorker| matches!(message, ToWorker::Proceed),
        |message: &ToWorker| matches!(message, ToWorker::ReopenLogs),
        |message: &ToWorker| matches!(message, ToWorker::LogLevel { .. }),
    ] {
        assert!(messages.iter().any(kind), "a message has no golden file");
    }
}

#[test]
fn every_message_to_the_master_is_as_written_down() {
    let messages = round_trip::<ToMaster>("to_master");
    for kind in [
        |message: &ToMaster| matches!(message, ToMaster::Ready),
        |message: &ToMaster| matches!(message, ToMaster::Runs(_)),
        |message: &ToMaster| matches!(message, ToMaster::BootFailed { .. }),
        |message: &ToMaster| matches!(message, ToMaster::AskedToStop { .. }),
        |message: &ToMaster| matches!(message, ToMaster::Drained { .. }),
        |message: &ToMaster| matches!(message, ToMaster::Dying { .. }),
        |message: &ToMaster| matches!(message, ToMaster::Extend { .. }),
        |message: &ToMaster| matches!(message, ToMaster::Imported { .. }),
        |message: &ToMaster| matches!(message, ToMaster::Debugging { .. }),
        |message: &ToMaster| matches!(message, ToMaster::Warning { .. }),
    ] {
        assert!(messages.iter().any(kind), "a message has no golden file");
    }
}

#[test]
fn every_message_to_and_from_a_template_is_as_written_down() {
    let messages = round_trip::<ToTemplate>("to_template");
    assert!(
        matches!(messages.as_slice(), [ToTemplate::Fork { .. }, ToTemplate::Load(_), ToTemplate::Load(_)]),
        "{messages:?}"
    );
    let messages = round_trip::<FromTemplate>("from_template");
    for kind in [
        |message: &FromTemplate| matches!(message, FromTemplate::TemplateReady { .. }),
        |message: &FromTemplate| matches!(message, FromTemplate::TemplateUnfit { .. }),
        |message: &FromTemplate| matches!(message, FromTemplate::BootFailed { .. }),
        |message: &FromTemplate| matches!(message, FromTemplate::Extend { .. }),
        |message: &FromTemplate| matches!(message, FromTemplate::Forked { .. }),
        |message: &FromTemplate| matches!(message, FromTemplate::NotForked { .. }),
        |message: &FromTemplate| matches!(message, FromTemplate::Outdated),
    ] {
        assert!(messages.iter().any(kind), "a message has no golden file");
    }
}

#[test]
fn every_message_between_two_masters_is_as_written_down() {
    let messages = round_trip::<ToSuccessor>("to_successor");
    for kind in [
        |message: &ToSuccessor| matches!(message, ToSuccessor::Estate(_)),
        |message: &ToSuccessor| matches!(message, ToSuccessor::TakeOver),
        |message: &ToSuccessor| matches!(message, ToSuccessor::Stop { .. }),
    ] {
        assert!(messages.iter().any(kind), "a message has no golden file");
    }
    let messages = round_trip::<FromSuccessor>("from_successor");
    for kind in [
        |message: &FromSuccessor| matches!(message, FromSuccessor::Ready),
        |message: &FromSuccessor| matches!(message, FromSuccessor::Serves),
        |message: &FromSuccessor| matches!(message, FromSuccessor::Refused { .. }),
    ] {
        assert!(messages.iter().any(kind), "a message has no golden file");
    }
    round_trip::<Legacy>("legacy");
}

#[test]
fn every_message_of_the_control_socket_is_as_written_down() {
    assert_eq!(round_trip::<Request>("control_request").len(), 10);
    assert_eq!(round_trip::<Response>("control_response").len(), 6);
}

#[test]
fn a_control_address_names_the_pid_and_its_namespace() {
    let address = control::address("pid:[4026531836]", 7);
    assert_eq!(address, "ferricorn.4026531836.7");
    assert_eq!(control::pid_of("pid:[4026531836]", &address), Some(7));
    assert_eq!(control::pid_of("pid:[4026531837]", &address), None);
    assert_eq!(control::pid_of("pid:[4026531836]", "ferricorn.4026531836.x"), None);
}

#[test]
fn how_a_successor_is_started_is_as_written_down() {
    let written = |kind| Succession { version: 1, kind, descriptor: 7 };
    for (text, kind) in [
        ("1,check,7", SuccessionKind::Trial),
        ("1,beside,7", SuccessionKind::Beside),
        ("1,in-place,7", SuccessionKind::InPlace),
    ] {
        assert_eq!(Succession::parse(text), Some(written(kind)));
        assert_eq!(written(kind).to_text(), text);
    }
    for strange in ["", "1", "1,beside", "1,beside,x", "x,beside,7", "1,aside,7", "1,beside,7,8"] {
        assert_eq!(Succession::parse(strange), None, "{strange}");
    }
}

#[test]
fn what_is_said_about_hooks_is_as_written_down() {
    let messages = round_trip::<ToHookHost>("to_hook_host");
    for kind in [
        |message: &ToHookHost| matches!(message, ToHookHost::Load(_)),
        |message: &ToHookHost| matches!(message, ToHookHost::Commit),
        |message: &ToHookHost| matches!(message, ToHookHost::Discard),
        |message: &ToHookHost| matches!(message, ToHookHost::Call(_)),
        |message: &ToHookHost| matches!(message, ToHookHost::ReopenLogs),
        |message: &ToHookHost| matches!(message, ToHookHost::LogLevel { .. }),
        |message: &ToHookHost| matches!(message, ToHookHost::End),
    ] {
        assert!(messages.iter().any(kind), "a message has no golden file");
    }
    assert_eq!(round_trip::<FromHookHost>("from_hook_host"), [FromHookHost::Done { id: 3 }]);
}

#[test]
fn the_scoreboard_is_laid_out_as_written_down() {
    let text = std::fs::read(golden("scoreboard.json")).expect("a golden file can be read");
    let written: Value = decode(&text).expect("a golden file is JSON");
    let layout = serde_json::json!({
        "header_words": scoreboard::HEADER_WORDS,
        "row_words": scoreboard::ROW_WORDS,
        "rows": scoreboard::ROWS,
        "pages_word": scoreboard::PAGES_WORD,
        "seen_places": scoreboard::SEEN_PLACES,
        "newest_places": scoreboard::NEWEST_PLACES,
        "place_bytes": scoreboard::PLACE_BYTES,
        "method_bytes": scoreboard::METHOD_BYTES,
        "page_bytes": scoreboard::PAGE_BYTES,
        "bytes": scoreboard::BYTES,
        "magic": scoreboard::MAGIC,
        "rows_used_word": scoreboard::ROWS_USED_WORD,
        "words": {
            "state": Word::State as usize,
            "heartbeat": Word::Heartbeat as usize,
            "connections": Word::Connections as usize,
            "requests": Word::Requests as usize,
            "in_flight": Word::InFlight as usize,
            "loop_lag": Word::LoopLag as usize,
            "accepted": Word::Accepted as usize,
            "handed_over": Word::HandedOver as usize,
            "taken_over": Word::TakenOver as usize,
            "begun": Word::Begun as usize,
        },
        "states": {
            "free": State::Free as u64,
            "booting": State::Booting as u64,
            "accepting": State::Accepting as u64,
            "full": State::Full as u64,
            "draining": State::Draining as u64,
        },
        "max_packet": MAX_PACKET,
    });
    assert_eq!(layout, written);
}

#[test]
fn the_tally_board_is_laid_out_as_written_down() {
    let text = std::fs::read(golden("tally.json")).expect("a golden file can be read");
    let written: Value = decode(&text).expect("a golden file is JSON");
    let layout = serde_json::json!({
        "magic": tally::MAGIC,
        "words": tally::TALLY_WORDS,
        "first": tally::tally(0).start,
        "rows": tally::ROWS,
        "aborted_by_client": tally::ABORTED_BY_CLIENT,
        "aborted_by_worker": tally::ABORTED_BY_WORKER,
        "cut": tally::CUT,
        "accepted": tally::ACCEPTED,
        "handed_over": tally::HANDED_OVER,
        "websockets_open": tally::WEBSOCKETS_OPEN,
        "lag_sum": tally::LAG_SUM,
        "lag_cells": tally::LAG_CELLS,
        "lag_bounds": tally::LAG_BOUNDS,
        "cpu_user": tally::CPU_USER,
        "cpu_system": tally::CPU_SYSTEM,
        "codes": tally::CODES,
        "lowest_code": tally::CODE_RANGE.start,
        "highest_code": tally::CODE_RANGE.end - 1,
        "handshakes": tally::HANDSHAKES,
        "handshake_codes": tally::HANDSHAKE_CODES,
        "histograms": tally::HISTOGRAMS,
        "histogram_words": tally::HISTOGRAM_WORDS,
        "cells": tally::CELLS,
        "first_byte": tally::FIRST_BYTE,
        "bounds": tally::bounds(),
    });
    assert_eq!(layout, written);
}
