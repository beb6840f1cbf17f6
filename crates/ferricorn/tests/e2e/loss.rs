//! Nothing is lost: traffic of every shape while workers are recycled, reloaded, added and taken away.

use std::time::{Duration, Instant};

use ferricorn_test::{
    Mix, PATIENCE, Server, Trial, capacity,
    load::{Shape, Tally},
    turn,
};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Something that an operator or a rule does to a service that is well.
#[derive(Clone, Copy, Debug)]
enum Planned {
    /// A worker has answered as many requests as it may, and is replaced.
    Recycle,
    Reload,
    ScaleUp,
    ScaleDown,
}

/// The order in which they come; after it the service is as it was before.
const ROUND: [Planned; 5] =
    [Planned::Recycle, Planned::Reload, Planned::ScaleUp, Planned::Recycle, Planned::ScaleDown];

/// Lets one happen, and waits until it is over.
fn let_happen(server: &Server, planned: Planned) {
    let mark = server.log().mark();
    let (signal, evidence) = match planned {
        Planned::Recycle => (None, "reason=max-requests"),
        Planned::Reload => (Some(Signal::SIGHUP), "Reloaded: every worker runs"),
        Planned::ScaleUp => (Some(Signal::SIGTTIN), "Worker ready"),
        Planned::ScaleDown => (Some(Signal::SIGTTOU), "reason=scale-down"),
    };
    if let Some(signal) = signal {
        server.signal(signal);
    }
    server.wait_for_line_after(mark, evidence, PATIENCE);
}

/// Traffic of every shape, and planned events one after the other, for as long as this.
fn nothing_is_lost(line: &str, rate: f64, lasts: Duration) -> (usize, Tally) {
    let server = ferricorn()
        .line("--workers 2 --max-requests 150 --max-requests-jitter 100 --reload-probation 0")
        .line(line)
        .serve(2);
    let trial = Trial::begin(server, |server| Mix::of_everything(&server.address(), rate).start());
    let begin = Instant::now();
    let mut happened = 0;
    while begin.elapsed() < lasts {
        for planned in ROUND {
            let_happen(trial.server(), planned);
            happened += 1;
        }
    }
    let least = capacity::least_ready(&trial.server().log().lines(), 2);
    assert_eq!(least, 2, "never fewer ready than wanted");
    (happened, trial.end())
}

#[test]
fn a_minute_of_mixed_traffic_over_planned_events_loses_nothing() {
    let _turn = turn::alone();
    let (happened, tally) = nothing_is_lost("", 150.0, Duration::from_secs(60));
    for shape in [Shape::Get, Shape::Trickle, Shape::Stream, Shape::Events, Shape::WebSocket] {
        assert!(tally.of_shape(shape) > 100, "{shape:?}: {tally}");
    }
    assert!(happened >= 10, "only {happened} planned events");
}
