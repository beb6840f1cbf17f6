//! Watching the application's files during development.

use crate::options::{Entry, Group::Reload, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::switch(Reload, &["reload"]).sets(
        "Watch the application's files, and serve their new code at once when one changes",
        |draft, value| {
            draft.reload.on = value.flag();
        },
    ),
    Entry::new(Reload, &["reload-dir"], Kind::Text, "DIR")
        .example("src")
        .setting(&["reload_dirs"])
        .repeats()
        .depends("the folder of --app-dir")
        .sets("Folder to watch; may be repeated", |draft, value| {
            draft.reload.dirs.extend(value.text());
        }),
    Entry::new(Reload, &["reload-include"], Kind::Text, "PATTERN")
        .example("*.html")
        .setting(&["reload_includes"])
        .repeats()
        .depends("*.py")
        .sets("Glob pattern, or folder, of more files to watch; may be repeated", |draft, value| {
            draft.reload.includes.extend(value.text());
        }),
    Entry::new(Reload, &["reload-exclude"], Kind::Text, "PATTERN")
        .example("tests/*")
        .setting(&["reload_excludes"])
        .repeats()
        .sets("Glob pattern, or folder, of files not to watch; may be repeated", |draft, value| {
            draft.reload.excludes.extend(value.text());
        }),
    Entry::new(Reload, &["reload-extra-file"], Kind::Text, "FILE")
        .example("settings.toml")
        .setting(&["reload_extra_files"])
        .repeats()
        .sets("File to watch, whatever it is called and wherever it is; may be repeated", |draft, value| {
            draft.reload.extra_files.extend(value.text());
        }),
    Entry::new(Reload, &["reload-engine"], Kind::Choice(&["auto", "poll", "inotify"]), "ENGINE")
        .example("poll")
        .default("auto")
        .sets("How changes are noticed: auto, poll or inotify", |draft, value| {
            draft.reload.engine = value.text();
        }),
    Entry::switch(Reload, &["warm"]).off("no-warm").default("on").sets(
        "Keep what the code imports from elsewhere in a process that workers are forked from",
        |draft, value| {
            draft.reload.warm = value.flag();
        },
    ),
    Entry::new(Reload, &["reload-delay"], Kind::Seconds, "SECONDS").example("0.5").default("0.02").sets(
        "How long files must be quiet after a change before the application is reloaded",
        |draft, value| {
            draft.reload.delay = value.seconds();
        },
    ),
];
