//! Log files, daemons, rights and certificates with `--preload`: as without it.

use std::{
    fs,
    io::Read as _,
    net::TcpListener,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use ferricorn_test::{Address, PATIENCE, Server, eventually, processes, tls, turn};
use nix::sys::signal::Signal;

use super::{APP, imports, lines, preload, template};
use crate::{ferricorn, rights};

/// Has every worker replaced by a crash, one after the other.
fn replace_all(server: &Server, workers: usize) {
    let template = template(server);
    let old: Vec<_> = server.workers().into_iter().filter(|pid| *pid != template).collect();
    assert_eq!(old.len(), workers);
    for pid in old {
        let ready = server.log().count("Worker ready (pid: ");
        processes::signal(pid, Signal::SIGKILL);
        server.wait_for_ready(ready + 1);
    }
}

/// The certificate that the server shows.
fn shown(address: &Address) -> String {
    let ask = "import ssl, sys; print(ssl.get_server_certificate(('127.0.0.1', int(sys.argv[1]))).strip())";
    let port = address.port().to_string();
    let output = Command::new(ferricorn_test::python()).args(["-c", ask, &port]).output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).replace(['\r', '\n'], "")
}

#[test]
fn a_renewed_certificate_is_shown_by_the_workers_that_are_forked_afterwards() {
    let _turn = turn::together();
    let builder = ferricorn().line("--preload --workers 2").expect_error("");
    let (certificate, key) = tls::write_certificate(builder.folder());
    let read = |path| fs::read_to_string(path).expect("it is there").replace(['\r', '\n'], "");
    let first = read(&certificate);
    let server = builder
        .args(["--certfile".as_ref(), certificate.as_os_str()])
        .args(["--keyfile".as_ref(), key.as_os_str()])
        .serve(2);
    assert_eq!(shown(&server.address()), first);
    tls::write_another_certificate(server.path("cert.pem").parent().expect("a folder"));
    let second = read(&certificate);
    assert_ne!(first, second);
    replace_all(&server, 2);
    assert_eq!(shown(&server.address()), second);
    assert_eq!(lines(&server, "Template ready").len(), 1, "for which nobody had to import anything");
    server.finish();
}

#[test]
fn a_configuration_of_the_applications_own_is_made_once_and_its_files_are_opened_by_each_worker() {
    let _turn = turn::together();
    let source = format!(
        "import logging, logging.config\n\
        logging.config.dictConfig({{'version': 1, 'disable_existing_loggers': False,\n\
        \x20   'handlers': {{'file': {{'class': 'logging.FileHandler', 'filename': 'own.log'}}}},\n\
        \x20   'loggers': {{'own': {{'handlers': ['file'], 'level': 'INFO', 'propagate': False}}}}}})\n\
        {}",
        APP.replace(
            "    words = ",
            "    logging.getLogger('own').info('asked of %d', os.getpid())\n    words = "
        )
    );
    let server =
        ferricorn().app(&source).line("--preload --workers 2 --lifespan off").expect_error("").serve(2);
    let told = |pid: &str| {
        fs::read_to_string(server.path("own.log")).is_ok_and(|text| text.contains(&format!("asked of {pid}")))
    };
    let pid = super::words(&server).swap_remove(1);
    eventually(PATIENCE, "the application's own log has the line", || told(&pid));
    assert_eq!(lines(&server, "Booting worker with pid").len(), 2, "ours goes on where it went");
    // A file that was renamed is kept by nobody who is forked afterwards.
    fs::rename(server.path("own.log"), server.path("own.log.1")).expect("it is there");
    replace_all(&server, 2);
    let pid = super::words(&server).swap_remove(1);
    eventually(PATIENCE, "the new file has the line", || told(&pid));
    let template = template(&server);
    assert!(!processes::descriptors(template).values().any(|it| it.contains("own.log")));
    assert_eq!(imports(&server), [template]);
    server.finish();
}

