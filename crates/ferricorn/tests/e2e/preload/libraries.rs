//! What libraries do at import, with the libraries themselves: what a fork survives is used, what it does not is named.

use std::collections::BTreeSet;

use ferricorn_test::{Builder, PATIENCE, Server, eventually, turn};

use super::{APP, imports, lines, words};
use crate::ferricorn;

/// An application in the environment that has these libraries.
fn with(name: &str, app: &str) -> Option<Builder> {
    let Some(python) = ferricorn_test::libraries() else {
        ferricorn_test::skip(&format!("{name}, which `cargo dev test` installs"));
        return None;
    };
    Some(ferricorn().python(python).app(app).line("--preload --workers 2 --lifespan off"))
}

/// Serves an application that begins with this.
fn serve(name: &str, source: &str) -> Option<Server> {
    with(name, &format!("{source}\n{APP}")).map(|builder| builder.expect_error("").serve(2))
}

#[track_caller]
fn is_used(name: &str, source: &str) {
    let Some(server) = serve(name, source) else { return };
    assert_eq!(imports(&server).len(), 1, "{}", server.log().transcript());
    assert_eq!(lines(&server, "The application is not preloaded"), [""; 0]);
    let mut seen = BTreeSet::new();
    eventually(PATIENCE, "each worker answers", || {
        seen.insert(words(&server)[1].clone());
        seen.len() == 2
    });
    server.finish();
}

#[track_caller]
fn is_refused(name: &str, source: &str, named: &str) {
    let Some(server) = serve(name, source) else { return };
    let text = server.log().transcript();
    assert!(text.contains("The application is not preloaded") && text.contains(named), "{text}");
    assert_eq!(lines(&server, "The application is not preloaded").len(), 1);
    assert_eq!(imports(&server).len(), 3, "the template and both workers");
    assert_eq!(words(&server)[0], "one");
    server.finish();
}

#[test]
fn numpy_that_has_computed_is_used() {
    let _turn = turn::together();
    // A product of this size is computed by OpenBLAS's threads, here and in each answer of each worker.
    let product = "NUMBERS = numpy.ones((300, 300)); assert (NUMBERS @ NUMBERS)[0, 0] == 300\n";
    let app = APP.replace("    words = ", "    assert (NUMBERS @ NUMBERS)[0, 0] == 300\n    words = ");
    let Some(builder) = with("numpy", &format!("import numpy\n{product}{app}")) else { return };
    let server = builder.serve(2);
    assert_eq!(imports(&server).len(), 1, "{}", server.log().transcript());
    for _ in 0..10 {
        assert_eq!(words(&server)[0], "one");
    }
    server.finish();
}

#[test]
fn sentry_is_used_until_it_has_sent_something() {
    let _turn = turn::together();
    let begun =
        "import sentry_sdk\nsentry_sdk.init('http://key@127.0.0.1:9/1', auto_session_tracking=False)\n";
    is_used("sentry-sdk", begun);
    is_refused("sentry-sdk", &format!("{begun}sentry_sdk.capture_message('import')\n"), "thread `sentry");
}

#[test]
fn a_scheduler_that_runs_is_refused_and_runs_in_each_worker() {
    let _turn = turn::together();
    let source = "from apscheduler.schedulers.background import BackgroundScheduler\n\
        SCHEDULER = BackgroundScheduler()\n\
        SCHEDULER.start()\n";
    is_refused("APScheduler", source, "thread `APScheduler`");
}

#[test]
fn pymongo_is_used_until_it_has_a_client() {
    let _turn = turn::together();
    is_used("pymongo", "import pymongo\n");
    let client = "import pymongo\nCLIENT = pymongo.MongoClient('mongodb://127.0.0.1:9', serverSelectionTimeoutMS=100)\n\
        try: CLIENT.admin.command('ping')\n\
        except Exception: pass\n";
    is_refused("pymongo", client, "thread `pymongo");
}

#[test]
fn grpc_is_used_until_it_has_a_channel() {
    let _turn = turn::together();
    is_used("grpcio", "import grpc\n");
    // Its threads have their names a moment after their birth.
    let channel = "import grpc\nCHANNEL = grpc.insecure_channel('127.0.0.1:9')\n";
    is_refused("grpcio", channel, "native thread `");
}
