//! What Prometheus' own programs make of the metrics, and of the rules that are shipped.

use std::{io::Write as _, process::Command};

use ferricorn_test::{Connection, http, turn};

use super::observed;

/// Gives a text to a program, which is to be content with it.
fn accepted_by(command: &mut Command, text: &str) {
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn both_text_forms_are_read_by_prometheus_own_parsers() {
    const READ: &str = "
import sys
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus
text = sys.stdin.read()
parser = openmetrics if text.endswith('# EOF\\n') else prometheus
assert len(list(parser.text_string_to_metric_families(text))) > 30
";
    let _turn = turn::together();
    let python = ferricorn_test::python();
    let has_client = Command::new(&python).args(["-c", "import prometheus_client.openmetrics"]).output();
    if !has_client.is_ok_and(|output| output.status.success()) {
        return ferricorn_test::skip("prometheus_client");
    }
    let (builder, metrics) = observed("--workers 1");
    let server = builder.serve(1);
    server.get("/code/418").expect("an answer");
    let mut connection = Connection::open(&metrics).expect("a connection");
    let head =
        "GET /metrics HTTP/1.1\r\nHost: h\r\nAccept: application/openmetrics-text;version=1.0.0\r\n\r\n";
    connection.send(head.as_bytes()).expect("sent");
    let texts = [
        http::get(&metrics, "/metrics").expect("metrics").text(),
        http::get(&metrics, "/metrics?resolution=fine").expect("metrics").text(),
        connection.receive().expect("metrics").text(),
    ];
    for text in &texts {
        accepted_by(Command::new(&python).args(["-c", READ]), text);
    }
    server.finish();
}

#[test]
fn the_rules_that_are_shipped_tell_of_what_they_are_for() {
    let folder = ferricorn_test::repository().join("examples/monitoring");
    let promtool = Command::new("promtool").arg("--version").output();
    if promtool.is_err() {
        return ferricorn_test::skip("promtool");
    }
    for words in [["check", "config", "prometheus.yml"], ["test", "rules", "rules.test.yml"]] {
        let output = Command::new("promtool").args(words).current_dir(&folder).output().expect("it runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
