//! The process itself.

use crate::options::{Entry, Group::Process, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::switch(Process, &["help"])
        .short('h')
        .program("Print this help, or one group of it: --help sockets"),
    Entry::new(Process, &["completions"], Kind::Choice(&["bash", "zsh", "fish"]), "SHELL")
        .program("Print shell completions: bash, zsh or fish"),
    Entry::switch(Process, &["man-page"]).program("Print the man page"),
    Entry::switch(Process, &["version"]).short('v').program("Print the version"),
    Entry::switch(Process, &["check-config"]).sets(
        "Check the settings, import the application, and exit",
        |draft, value| {
            draft.check_config = value.flag();
        },
    ),
    Entry::switch(Process, &["print-config"]).sets(
        "Print every setting with its source, check the settings, and exit",
        |draft, value| {
            draft.print_config = value.flag();
        },
    ),
    Entry::switch(Process, &["daemon"]).short('D').refused(
        "ferricorn stays in the foreground, where its supervisor can see it",
        "run it as a service of systemd, or in a container",
    ),
    Entry::new(Process, &["pid"], Kind::Text, "FILE").setting(&["pidfile"]).short('p').sets(
        "Write the master's pid to this file",
        |draft, value| {
            draft.pid_file = value.text();
        },
    ),
    Entry::new(Process, &["name"], Kind::Text, "NAME").setting(&["proc_name"]).short('n').sets(
        "Name shown in the process list, syslog and hooks",
        |draft, value| {
            draft.name = value.text();
        },
    ),
    Entry::new(Process, &["user"], Kind::Text, "USER").short('u').sets(
        "Run the workers as this user (name or number)",
        |draft, value| {
            draft.user = value.text();
        },
    ),
    Entry::new(Process, &["group"], Kind::Text, "GROUP").short('g').sets(
        "Run the workers with this group (name or number)",
        |draft, value| {
            draft.group = value.text();
        },
    ),
    Entry::switch(Process, &["initgroups"]).sets(
        "Give the workers all groups of their user",
        |draft, value| {
            draft.initgroups = value.flag();
        },
    ),
];
