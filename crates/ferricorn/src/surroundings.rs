//! What the platform does, by the variables that it sets, and which given settings do not fit it.
//!
//! Owns: the platforms' times and the sentences. Does not own: what is wrong in a repository's files (`ferricorn check`),
//! whose rules say the same before a deploy.
//!
//! Invariants: pure; there is no warning about a setting that was not given, nor about a platform that is not certain.

use ferricorn_config::{Environment, Shown};

/// What is known of a platform.
struct Surroundings {
    /// A variable that only this platform sets.
    variable: &'static str,
    name: &'static str,
    /// Seconds between SIGTERM (or the platform's own signal) and SIGKILL, unless its own setting says otherwise.
    kill_delay: u64,
    /// That setting; `None` if there is none.
    raised_by: Option<&'static str>,
    /// How long its proxy keeps an idle connection, in seconds, if its documents say it.
    idle: Option<u64>,
}

/// The first one whose variable is set is the platform: Cloud Run sets no variable of Kubernetes, but a service on
/// Kubernetes may be given one of the others.
const PLATFORMS: [Surroundings; 7] = [
    Surroundings {
        variable: "RENDER",
        name: "Render",
        kill_delay: 30,
        raised_by: Some("maxShutdownDelaySeconds"),
        idle: None,
    },
    Surroundings { variable: "DYNO", name: "Heroku", kill_delay: 30, raised_by: None, idle: Some(90) },
    Surroundings {
        variable: "FLY_APP_NAME",
        name: "Fly",
        kill_delay: 5,
        raised_by: Some("kill_timeout"),
        idle: Some(60),
    },
    Surroundings {
        variable: "RAILWAY_PROJECT_ID",
        name: "Railway",
        kill_delay: 0,
        raised_by: Some("drainingSeconds"),
        idle: None,
    },
    Surroundings { variable: "K_SERVICE", name: "Cloud Run", kill_delay: 10, raised_by: None, idle: None },
    Surroundings {
        variable: "ECS_CONTAINER_METADATA_URI_V4",
        name: "ECS",
        kill_delay: 30,
        raised_by: Some("stopTimeout"),
        idle: None,
    },
    Surroundings {
        variable: "KUBERNETES_SERVICE_HOST",
        name: "Kubernetes",
        kill_delay: 30,
        raised_by: Some("terminationGracePeriodSeconds"),
        idle: None,
    },
];

/// One sentence for each setting that does not fit the platform.
pub fn hints(environment: &Environment, shown: &[Shown]) -> Vec<String> {
    let is_set = |it: &&Surroundings| environment.get(it.variable).is_some_and(|value| !value.is_empty());
    let Some(platform) = PLATFORMS.iter().find(is_set) else { return Vec::new() };
    let given = |name: &str| shown.iter().find(|line| line.name == name && !line.is_default());
    let seconds = |line: &Shown| line.value.parse::<f64>().ok().map(|seconds| (seconds, line.source.clone()));
    let hints = [
        given("graceful_timeout").and_then(seconds).and_then(|given| graceful(platform, &given)),
        given("keepalive").and_then(seconds).and_then(|given| keep_alive(platform, &given)),
        given("preload_app").and_then(|line| preload(platform, line)),
    ];
    hints.into_iter().flatten().collect()
}

#[expect(clippy::cast_precision_loss, reason = "a handful of seconds")]
fn graceful(platform: &Surroundings, (seconds, source): &(f64, String)) -> Option<String> {
    let Surroundings { name, kill_delay, raised_by, .. } = platform;
    if *seconds < *kill_delay as f64 {
        return None;
    }
    let raise = raised_by.map_or_else(String::new, |setting| format!("raise {setting}"));
    let lower = (*kill_delay > 2).then(|| format!("take {}", kill_delay.saturating_sub(5).max(2)));
    let advice = match (lower, raised_by) {
        (Some(lower), Some(_)) => format!("{lower}, or {raise} above {seconds}"),
        (Some(lower), None) => lower,
        (None, _) => format!("{raise} above {seconds}"),
    };
    let unless = raised_by.map_or_else(String::new, |setting| format!(" unless {setting} says otherwise"));
    Some(format!(
        "graceful_timeout is {seconds} s (from {source}), but {name} kills {kill_delay} s after its stop signal{unless}; {advice}"
    ))
}

#[expect(clippy::cast_precision_loss, reason = "a handful of seconds")]
fn keep_alive(platform: &Surroundings, (seconds, source): &(f64, String)) -> Option<String> {
    let idle = platform.idle.filter(|idle| *seconds <= *idle as f64)?;
    Some(format!(
        "keepalive is {seconds} s (from {source}), but the proxy of {} keeps idle connections for {idle} s, so some requests may get a 502; take {}",
        platform.name,
        idle + 5
    ))
}

