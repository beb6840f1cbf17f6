//! What the log is made of.

use ferricorn_config::{
    AccessLog, Given, Layer, LogFormat, StatsdAddress, SyslogAddress,
    options::{self, Spelling},
};

use crate::*;

#[test]
fn what_the_log_is_made_of_is_given_in_gunicorns_words() {
    let logs = |line| settings(line, &[]).logs;
    let config =
        |line| logs(line).config.map(|config| (config.file, config.over_gunicorns, config.no_access));
    assert_eq!(config("a --log-config l.ini"), Some(("l.ini".into(), false, false)));
    assert_eq!(config("a --log-config l.ini --log-config-json l.json"), Some(("l.json".into(), true, false)));
    assert_eq!(config("a --log-config l.yaml --no-access-log"), Some(("l.yaml".into(), false, true)));
    assert_eq!(logs("a --log-format JSON").format, LogFormat::Json);
    assert!(logs("a --capture-output").capture_output);
    let syslog = logs("a:b --log-syslog --log-syslog-facility LOCAL0").syslog.unwrap();
    let daemon = SyslogAddress::Udp("localhost".to_owned(), 514);
    assert_eq!(
        (syslog.address, syslog.prefix.as_str(), syslog.facility, syslog.access),
        (daemon, "a.b", 16, true)
    );
    assert!(!logs("a --log-syslog --disable-redirect-access-to-syslog").syslog.unwrap().access);
    assert_eq!(logs("a --log-syslog-to tcp://h:1").syslog, None);
    let statsd = logs("a --statsd-host metrics --statsd-prefix shop --dogstatsd-tags a:b,c").statsd.unwrap();
    assert_eq!(statsd.address, StatsdAddress::Udp { host: "metrics".to_owned(), port: 8125 });
    assert_eq!((statsd.prefix.as_str(), statsd.tags.as_str()), ("shop.", "a:b,c"));
    assert_eq!(
        logs("a --statsd-host unix:/run/s").statsd.unwrap().address,
        StatsdAddress::Unix("/run/s".into())
    );
}

#[test]
fn the_access_log_is_on_where_nothing_is_gunicorns() {
    let log = |line: &str, environment: &[(&str, &str)]| run(line, environment).unwrap().settings.access_log;
    for line in [
        "main:app",
        "main:app --workers 2 --log-level info",
        "main:app --host 0.0.0.0 --port 80",
        "main:app --max-worker-memory 400",
        "main:app --bind :80 --access-log",
    ] {
        assert_eq!(log(line, &[]), AccessLog::Stdout, "{line}");
    }
    for line in [
        "main:app --bind :80",
        "main:app --worker-class uvicorn.workers.UvicornWorker",
        "main:app --host 0.0.0.0 --keep-alive 5",
        "main:app --host 0.0.0.0 --no-access-log",
        // uvicorn's lines are of level info, and its configuration says where they go.
        "main:app --host 0.0.0.0 --log-level warning",
        "main:app --log-config logging.ini",
    ] {
        assert_eq!(log(line, &[]), AccessLog::Off, "{line}");
    }
    assert_eq!(log("main:app", &[("GUNICORN_CMD_ARGS", "")]), AccessLog::Off);
    assert_eq!(log("main:app", &[("FERRICORN_BIND", ":80")]), AccessLog::Off);
    assert_eq!(log("main:app", &[("UVICORN_PORT", "80"), ("WEB_CONCURRENCY", "2")]), AccessLog::Stdout);
    // gunicorn alone has short names.
    let workers = Spelling { short: true, ..options::find_long("workers").unwrap() };
    let given = [Given::option(workers, "2".to_owned(), Layer::CommandLine)];
    assert_eq!(run_given(Some("main:app"), &given, &[]).unwrap().settings.access_log, AccessLog::Off);
}