#[test]
fn a_dictionary_of_the_configuration_file_is_applied_once_for_all_workers() {
    let _turn = turn::together();
    let builder = preload().line("--workers 2");
    let file = "class Count(__import__('logging').Handler):\n\
        \x20   def __init__(self):\n        super().__init__()\n        open('configured', 'a').write('once ')\n\
        \x20   def emit(self, record):\n        open('ours.log', 'a').write(record.getMessage() + '\\n')\n\
        logconfig_dict = {'version': 1, 'disable_existing_loggers': False,\n\
        \x20   'handlers': {'count': {'()': Count}}, 'root': {'handlers': ['count']},\n\
        \x20   'loggers': {'gunicorn.error': {'handlers': ['count'], 'level': 'INFO', 'propagate': False}}}\n";
    fs::write(builder.folder().join("gunicorn.conf.py"), file).expect("the folder can be written");
    let server = builder.serve(2);
    eventually(PATIENCE, "the workers' lines go where the dictionary says", || {
        fs::read_to_string(server.path("ours.log")).is_ok_and(|text| text.contains("Booting worker with pid"))
    });
    let configured = fs::read_to_string(server.path("configured")).expect("it was configured");
    assert_eq!(configured.trim(), "once", "a second time would switch the application's loggers off");
    server.finish();
}

#[test]
fn template_and_workers_have_the_rights_of_the_user() {
    let _turn = turn::together();
    let Some(builder) = rights::for_nobody() else { return };
    let line = "--preload --user 65534 --group 65534 --workers 2 --access-logfile access.log";
    let server = builder.line(line).expect_error("").serve(2);
    let template = template(&server);
    let all = server.wait_for_workers(3, PATIENCE);
    assert!(all.contains(&template));
    for pid in all {
        rights::has_rights(pid, "65534", "65534");
    }
    replace_all(&server, 2);
    let all = server.wait_for_workers(3, PATIENCE);
    for pid in all {
        rights::has_rights(pid, "65534", "65534");
    }
    assert_eq!(server.get("/").expect("an answer").status, 200);
    eventually(PATIENCE, "a file of the user's is written", || {
        fs::read_to_string(server.path("access.log")).is_ok_and(|text| text.contains("GET / "))
    });
    server.finish();
}

#[test]
fn a_killed_master_takes_template_and_workers_of_another_user_with_it() {
    let _turn = turn::together();
    let Some(builder) = rights::for_nobody() else { return };
    let mut server = builder.line("--preload --user 65534 --group 65534 --workers 2").serve(2);
    server.wait_for_workers(3, PATIENCE);
    server.kill_master();
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn each_worker_speaks_to_syslog_by_itself() {
    let _turn = turn::together();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let heard = Arc::new(Mutex::new(Vec::<String>::new()));
    let note = Arc::clone(&heard);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            note.lock().expect("nobody panics").push(String::new());
            let note = Arc::clone(&note);
            thread::spawn(move || {
                let Ok(mut stream) = stream else { return };
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    let text = String::from_utf8_lossy(&buffer[..length]);
                    note.lock().expect("nobody panics")[number].push_str(&text);
                }
            });
        }
    });
    let line = format!("--workers 2 --log-syslog --log-syslog-to tcp://127.0.0.1:{port}");
    let server = preload().line(&line).serve(2);
    let template = template(&server);
    let workers: Vec<_> = server.workers().into_iter().filter(|pid| *pid != template).collect();
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    eventually(PATIENCE, "each worker's lines came over a connection of its own", || {
        let heard = heard.lock().expect("nobody panics");
        workers.iter().all(|worker| {
            let mut of_it = heard.iter().filter(|text| text.contains(&format!(".error: [{worker}] ")));
            let (one, more) = (of_it.next(), of_it.next());
            let others = || workers.iter().filter(|other| *other != worker);
            let alone =
                one.is_some_and(|text| others().all(|it| !text.contains(&format!(".error: [{it}] "))));
            alone && more.is_none()
        })
    });
    server.finish();
}
