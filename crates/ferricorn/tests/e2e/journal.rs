//! Under the journal of systemd: an entry for each message, with its priority and without a second time.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead as _, BufReader, IoSliceMut, Read as _},
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::{
            fs::MetadataExt as _,
            net::{UnixDatagram, UnixStream},
        },
    },
    path::Path,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use ferricorn_test::{Builder, PATIENCE, Server, eventually, http, skip, turn};
use nix::{
    cmsg_space,
    sys::{
        signal::Signal,
        socket::{ControlMessageOwned, MsgFlags, recvmsg},
    },
};

use crate::ferricorn;

/// Fails at `/fail` with a message of several lines, and at `/large` with one that fits into no packet.
const APP: &str = "\
async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        while True:
            kind = (await receive())['type']
            await send({'type': kind + '.complete'})
            if kind == 'lifespan.shutdown':
                return
    if scope['path'] == '/fail':
        raise RuntimeError('first\\nsecond')
    if scope['path'] == '/large':
        raise RuntimeError('x' * 1_000_000)
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'0')]})
    await send({'type': 'http.response.body'})
";

type Entry = BTreeMap<String, String>;

/// What the journal got.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<Entry>>>);

impl Journal {
    fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, entry: Entry) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// The first entry whose message contains this.
    #[track_caller]
    fn wait_for(&self, text: &str) -> Entry {
        let found = || self.entries().into_iter().find(|entry| entry["MESSAGE"].contains(text));
        ferricorn_test::within(PATIENCE, found)
            .unwrap_or_else(|| panic!("no entry with `{text}` in {:#?}", self.entries()))
    }

    /// Reads packets in the journal's own protocol.
    fn native(socket: UnixDatagram) -> Self {
        let journal = Self::default();
        let book = journal.clone();
        thread::spawn(move || {
            while let Some(packet) = receive(&socket) {
                book.take(parse(&packet));
            }
        });
        journal
    }

    /// Reads lines with a priority in front, as the journal reads what comes to its stream.
    fn stream(stream: UnixStream) -> Self {
        let journal = Self::default();
        let book = journal.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let (priority, message) = match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
                    Some((priority, message)) => (priority.to_owned(), message.to_owned()),
                    None => ("none".to_owned(), line),
                };
                book.take([("PRIORITY".to_owned(), priority), ("MESSAGE".to_owned(), message)].into());
            }
        });
        journal
    }
}

/// A packet, or what is in the file that came in place of one.
fn receive(socket: &UnixDatagram) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 1 << 20];
    let mut space = cmsg_space!([i32; 1]);
    let (length, descriptor) = {
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let message =
            recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC)
                .ok()?;
        let descriptor = message.cmsgs().ok()?.find_map(|it| match it {
            ControlMessageOwned::ScmRights(descriptors) => descriptors.first().copied(),
            _ => None,
        });
        (message.bytes, descriptor)
    };
    let Some(descriptor) = descriptor else {
        buffer.truncate(length);
        return Some(buffer);
    };
    let link = fs::read_link(format!("/proc/self/fd/{descriptor}")).ok()?;
    assert!(link.to_string_lossy().contains("memfd:"), "{}", link.display());
    // By its name in /proc: it is read from its beginning, and this test needs no right to the number.
    let mut content = Vec::new();
    File::open(format!("/proc/self/fd/{descriptor}")).ok()?.read_to_end(&mut content).ok()?;
    nix::unistd::close(descriptor).ok()?;
    Some(content)
}

/// An entry in the journal's own protocol.
fn parse(mut packet: &[u8]) -> Entry {
    let mut entry = Entry::new();
    while let Some(end) = packet.iter().position(|byte| *byte == b'\n') {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let line = &packet[..end];
        let (name, value, rest) = if let Some(middle) = line.iter().position(|byte| *byte == b'=') {
            (text(&line[..middle]), text(&line[middle + 1..]), &packet[end + 1..])
        } else {
            let (length, rest) = packet[end + 1..].split_at(8);
            let length = u64::from_le_bytes(length.try_into().expect("eight bytes"));
            let (value, rest) = rest.split_at(usize::try_from(length).expect("it was sent"));
            (text(line), text(value), &rest[1..])
        };
        entry.insert(name, value);
        packet = rest;
    }
    entry
}

/// A run whose standard error is a stream of the journal's, as systemd makes it. What the words do with it comes first.
fn under_the_journal(builder: Builder, words: &str) -> (UnixStream, Builder) {
    let (ours, theirs) = UnixStream::pair().expect("two ends");
    let theirs = OwnedFd::from(theirs);
    let stream = File::from(theirs.try_clone().expect("a copy")).metadata().expect("it is open");
    let script = format!("{words} exec \"$0\" \"$@\" 2>&0 </dev/null");
    let builder = builder
        .app(APP)
        .variable("JOURNAL_STREAM", format!("{}:{}", stream.dev(), stream.ino()))
        .wrapped(&["unshare", "--mount", "sh", "-c", &script])
        .stdin(theirs);
    (ours, builder)
}

fn is_possible() -> bool {
    let mounts = Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "none", "/run"]).output();
    mounts.is_ok_and(|output| output.status.success())
}

