//! The process itself, and its metrics.

use crate::options::{
    Entry,
    Group::{Monitoring, Process},
    Kind,
};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::switch(Process, &["help"])
        .short('h')
        .program("Print this help, or one group of it: --help sockets"),
    Entry::new(Process, &["completions"], Kind::Choice(&["bash", "zsh", "fish"]), "SHELL")
        .example("bash")
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
    Entry::new(Process, &["pid"], Kind::Text, "FILE")
        .example("/run/shop.pid")
        .setting(&["pidfile"])
        .short('p')
        .sets("Write the master's pid to this file", |draft, value| {
            draft.pid_file = value.text();
        }),
    Entry::new(Process, &["name"], Kind::Text, "NAME")
        .example("shop")
        .setting(&["proc_name"])
        .short('n')
        .sets("Name shown in the process list, syslog and hooks", |draft, value| {
            draft.name = value.text();
        }),
    Entry::new(Process, &["user"], Kind::Text, "USER").example("www-data").short('u').sets(
        "Run the workers as this user (name or number)",
        |draft, value| {
            draft.user = value.text();
        },
    ),
    Entry::new(Process, &["group"], Kind::Text, "GROUP").example("www-data").short('g').sets(
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

pub(super) static MONITORING: &[Entry] = &[
    Entry::new(Monitoring, &["metrics-bind"], Kind::MetricsAddress, "ADDRESS").example("9100").sets(
        "Serve metrics, health and a status page: PORT (of loopback), HOST:PORT, unix:PATH or fd://N",
        |draft, value| draft.metrics_bind = value.address(),
    ),
    Entry::new(Monitoring, &["metrics-token-file"], Kind::Text, "FILE").example("/run/secrets/metrics").sets(
        "File with the bearer token that readers of metrics and status must send",
        |draft, value| {
            draft.metrics_token_file = value.text();
        },
    ),
    Entry::switch(Monitoring, &["request-counts"]).off("no-request-counts").depends("on").sets(
        "Count requests and their times in each worker",
        |draft, value| {
            draft.request_counts = value.flag();
        },
    ),
];
