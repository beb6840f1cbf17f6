//! Whose work gives way to requests, and whose does not.

use ferricorn_core::{Policy, StopMode};

use crate::sim::{Manners, Sim, millis, policy, secs};

#[test]
fn a_boot_is_urgent_unless_it_replaces_a_worker_that_only_is_old() {
    let mut sim = Sim::new(Policy { max_requests: Some(100), ..policy() }, |_, _| Manners {
        boot: secs(3),
        requests_per_second: 10,
        ..Manners::default()
    });
    let boots = |sim: &Sim| sim.booting().map(|it| it.urgent).collect::<Vec<_>>();
    sim.advance(secs(1));
    assert_eq!(boots(&sim), [true, true], "at the start everybody waits");
    sim.advance(secs(13));
    assert_eq!(boots(&sim), [false], "nobody waits for a replacement");
    sim.kill_from_outside(sim.serving_ids()[0]);
    let boots = boots(&sim);
    assert!(!boots.is_empty() && boots.iter().all(|urgent| *urgent), "{boots:?}");
}

#[test]
fn a_drained_worker_gives_way_unless_the_service_stops() {
    let mut sim = Sim::new(Policy { max_requests: Some(100), ..policy() }, |_, _| Manners {
        requests_per_second: 10,
        drain: Some(secs(2)),
        ..Manners::default()
    });
    let leaving = |sim: &Sim| {
        let leaving = sim.workers.values().filter(|it| it.leaving && !it.gone);
        leaving.map(|it| it.urgent).collect::<Vec<_>>()
    };
    let mut seen = Vec::new();
    while seen != [[true], [false]] {
        sim.advance(millis(100));
        let now = leaving(&sim);
        if !now.is_empty() && seen.last() != Some(&now) {
            seen.push(now);
        }
        assert!(seen.len() <= 2, "{seen:?}");
    }
    sim.stop(StopMode::Graceful);
    assert!(leaving(&sim).into_iter().all(|urgent| urgent), "a stop waits for it");
}

#[test]
fn a_reload_is_urgent() {
    let mut sim = Sim::new(policy(), |_, _| Manners::default());
    sim.advance(secs(2));
    sim.reload();
    assert!(sim.booting().next().expect("the canary").urgent);
}
