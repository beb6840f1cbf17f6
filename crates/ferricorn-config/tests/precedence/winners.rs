//! Which of several values counts, and the warning if one does not.

use std::{path::PathBuf, time::Duration};

use ferricorn_config::{
    AccessLog, Bind, Given, Layer, Settings, UvicornValue,
    options::{self},
};

use crate::*;

#[test]
fn variables_of_the_platform_stand_in_for_what_is_not_given() {
    let platform = [("PORT", "10000"), ("WEB_CONCURRENCY", "3"), ("FORWARDED_ALLOW_IPS", "*")];
    let resolved = settings("main:app", &platform);
    assert_eq!((resolved.binds, resolved.workers), (tcp("0.0.0.0", 10000), 3));
    assert_eq!(resolved.uvicorn, [("forwarded_allow_ips", UvicornValue::Text("*".to_owned()))]);
    let resolved = settings("main:app --bind :1 --workers 2 --forwarded-allow-ips 10.0.0.1", &platform);
    assert_eq!((resolved.binds, resolved.workers), (tcp("0.0.0.0", 1), 2));
    assert_eq!(resolved.uvicorn, [("forwarded_allow_ips", UvicornValue::Text("10.0.0.1".to_owned()))]);
}

#[test]
fn host_and_port_are_those_of_uvicorn() {
    let port = [("PORT", "10000")];
    assert_eq!(settings("a --host 0.0.0.0", &port).binds, tcp("0.0.0.0", 10000));
    assert_eq!(settings("a --host ::", &[]).binds, tcp("::", 8000));
    assert_eq!(settings("a --port 0", &port).binds, tcp("127.0.0.1", 0));
    assert_eq!(settings("a --uds x.sock", &port).binds, [Bind::Unix(PathBuf::from("x.sock"))]);
    assert_eq!(settings("a --fd 3", &port).binds, [Bind::Fd(3)]);
    assert_eq!(settings("a --bind a:1 --bind b:2", &port).binds, [tcp("a", 1), tcp("b", 2)].concat());
}

#[test]
fn the_later_of_two_dialects_wins_with_one_warning() {
    let resolved = run("a --keep-alive 2 --timeout-keep-alive 5", &[]).unwrap();
    assert_eq!(resolved.settings.uvicorn, [("timeout_keep_alive", UvicornValue::Integer(5))]);
    let warning = "`--timeout-keep-alive 5` overrides `--keep-alive 2`, which comes before it";
    assert_eq!(resolved.warnings, [warning]);
    assert_eq!(warnings("a --keep-alive 5 --timeout-keep-alive 5"), [""; 0]);
    assert_eq!(warnings("a --keep-alive 2 --keep-alive 5"), [""; 0]);

    let resolved = run("a --port 80 --bind :90", &[]).unwrap();
    assert_eq!(resolved.settings.binds, tcp("0.0.0.0", 90));
    assert_eq!(resolved.warnings, ["`--bind :90` overrides `--port 80`, which comes before it"]);
    let resolved = run("a --bind :90 --host 0.0.0.0 --port 80", &[]).unwrap();
    assert_eq!(resolved.settings.binds, tcp("0.0.0.0", 80));
    assert_eq!(resolved.warnings, ["`--port 80` overrides `--bind :90`, which comes before it"]);
    assert_eq!(warnings("a --bind 127.0.0.1:80 --port 80"), [""; 0]);
    assert_eq!(warnings("a --uds x --port 80"), ["`--port` has no effect: `--uds` says where to listen"]);
}

#[test]
fn the_access_log_has_two_dialects_too() {
    let log = |line: &str| run(line, &[]).unwrap().settings.access_log;
    assert_eq!(log("a --access-log"), AccessLog::Stdout);
    assert_eq!(log("a --no-access-log"), AccessLog::Off);
    assert_eq!(log("a --access-logfile x --access-log"), AccessLog::File(PathBuf::from("x")));
    assert_eq!(log("a --access-logfile x --no-access-log"), AccessLog::Off);
    assert_eq!(log("a --no-access-log --access-logfile x"), AccessLog::File(PathBuf::from("x")));
    let warning = "`--no-access-log` overrides `--access-logfile x`, which comes before it";
    assert_eq!(warnings("a --access-logfile x --no-access-log"), [warning]);
}

#[test]
fn a_higher_layer_overrides_a_lower_one_in_silence() {
    let (_, mut all) = given("--workers 3 --bind :1 --bind :2 --timeout 9", Layer::CommandVariable);
    all.extend(given("--workers 4 --port 5", Layer::CommandLine).1);
    let resolved =
        run_given(Some("a"), &all, &[("WEB_CONCURRENCY", "9"), ("FERRICORN_PYTHON", "py")]).unwrap();
    assert_eq!(resolved.warnings, [""; 0]);
    let Settings { workers, binds, timeout, python, .. } = resolved.settings;
    assert_eq!((workers, binds, timeout), (4, tcp("127.0.0.1", 5), Duration::from_secs(9)));
    assert_eq!(python, Some(PathBuf::from("py")));

    let environment = [("FERRICORN_PYTHON", "one")];
    let (_, lower) = given("--python two", Layer::CommandVariable);
    let python = |given: &[Given]| run_given(Some("a"), given, &environment).unwrap().settings.python;
    assert_eq!(python(&lower), Some(PathBuf::from("one")));
    assert_eq!(python(&given("--python two", Layer::CommandLine).1), Some(PathBuf::from("two")));
}

