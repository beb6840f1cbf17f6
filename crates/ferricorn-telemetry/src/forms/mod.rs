//! The text forms in which metrics are read: Prometheus' text format 0.0.4 and `OpenMetrics` 1.0.
//!
//! Owns: names of samples, labels, numbers, escapes. Does not own: what is shown.
//!
//! Bounds are written alike in both (`1.0`, never `1`), so that a series keeps its labels whichever form is asked for.

use std::fmt::Write as _;

use crate::metrics::names::{Kind, Metric};

/// The content type of [`prometheus`].
pub const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The content type of [`openmetrics`].
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A count.
    Whole(u64),
    /// Seconds, mostly.
    Real(f64),
}

impl Value {
    /// As a count, rounded down.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    pub fn as_u64(self) -> u64 {
        match self {
            Self::Whole(value) => value,
            Self::Real(value) => value as u64,
        }
    }

    /// As a number with a fraction.
    #[expect(clippy::cast_precision_loss, reason = "a reader does the same")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Whole(value) => value as f64,
            Self::Real(value) => value,
        }
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

/// One sample: what follows the family's name, the values of its labels, the bound of a bucket.
#[derive(Clone, Debug)]
struct Sample {
    suffix: &'static str,
    labels: Vec<String>,
    bound: Option<f64>,
    value: Value,
}

/// All samples of one metric.
#[derive(Clone, Debug)]
pub struct Family {
    metric: Metric,
    samples: Vec<Sample>,
    created: Option<f64>,
}

impl Family {
    /// A family without a sample.
    pub fn of(metric: Metric) -> Self {
        Self { metric, samples: Vec::new(), created: None }
    }

    /// Says since when its samples have been counted, in seconds since 1970. Only what counts can say it, and only
    /// `OpenMetrics` has a place for it.
    #[must_use]
    pub fn since(mut self, created: f64) -> Self {
        self.created = (self.metric.kind != Kind::Gauge).then_some(created);
        self
    }

    /// Whose samples they are.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Adds a sample with these values of the metric's labels.
    pub fn add(&mut self, labels: &[&str], value: impl Into<Value>) {
        self.push("", labels, None, value.into());
    }

    /// Adds a histogram: how many were at most as large as each bound, how many there were, their sum.
    pub fn add_buckets(&mut self, labels: &[&str], buckets: &[(f64, u64)], count: u64, sum: f64) {
        for (bound, so_far) in buckets {
            self.push("_bucket", labels, Some(*bound), Value::Whole(*so_far));
        }
        self.push("_bucket", labels, Some(f64::INFINITY), Value::Whole(count));
        self.push("_sum", labels, None, Value::Real(sum));
        self.push("_count", labels, None, Value::Whole(count));
    }

    /// Adds a sum and a count.
    pub fn add_summary(&mut self, count: u64, sum: f64) {
        self.push("_sum", &[], None, Value::Real(sum));
        self.push("_count", &[], None, Value::Whole(count));
    }

    fn push(&mut self, suffix: &'static str, labels: &[&str], bound: Option<f64>, value: Value) {
        debug_assert_eq!(labels.len(), self.metric.labels.len(), "{}", self.metric.name);
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.samples.push(Sample { suffix, labels, bound, value });
    }
}

/// Prometheus' text format.
pub fn prometheus(families: &[Family]) -> String {
    let mut text = String::with_capacity(16 * 1024);
    // A family without samples would be a name without a meaning.
    families
        .iter()
        .filter(|it| !it.samples.is_empty())
        .for_each(|it| write_family(&mut text, it, it.metric.name, None));
    text
}

/// `OpenMetrics`.
pub fn openmetrics(families: &[Family]) -> String {
    let mut text = String::with_capacity(16 * 1024);
    for family in families.iter().filter(|it| !it.samples.is_empty()) {
        // There a counter's family is named without the end of its samples' names.
        let name = family.metric.name;
        write_family(&mut text, family, name.strip_suffix("_total").unwrap_or(name), family.created);
    }
    text.push_str("# EOF\n");
    text
}

fn write_family(text: &mut String, family: &Family, name: &str, created: Option<f64>) {
    let Metric { kind, help, .. } = family.metric;
    // To write into a string does not fail.
    let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {}", escape(help, false), kind.as_str());
    for sample in &family.samples {
        text.push_str(family.metric.name);
        text.push_str(sample.suffix);
        write_labels(text, family.metric.labels, sample);
        let _ = match sample.value {
            Value::Whole(value) => writeln!(text, " {value}"),
            Value::Real(value) => writeln!(text, " {value}"),
        };
        // The samples of one series stand together, so it follows the last of each.
        let is_last = kind == Kind::Counter || sample.suffix == "_count";
        if let Some(created) = created.filter(|_| is_last) {
            let _ = write!(text, "{name}_created");
            write_labels(text, family.metric.labels, sample);
            let _ = writeln!(text, " {created}");
        }
    }
    debug_assert!(kind != Kind::Counter || family.metric.name.ends_with("_total"));
}

