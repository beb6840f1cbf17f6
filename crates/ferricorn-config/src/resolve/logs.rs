//! How the options of the log become settings.
//!
//! Does not own: the types (`settings`), the options themselves (`options`), nor anything that is written.

use super::log_config;
use crate::{
    options::LogDraft,
    settings::{LogConfig, LogFormat, LogOptions, Statsd, Syslog},
    values::facility,
};

/// Logger classes that everybody has; what they do is done without them.
const GUNICORNS_OWN: [&str; 3] = ["gunicorn.glogging.Logger", "gunicorn.instrument.statsd.Statsd", "simple"];

impl LogDraft {
    /// What holds, of a service with this name. `no_access`: the user has switched the access log off. `read` gives the text
    /// of a file.
    pub(crate) fn resolve(
        self,
        name: &str,
        no_access: bool,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> LogOptions {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        // gunicorn's order.
        let config = match (given(self.config_json), given(self.config)) {
            (Some(file), _) => Some((file, true)),
            (None, Some(file)) => Some((file, false)),
            (None, None) => None,
        };
        let dictionary = self.dictionary.filter(|table| table != "{}");
        let level = match (&dictionary, &config) {
            (Some(table), _) => log_config::level_over_gunicorns(table),
            (None, Some((file, true))) => read(file).and_then(|text| log_config::level_over_gunicorns(&text)),
            (None, Some((file, false))) => read(file).and_then(|text| log_config::level_of_file(file, &text)),
            (None, None) => None,
        };
        LogOptions {
            format: if self.format.as_deref() == Some("json") { LogFormat::Json } else { LogFormat::Text },
            config: config.map(|(file, over_gunicorns)| LogConfig {
                file: file.into(),
                over_gunicorns,
                no_access,
            }),
            dictionary,
            level,
            asked_level: None,
            class: given(self.class).filter(|class| !GUNICORNS_OWN.contains(&class.as_str())),
            capture_output: self.capture_output.unwrap_or(false),
            syslog: self.syslog_to.filter(|_| self.syslog == Some(true)).map(|address| Syslog {
                address,
                prefix: given(self.syslog_prefix).unwrap_or_else(|| name.replace(':', ".")),
                facility: facility(&self.syslog_facility.unwrap_or_default()),
                access: !(no_access || self.no_access_to_syslog.unwrap_or(false)),
            }),
            statsd: self.statsd_host.map(|address| Statsd {
                address,
                prefix: given(self.statsd_prefix)
                    .map_or_else(String::new, |prefix| format!("{}.", prefix.trim_end_matches('.'))),
                tags: self.dogstatsd_tags.unwrap_or_default(),
                backlog: self.backlog_metric.unwrap_or(false),
            }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::settings::{StatsdAddress, SyslogAddress};

    #[test]
    fn a_prefix_ends_with_one_dot_and_the_app_stands_in_for_the_prefix_of_syslog() {
        let given = LogDraft {
            syslog: Some(true),
            syslog_to: Some(SyslogAddress::Udp("localhost".to_owned(), 514)),
            statsd_host: Some(StatsdAddress::Udp { host: "h".to_owned(), port: 1 }),
            statsd_prefix: Some("shop..".to_owned()),
            ..LogDraft::default()
        };
        let options = given.resolve("main:app", false, &|_| None);
        assert_eq!(options.statsd.unwrap().prefix, "shop.");
        assert_eq!(options.syslog.unwrap().prefix, "main.app");
    }
}