#[test]
fn options_that_do_nothing_here_say_so_once_unless_they_ask_for_nothing() {
    assert_eq!(
        warnings("a --threads 4 --spew --threads 4"),
        [
            "`--threads` has no effect: a uvicorn worker runs one event loop; the application makes its own threads",
            "`--spew` has no effect: use `python -X importtime` or a profiler",
        ]
    );
    let quiet = "a --threads 1 --limit-request-line 4094 --no-control-socket --worker-tmp-dir /dev/shm --protocol http";
    assert_eq!(warnings(quiet), [""; 0]);
}

#[test]
fn no_workers_is_what_somebody_may_want_and_is_said() {
    let said = "0 workers: nothing is served until there is one; add one with TTIN or `ferricorn ctl scale`";
    assert_eq!(warnings("a --workers 0"), [said]);
    assert_eq!(run("a", &[("WEB_CONCURRENCY", "0")]).unwrap().warnings, [said]);
    assert_eq!(warnings("a --workers 1"), [""; 0]);
}

#[test]
fn addresses_that_can_stand_side_by_side_are_taken() {
    for line in [
        "--bind :0 --bind :0",
        "--bind 127.0.0.1:80 --bind 127.0.0.2:80",
        "--bind :80 --bind [::]:80",
        "--bind :80 --bind :80 --reuse-port",
    ] {
        assert_eq!(settings(&format!("a {line}"), &[]).binds.len(), 2, "{line}");
    }
    for seconds in ["0", "0.5", "30"] {
        assert_eq!(
            settings(&format!("a --timeout {seconds}"), &[]).timeout,
            Duration::from_secs_f64(seconds.parse().unwrap())
        );
    }
}

#[test]
fn what_kubernetes_sets_for_a_service_of_the_same_name_is_passed_over() {
    let environment = [
        ("UVICORN_PORT", "tcp://10.0.0.1:80"),
        ("UVICORN_SERVICE_HOST", "10.0.0.1"),
        ("UVICORN_PORT_80_TCP_PROTO", "tcp"),
        ("UVICORN_VERSION", "1"),
        ("FERRICORN_PORT", "tcp://10.0.0.1:80"),
        ("FERRICORN_PORT_53_UDP_PROTO", "udp"),
        ("FERRICORN_PORT_53_UDP_ADDR", "10.0.0.1"),
        ("FERRICORN_SERVICE_PORT_HTTP", "80"),
    ];
    let resolved = run("main:app", &environment).unwrap();
    assert_eq!((resolved.settings, resolved.warnings), (defaults(), vec![]));
}

#[test]
fn the_source_of_the_address_is_what_says_it() {
    let source = |line: &str, environment: &[(&str, &str)]| {
        let shown = run(line, environment).unwrap().shown;
        shown.into_iter().find(|it| it.name == "bind").map(|it| (it.value, it.source)).unwrap()
    };
    let of = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    assert_eq!(source("a", &[]), of("127.0.0.1:8000", "default"));
    assert_eq!(source("a", &[("PORT", "9")]), of("0.0.0.0:9", "PORT"));
    assert_eq!(source("a --port 9", &[]), of("127.0.0.1:9", "--port"));
    assert_eq!(source("a --bind :8 --port 9", &[]), of("127.0.0.1:9", "--port"));
    assert_eq!(source("a --bind 127.0.0.1:1 --host 0.0.0.0", &[]), of("0.0.0.0:8000", "--host"));
    assert_eq!(source("a --port 9 --bind :8", &[]), of("0.0.0.0:8", "-b/--bind"));
    assert_eq!(source("a", &[("UVICORN_PORT", "9")]), of("127.0.0.1:9", "UVICORN_PORT"));
}

#[test]
fn an_empty_path_is_none_and_takes_back_one_from_a_file() {
    let option = |name: &str, text: &str, layer| {
        Given::option(options::find_long(name).expect("an option"), text.to_owned(), layer)
    };
    let empty = ["uds", "certfile", "keyfile", "ca-certs", "ciphers"]
        .map(|name| option(name, "", Layer::CommandLine))
        .into_iter()
        .chain([
            option("certfile", "/srv/cert.pem", Layer::File),
            option("bind", "127.0.0.1:80", Layer::CommandLine),
        ]);
    let resolved = run_given(Some("main:app"), &empty.collect::<Vec<_>>(), &[]).unwrap();
    assert_eq!(resolved.warnings, [] as [&str; 0]);
    assert_eq!(resolved.settings.binds, [Bind::Tcp { host: "127.0.0.1".to_owned(), port: 80 }]);
    let tls = resolved.settings.uvicorn.iter().find(|(name, _)| name.starts_with("ssl_"));
    assert_eq!(tls, None);
}