fn write_labels(text: &mut String, names: &[&str], sample: &Sample) {
    let mut before = '{';
    for (name, value) in names.iter().zip(&sample.labels) {
        let _ = write!(text, "{before}{name}=\"{}\"", escape(value, true));
        before = ',';
    }
    if let Some(bound) = sample.bound {
        let shown = if bound.is_infinite() { "+Inf".to_owned() } else { format!("{bound:?}") };
        let _ = write!(text, "{before}le=\"{shown}\"");
        before = ',';
    }
    if before == ',' {
        text.push('}');
    }
}

fn escape(text: &str, in_quotes: bool) -> String {
    let mut escaped = text.replace('\\', "\\\\").replace('\n', "\\n");
    if in_quotes {
        escaped = escaped.replace('"', "\\\"");
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::names;

    #[test]
    fn a_histogram_is_written_in_both_forms() {
        let mut family = Family::of(names::DURATION);
        family.add_buckets(&["2xx"], &[(0.2, 3), (1.0, 4)], 5, 7.25);
        let name = "ferricorn_http_request_duration_seconds";
        let expected = format!(
            "# HELP {name} {}\n# TYPE {name} histogram\n\
             {name}_bucket{{code_class=\"2xx\",le=\"0.2\"}} 3\n\
             {name}_bucket{{code_class=\"2xx\",le=\"1.0\"}} 4\n\
             {name}_bucket{{code_class=\"2xx\",le=\"+Inf\"}} 5\n\
             {name}_sum{{code_class=\"2xx\"}} 7.25\n\
             {name}_count{{code_class=\"2xx\"}} 5\n",
            names::DURATION.help,
        );
        assert_eq!(prometheus(&[family.clone()]), expected);
        assert_eq!(openmetrics(&[family]), expected + "# EOF\n");
    }

    #[test]
    fn a_counter_has_another_family_name_in_openmetrics() {
        let mut family = Family::of(names::CUT);
        family.add(&[], 4u64);
        let sample = "ferricorn_http_requests_cut_total 4\n";
        let text = prometheus(&[family.clone()]);
        assert!(
            text.contains("# TYPE ferricorn_http_requests_cut_total counter\n") && text.ends_with(sample)
        );
        let text = openmetrics(&[family]);
        assert!(
            text.contains("# TYPE ferricorn_http_requests_cut counter\n") && text.contains(sample),
            "{text}"
        );
    }

    #[test]
    fn openmetrics_says_since_when_each_series_has_been_counted() {
        let mut exits = Family::of(names::EXITS);
        exits.add(&["reload"], 1u64);
        exits.add(&["timeout"], 2u64);
        let mut boots = Family::of(names::BOOT_SECONDS);
        boots.add_summary(3, 1.5);
        let mut target = Family::of(names::TARGET);
        target.add(&[], 2u64);
        let families = [exits, boots, target].map(|family| family.since(1_700_000_000.5));
        let samples =
            |text: &str| text.lines().filter(|it| !it.starts_with('#')).collect::<Vec<_>>().join("\n");
        assert_eq!(
            samples(&openmetrics(&families)),
            "ferricorn_worker_exits_total{cause=\"reload\"} 1\n\
             ferricorn_worker_exits_created{cause=\"reload\"} 1700000000.5\n\
             ferricorn_worker_exits_total{cause=\"timeout\"} 2\n\
             ferricorn_worker_exits_created{cause=\"timeout\"} 1700000000.5\n\
             ferricorn_worker_boot_seconds_sum 1.5\n\
             ferricorn_worker_boot_seconds_count 3\n\
             ferricorn_worker_boot_seconds_created 1700000000.5\n\
             ferricorn_workers_target 2"
        );
        assert!(!prometheus(&families).contains("_created"));
    }

    #[test]
    fn what_a_label_says_cannot_end_it() {
        let mut family = Family::of(names::QUEUE);
        family.add(&["unix:/run/\"a\\b\"\n.sock"], 1u64);
        let text = prometheus(&[family]);
        assert!(text.ends_with("{listener=\"unix:/run/\\\"a\\\\b\\\"\\n.sock\"} 1\n"), "{text}");
    }
}
