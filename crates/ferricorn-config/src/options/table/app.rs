//! What to run: the application and its interpreter.

use crate::options::{Entry, Group::App, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(App, &["chdir"], Kind::Text, "DIR")
        .example("/srv/shop")
        .sets("Change to this directory first", |draft, value| draft.chdir = value.text()),
    Entry::new(App, &["app-dir"], Kind::Text, "DIR").example("src").sets(
        "Look for the application in this directory first",
        |draft, value| {
            draft.app_dir = value.text();
        },
    ),
    Entry::switch(App, &["factory"]).sets(
        "APP_MODULE names a function that returns the application",
        |draft, value| {
            draft.factory = value.flag();
        },
    ),
    Entry::new(App, &["python"], Kind::Text, "PATH")
        .example("/srv/shop/.venv/bin/python")
        .depends("that of ferricorn's environment, or of the active one")
        .sets("Python interpreter of the workers", |draft, value| {
            draft.python = value.text();
        }),
    Entry::new(App, &["interface"], Kind::Choice(&["auto", "asgi3", "asgi2", "wsgi"]), "KIND")
        .example("asgi3")
        .uvicorns_default("auto")
        .uvicorn("auto, asgi3, asgi2 or wsgi", "interface"),
    Entry::new(App, &["lifespan", "asgi-lifespan"], Kind::Choice(&["auto", "on", "off"]), "MODE")
        .example("on")
        .uvicorns_default("auto")
        .uvicorn("auto, on or off", "lifespan"),
    Entry::switch(App, &["reset-contextvars"])
        .uvicorn("Give each request a fresh set of context variables", "reset_contextvars"),
    Entry::new(App, &["config"], Kind::Text, "FILE")
        .example("gunicorn.conf.py")
        .short('c')
        .depends("ferricorn.toml or gunicorn.conf.py")
        .program("Configuration file: FILE.py, FILE.toml or python:MODULE"),
    Entry::new(App, &["pythonpath"], Kind::Text, "DIRS").example("lib,vendor").sets(
        "Directories to search for modules, separated by commas",
        |draft, value| {
            draft.python_path = value.text();
        },
    ),
    Entry::new(App, &["env"], Kind::Verbatim, "NAME=VALUE")
        .example("LOG_FORMAT=json")
        .short('e')
        .setting(&["raw_env"])
        .repeats()
        .sets("Set this variable for the application; may be repeated", |draft, value| {
            draft.environment.extend(value.text());
        }),
    Entry::new(App, &["env-file"], Kind::Text, "FILE")
        .example(".env")
        .program("Read variables from this file; variables that are already set win"),
    Entry::new(App, &["paste", "paster"], Kind::Text, "FILE")
        .refused("Paste applications are WSGI applications", "name an ASGI application, as in `main:app`"),
    Entry::new(App, &["paste-global"], Kind::Verbatim, "NAME=VALUE")
        .setting(&["raw_paste_global_conf"])
        .repeats()
        .refused("Paste applications are WSGI applications", "name an ASGI application, as in `main:app`"),
    Entry::new(App, &["dirty-app"], Kind::Text, "APP").setting(&["dirty_apps"]).repeats().refused(
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
