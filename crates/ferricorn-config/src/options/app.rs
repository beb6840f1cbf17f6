//! What is run.

use super::{Entry, Group::App, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(App, &["chdir"], Kind::Text, "DIR")
        .sets("Work in this directory", |draft, value| draft.chdir = value.text()),
    Entry::new(App, &["app-dir"], Kind::Text, "DIR")
        .sets("Look for the application here first", |draft, value| draft.app_dir = value.text()),
    Entry::switch(App, &["factory"]).sets(
        "APP_MODULE names a function that returns the application",
        |draft, value| {
            draft.factory = value.flag();
        },
    ),
    Entry::new(App, &["python"], Kind::Text, "PATH").variable("FERRICORN_PYTHON").sets(
        "The Python interpreter of the workers [default: python3 of the active venv]",
        |draft, value| {
            draft.python = value.text();
        },
    ),
    Entry::new(App, &["interface"], Kind::Choice(&["auto", "asgi3", "asgi2", "wsgi"]), "KIND")
        .uvicorn("auto, asgi3, asgi2 or wsgi", "interface"),
    Entry::new(App, &["lifespan", "asgi-lifespan"], Kind::Choice(&["auto", "on", "off"]), "MODE")
        .uvicorn("auto, on or off", "lifespan"),
    Entry::switch(App, &["reset-contextvars"])
        .uvicorn("Give each request a fresh set of context variables", "reset_contextvars"),
    Entry::new(App, &["config"], Kind::Text, "FILE").short('c').refused(
        "configuration files are not supported yet",
        "give the file's settings as options; the names are the same",
    ),
    Entry::new(App, &["pythonpath"], Kind::Text, "DIRS").refused(
        "not supported yet, and the application might not be found without it",
        "use `--app-dir DIR`, or set PYTHONPATH",
    ),
    Entry::new(App, &["env"], Kind::Verbatim, "NAME=VALUE").short('e').repeats().refused(
        "not supported yet, and the application would miss the variable",
        "set the variable before the command: `env NAME=VALUE ferricorn ...`",
    ),
    Entry::new(App, &["env-file"], Kind::Text, "FILE").refused(
        "not supported yet, and the application would miss the variables",
        "set the variables in the environment of the command",
    ),
    Entry::new(App, &["paste", "paster"], Kind::Text, "FILE")
        .refused("Paste applications are WSGI applications", "name an ASGI application, as in `main:app`"),
    Entry::new(App, &["paste-global"], Kind::Verbatim, "NAME=VALUE")
        .repeats()
        .refused("Paste applications are WSGI applications", "name an ASGI application, as in `main:app`"),
    Entry::new(App, &["dirty-app"], Kind::Text, "APP").repeats().refused(
        "uvicorn has no dirty workers, and the first call to one would fail",
        "run such work in a task queue",
    ),
    Entry::new(App, &["dirty-workers"], Kind::Whole, "N").neutral("0").refused(
        "uvicorn has no dirty workers, and the first call to one would fail",
        "run such work in a task queue",
    ),
    Entry::new(App, &["dirty-timeout"], Kind::Whole, "SECONDS"),
    Entry::new(App, &["dirty-threads"], Kind::Whole, "N"),
    Entry::new(App, &["dirty-graceful-timeout"], Kind::Whole, "SECONDS"),
];
