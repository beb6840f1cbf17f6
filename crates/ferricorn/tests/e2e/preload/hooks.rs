//! gunicorn's hooks with `preload_app`, and what is said of a service that gains nothing.

use std::fs;

use ferricorn_test::{PATIENCE, Source, turn};
use nix::sys::signal::Signal;

use super::{APP, lines, preload};
use crate::{ferricorn, hooks::ALL};

#[test]
fn hooks_are_called_in_gunicorns_order_and_the_application_is_imported_before_any_fork() {
    let _turn = turn::together();
    let builder = ferricorn().app(&format!("print('imported', flush=True)\n{APP}"));
    let file = format!("{ALL}\npreload_app = True\nworkers = 2\n");
    fs::write(builder.folder().join("gunicorn.conf.py"), file).expect("the folder can be written");
    let server = builder.line("--lifespan off --reload-probation 0").expect_stranger("").serve(2);
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    let told: Vec<_> = server.log().lines_of(Source::Stdout).into_iter().map(|line| line.text).collect();
    let first = |text: &str| {
        let place = told.iter().position(|line| line.starts_with(text));
        place.unwrap_or_else(|| panic!("no `{text}` in {told:#?}"))
    };
    let order =
        ["on_starting", "imported", "pre_fork", "post_fork", "post_worker_init", "when_ready", "on_reload"];
    let places = order.map(first);
    assert!(places.is_sorted(), "{places:?} {told:#?}");
    let count = |text: &str| told.iter().filter(|line| line.starts_with(text)).count();
    assert_eq!(count("imported"), 2, "once for each generation");
    let each = ["pre_fork", "post_fork", "post_worker_init", "worker_exit", "child_exit"].map(count);
    assert_eq!(each, [4; 5], "{told:#?}");
    assert_eq!((count("when_ready"), count("on_exit")), (1, 1));
    server.finish();
}

#[test]
fn one_worker_that_is_never_replaced_is_told_once_that_it_gains_nothing() {
    let _turn = turn::together();
    let said = |line: &str| {
        let server = preload().line(line).serve(1);
        server.signal(Signal::SIGHUP);
        server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
        let said = lines(&server, "One worker has nothing to share its memory with").len();
        server.finish();
        said
    };
    assert_eq!(said("--workers 1"), 1);
    assert_eq!(said("--workers 1 --max-requests 1000"), 0);
}
