//! The socket on which a master is asked, spoken to without `ferricorn ctl`.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixStream},
    },
    time::Duration,
};

use ferricorn_wire::control::{Request, address};

/// A conversation with a master of the harness's own pid namespace.
#[track_caller]
pub fn connect(master: i32) -> UnixStream {
    let namespace = fs::read_link("/proc/self/ns/pid").expect("Linux has it");
    let pid = u32::try_from(master).expect("a pid is positive");
    let address = SocketAddr::from_abstract_name(address(&namespace.to_string_lossy(), pid)).expect("a name");
    UnixStream::connect_addr(&address).expect("the master listens")
}

/// Asks, and gives the line that comes back; nothing if there is none within the limit.
#[track_caller]
pub fn ask(master: i32, request: &Request, limit: Duration) -> Option<String> {
    let line = serde_json::to_string(request).expect("it has only plain fields");
    say(master, format!("{line}\n").as_bytes(), limit)
}

/// Says anything; gives the line that comes back.
#[track_caller]
pub fn say(master: i32, words: &[u8], limit: Duration) -> Option<String> {
    let mut client = connect(master);
    client.set_read_timeout(Some(limit)).expect("a limit above zero");
    // It may be cut off before it has said everything.
    let _ = client.write_all(words);
    let mut answer = String::new();
    let read = BufReader::new(client).read_line(&mut answer);
    read.is_ok_and(|length| length > 0).then_some(answer)
}