/// Render itself gives that option to every native service.
fn preload(platform: &Surroundings, line: &Shown) -> Option<String> {
    let own = platform.name == "Render" && line.source.contains("GUNICORN_CMD_ARGS");
    let on = own && line.value.eq_ignore_ascii_case("true");
    on.then(|| {
        "preload_app is on because Render sets GUNICORN_CMD_ARGS; set GUNICORN_CMD_ARGS yourself to choose"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, value: &str, source: &str) -> Shown {
        Shown {
            name: name.to_owned(),
            value: value.to_owned(),
            public: value.to_owned(),
            source: source.to_owned(),
        }
    }

    fn on(variable: &str, lines: &[(&str, &str)]) -> Vec<String> {
        let environment: Environment = [(variable.to_owned(), "x".to_owned())].into_iter().collect();
        let shown: Vec<Shown> = lines.iter().map(|(name, value)| line(name, value, "--option")).collect();
        hints(&environment, &shown)
    }

    fn is(hints: &[String], parts: &[&str]) {
        assert_eq!(hints.len(), 1, "{hints:?}");
        for part in parts {
            assert!(hints[0].contains(part), "{part} is not in {hints:?}");
        }
    }

    #[test]
    fn render_kills_after_30_seconds() {
        is(
            &on("RENDER", &[("graceful_timeout", "30")]),
            &["Render kills 30 s", "take 25, or raise maxShutdownDelaySeconds above 30"],
        );
        assert_eq!(on("RENDER", &[("graceful_timeout", "25"), ("keepalive", "5")]), [""; 0]);
    }

    #[test]
    fn render_preloads() {
        let environment: Environment = [("RENDER".to_owned(), "true".to_owned())].into_iter().collect();
        let shown = [line("preload_app", "true", "--preload (GUNICORN_CMD_ARGS)")];
        is(&hints(&environment, &shown), &["because Render sets GUNICORN_CMD_ARGS"]);
        assert_eq!(hints(&environment, &[line("preload_app", "true", "--preload")]), [""; 0]);
    }

    #[test]
    fn heroku_kills_after_30_seconds_and_keeps_connections_for_90() {
        is(&on("DYNO", &[("graceful_timeout", "30")]), &["Heroku kills 30 s", "; take 25"]);
        is(&on("DYNO", &[("keepalive", "5")]), &["Heroku keeps idle connections for 90 s", "take 95"]);
        assert_eq!(on("DYNO", &[("keepalive", "95"), ("graceful_timeout", "20")]), [""; 0]);
    }

    #[test]
    fn fly_kills_after_5_seconds_and_keeps_connections_for_60() {
        is(
            &on("FLY_APP_NAME", &[("graceful_timeout", "20")]),
            &["Fly kills 5 s", "raise kill_timeout above 20"],
        );
        is(&on("FLY_APP_NAME", &[("keepalive", "60")]), &["take 65"]);
        assert_eq!(on("FLY_APP_NAME", &[("graceful_timeout", "4"), ("keepalive", "75")]), [""; 0]);
    }

    #[test]
    fn railway_kills_at_once() {
        let hints = on("RAILWAY_PROJECT_ID", &[("graceful_timeout", "10")]);
        is(
            &hints,
            &["Railway kills 0 s", "unless drainingSeconds says otherwise; raise drainingSeconds above 10"],
        );
    }

    #[test]
    fn cloud_run_kills_after_10_seconds() {
        is(&on("K_SERVICE", &[("graceful_timeout", "10")]), &["Cloud Run kills 10 s", "; take 5"]);
        assert_eq!(on("K_SERVICE", &[("graceful_timeout", "8")]), [""; 0]);
    }

    #[test]
    fn ecs_kills_after_30_seconds() {
        is(
            &on("ECS_CONTAINER_METADATA_URI_V4", &[("graceful_timeout", "45")]),
            &["raise stopTimeout above 45"],
        );
    }

    #[test]
    fn kubernetes_kills_after_30_seconds() {
        is(
            &on("KUBERNETES_SERVICE_HOST", &[("graceful_timeout", "60")]),
            &["Kubernetes kills 30 s", "take 25, or raise terminationGracePeriodSeconds above 60"],
        );
    }

    #[test]
    fn nothing_is_said_without_a_platform_or_about_a_default() {
        assert_eq!(on("HOME", &[("graceful_timeout", "300"), ("keepalive", "1")]), [""; 0]);
        let environment: Environment = [("DYNO".to_owned(), "web.1".to_owned())].into_iter().collect();
        assert_eq!(hints(&environment, &[line("graceful_timeout", "30", "default")]), [""; 0]);
    }
}