/// Gets an answer at `/fail`, and stops.
fn fail_and_stop(server: &Server, journal: &Journal) {
    let listening = journal.wait_for("Listening at: ");
    let address = listening["MESSAGE"].split_once("Listening at: ").expect("asked for").1;
    let address = http::Address::parse(address.split(' ').next().expect("a word"));
    assert_eq!(http::get(&address, "/fail").expect("an answer").status, 500);
    assert_eq!(http::get(&address, "/large").expect("an answer").status, 500);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    journal.wait_for("Shutting down: Master");
    for entry in journal.entries() {
        let message = &entry["MESSAGE"];
        // A date, and not the pid that each entry begins with.
        let has_date = message.starts_with("[2") && message.get(5..6) == Some("-");
        assert!(!has_date, "a second time: {message}");
        assert!(!message.contains('\u{1b}'), "{message}");
    }
}

#[test]
fn the_journal_gets_each_message_as_one_entry_with_its_priority() {
    let _turn = turn::together();
    if !is_possible() {
        return skip("root");
    }
    let builder = ferricorn();
    let folder = builder.folder().join("journal");
    fs::create_dir(&folder).expect("a folder");
    let journal = Journal::native(UnixDatagram::bind(folder.join("socket")).expect("bound"));
    let words = format!(
        "mount -t tmpfs none /run && mkdir -p /run/systemd/journal && mount --bind '{}' /run/systemd/journal || exit;",
        folder.display()
    );
    let (stream, builder) = under_the_journal(builder, &words);
    let server = builder.line("--workers 1").start();
    let rest = Journal::stream(stream);
    fail_and_stop(&server, &journal);
    let listening = journal.wait_for("Listening at: ");
    assert!(listening["MESSAGE"].starts_with("Listening at: http://"), "{listening:?}");
    assert_eq!((listening["PRIORITY"].as_str(), listening["SYSLOG_IDENTIFIER"].as_str()), ("6", "ferricorn"));
    let ready = journal.wait_for("Worker ready (pid: ");
    assert_eq!((&*ready["FERRICORN_SLOT"], &*ready["FERRICORN_GENERATION"]), ("0", "1"));
    let failed = journal.wait_for("Exception in ASGI application");
    assert_eq!(failed["PRIORITY"], "3");
    assert!(failed["MESSAGE"].ends_with("RuntimeError: first\nsecond"), "one entry: {failed:?}");
    assert_eq!((&*failed["FERRICORN_LOGGER"], &*failed["FERRICORN_SLOT"]), ("uvicorn.error", "0"));
    let large = journal.wait_for("xxxx");
    assert!(large["MESSAGE"].len() > 1_000_000 && large["PRIORITY"] == "3");
    assert_eq!(rest.entries(), [], "standard error is for what others write");
    server.finish();
}

#[test]
fn without_the_journals_socket_each_line_begins_with_its_priority() {
    let _turn = turn::together();
    if !is_possible() {
        return skip("root");
    }
    for json in [false, true] {
        let (stream, builder) = under_the_journal(ferricorn(), "mount -t tmpfs none /run || exit;");
        let builder = if json { builder.line("--log-format json") } else { builder };
        let server = builder.line("--workers 1").start();
        let journal = Journal::stream(stream);
        fail_and_stop(&server, &journal);
        let master = server.pid().to_string();
        let listening = journal.wait_for("Listening at: ");
        assert_eq!(listening["PRIORITY"], "6");
        assert!(listening["MESSAGE"].starts_with(&format!("[{master}] ")) != json, "{listening:?}");
        let entries = journal.entries();
        let of_error: Vec<_> = entries.iter().filter(|entry| entry["PRIORITY"] == "3").collect();
        assert!(of_error[0]["MESSAGE"].contains("Exception in ASGI application"), "{of_error:?}");
        let last = of_error.iter().any(|entry| entry["MESSAGE"].ends_with("second") || json);
        assert!(last && of_error.len() >= 2, "{of_error:?}");
        assert!(entries.iter().all(|entry| entry["PRIORITY"] != "none"), "{entries:#?}");
        for entry in entries.iter().filter(|_| json) {
            let object: serde_json::Value = serde_json::from_str(&entry["MESSAGE"]).expect("an object");
            assert!(object["time"].is_string(), "{object}");
        }
        server.finish();
    }
}

#[test]
fn a_file_and_a_stream_that_is_not_the_journals_are_as_ever() {
    let _turn = turn::together();
    // Left over from somewhere else: systemd says which stream it means.
    let server = ferricorn().variable("JOURNAL_STREAM", "8:1").serve(1);
    server.finish();
    let (stream, builder) = under_the_journal(ferricorn(), ":;");
    let journal = Journal::stream(stream);
    let server = builder.line("--error-logfile error.log").start();
    let path = server.path("error.log");
    let log = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    eventually(PATIENCE, "it listens", || log(&path).contains("Listening at: "));
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    for line in log(&path).lines() {
        assert!(ferricorn_test::Entry::parse(line).is_some(), "{line}");
    }
    assert_eq!(journal.entries(), []);
    server.finish();
}
