//! The facts of a service become series.
//!
//! Owns: which fact is the value of which metric. Does not own: names and sentences (`names`), the text (`forms`).
//!
//! Invariant: two processes of one slot and state are one series, so that no series depends on a pid but one.

use std::collections::BTreeMap;

use ferricorn_wire::Runs;

use super::{
    Counter, Histogram, Resolution, Service, Worker, WorkerState,
    names::{self, Metric},
    service::CAUSES,
};
use crate::forms::{Family, Value};

/// Everything that `/metrics` shows.
pub fn families(service: &Service, resolution: Resolution) -> Vec<Family> {
    let mut families = traffic(service, resolution);
    families.extend(queues(service));
    families.extend(life(service));
    families.extend(state(service));
    families.extend(workers(service));
    let service_began = service.life.started_at();
    let mut families: Vec<_> = families.into_iter().map(|it| it.since(service_began)).collect();
    // The master's own figures begin anew with each master.
    families.extend(process(service).into_iter().map(|it| it.since(service.process.started_at)));
    families
}

fn traffic(service: &Service, resolution: Resolution) -> Vec<Family> {
    let tally = &service.tally;
    let mut requests = Family::of(names::REQUESTS);
    tally.codes().for_each(|(code, count)| requests.add(&[&code.to_string()], count));
    let mut durations = Family::of(names::DURATION);
    for class in 1..=5 {
        let histogram = tally.durations(class);
        // 2xx is there from the start, so that a rate has something to begin with.
        if class == 2 || histogram.count() > 0 {
            add_histogram(&mut durations, &[&format!("{class}xx")], &histogram, resolution);
        }
    }
    let mut first_bytes = Family::of(names::FIRST_BYTE);
    add_histogram(&mut first_bytes, &[], &tally.first_bytes(), resolution);
    let mut handshakes = Family::of(names::HANDSHAKES);
    for (code, count) in tally.handshakes().filter(|(code, count)| *code == 101 || *count > 0) {
        let code = if code == 0 { "other".to_owned() } else { code.to_string() };
        handshakes.add(&[&code], count);
    }
    let (buckets, count, sum) = tally.lag();
    let mut lag = Family::of(names::LAG);
    lag.add_buckets(&[], &buckets, count, sum);
    let [by_client, by_worker] = tally.aborted();
    let [user, system] = tally.processor_seconds();
    vec![
        requests,
        durations,
        first_bytes,
        labelled(names::ABORTED, &[("client", Value::from(by_client)), ("worker", Value::from(by_worker))]),
        single(names::CUT, tally.cut()),
        handshakes,
        single(names::WEBSOCKETS, tally.websockets_open()),
        single(names::ACCEPTED, tally.accepted()),
        single(names::HANDED_OVER, tally.handed_over()),
        lag,
        labelled(names::CPU, &[("user", Value::from(user)), ("system", Value::from(system))]),
    ]
}

fn queues(service: &Service) -> Vec<Family> {
    let of = |metric: Metric, value: fn(&super::ListenQueue) -> u32| {
        let mut family = Family::of(metric);
        service.queues.iter().for_each(|it| family.add(&[&it.listener], u64::from(value(it))));
        family
    };
    vec![
        of(names::QUEUE, |it| it.waiting),
        of(names::QUEUE_LIMIT, |it| it.limit),
        of(names::QUEUE_PEAK, |it| it.peak),
    ]
}

fn life(service: &Service) -> Vec<Family> {
    let count = |counter| Value::from(service.life.count(counter));
    let exits: Vec<_> =
        CAUSES.iter().enumerate().map(|(place, cause)| (*cause, count(Counter::Exit(place)))).collect();
    let mut boot_seconds = Family::of(names::BOOT_SECONDS);
    boot_seconds.add_summary(service.life.count(Counter::BootReady), service.life.boot_seconds());
    vec![
        labelled(names::EXITS, &exits),
        labelled(
            names::BOOTS,
            &[("ready", count(Counter::BootReady)), ("failed", count(Counter::BootFailed))],
        ),
        boot_seconds,
        single(names::HANGS, count(Counter::Hang)),
        labelled(
            names::RELOADS,
            &[
                ("committed", count(Counter::ReloadCommitted)),
                ("rejected", count(Counter::ReloadRejected)),
                ("called_off", count(Counter::ReloadCalledOff)),
            ],
        ),
        labelled(
            names::UPGRADES,
            &[
                ("committed", count(Counter::UpgradeCommitted)),
                ("rejected", count(Counter::UpgradeRejected)),
                ("called_off", count(Counter::UpgradeCalledOff)),
            ],
        ),
        single(names::CLIENTS_REFUSED, count(Counter::ClientRefused)),
    ]
}

fn state(service: &Service) -> Vec<Family> {
    let in_state = |state| service.workers.iter().filter(|worker| worker.state == state).count() as u64;
    let workers: Vec<_> =
        WorkerState::ALL.iter().map(|state| (state.as_str(), Value::from(in_state(*state)))).collect();
    let build = &service.build;
    let mut build_info = Family::of(names::BUILD);
    let Runs { python, uvicorn, event_loop, http } = &build.runs;
    build_info.add(&[&build.version, python, uvicorn, event_loop, http], 1u64);
    vec![
        labelled(names::WORKERS, &workers),
        single(names::TARGET, u64::from(service.target)),
        single(names::GENERATION, u64::from(service.generation)),
        single(names::FROZEN, u64::from(service.frozen)),
        single(names::RELOADING, u64::from(service.reloading)),
        single(names::STOPPING, u64::from(service.stopping)),
        single(names::START, service.life.started_at()),
        build_info,
    ]
}

fn workers(service: &Service) -> Vec<Family> {
    let mut info = Family::of(names::WORKER_INFO);
    for it in &service.workers {
        let (slot, pid, generation) = (it.slot.to_string(), it.pid.to_string(), it.generation.to_string());
        info.add(&[&slot, it.state.as_str(), &pid, &generation], 1u64);
    }
    // Counts of several processes are added; of times, the worst is shown, and of starts the first.
    let sum = |metric, value: fn(&Worker) -> Option<u64>| {
        let value = |it: &Worker| value(it).map(Value::from);
        by_slot(service, metric, value, |one, other| Value::from(one.as_u64() + other.as_u64()))
    };
    let worst = |metric, value: fn(&Worker) -> Option<f64>| {
        let value = |it: &Worker| value(it).map(Value::from);
        by_slot(service, metric, value, |one, other| Value::from(one.as_f64().max(other.as_f64())))
    };
    let first = by_slot(
        service,
        names::WORKER_START,
        |it| Some(Value::from(it.started_at)),
        |one, other| Value::from(one.as_f64().min(other.as_f64())),
    );
    vec![
        sum(names::WORKER_CONNECTIONS, |it| Some(it.connections)),
        sum(names::WORKER_IN_FLIGHT, |it| Some(it.in_flight)),
        worst(names::WORKER_LAG, |it| Some(it.lag)),
        worst(names::WORKER_HEARTBEAT, |it| it.heartbeat_age),
        worst(names::WORKER_OLDEST, |it| Some(it.oldest_request)),
        sum(names::WORKER_RESIDENT, |it| it.resident),
        sum(names::WORKER_ANONYMOUS, |it| it.anonymous),
        first,
        info,
    ]
}

fn by_slot(
    service: &Service,
    metric: Metric,
    value: impl Fn(&Worker) -> Option<Value>,
    both: impl Fn(Value, Value) -> Value,
) -> Family {
    let mut slots: BTreeMap<(u16, WorkerState), Value> = BTreeMap::new();
    for worker in &service.workers {
        let Some(value) = value(worker) else { continue };
        let slot = slots.entry((worker.slot, worker.state));
        slot.and_modify(|so_far| *so_far = both(*so_far, value)).or_insert(value);
    }
    let mut family = Family::of(metric);
    for ((slot, state), value) in slots {
        family.add(&[&slot.to_string(), state.as_str()], value);
    }
    family
}

fn process(service: &Service) -> Vec<Family> {
    let process = &service.process;
    vec![
        single(names::PROCESS_MEMORY, process.resident),
        single(names::PROCESS_CPU, process.processor_seconds),
        single(names::PROCESS_DESCRIPTORS, process.descriptors),
        single(names::PROCESS_MOST_DESCRIPTORS, process.most_descriptors),
        single(names::PROCESS_START, process.started_at),
    ]
}

fn single(metric: Metric, value: impl Into<Value>) -> Family {
    let mut family = Family::of(metric);
    family.add(&[], value);
    family
}

fn labelled(metric: Metric, values: &[(&str, Value)]) -> Family {
    let mut family = Family::of(metric);
    for (label, value) in values {
        family.add(&[label], *value);
    }
    family
}

fn add_histogram(family: &mut Family, labels: &[&str], histogram: &Histogram, resolution: Resolution) {
    family.add_buckets(labels, &histogram.buckets(resolution), histogram.count(), histogram.sum());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_the_registry_is_shown_once() {
        let shown: Vec<_> =
            families(&Service::default(), Resolution::Usual).iter().map(|it| it.metric().name).collect();
        for metric in names::ALL {
            let times = shown.iter().filter(|name| **name == metric.name).count();
            assert_eq!(times, 1, "{}", metric.name);
        }
        assert_eq!(shown.len(), names::ALL.len());
    }

    #[test]
    fn two_drains_of_one_slot_are_one_series() {
        let worker = |connections, lag| Worker {
            slot: 3,
            state: WorkerState::Draining,
            connections,
            lag,
            resident: None,
            ..Worker::default()
        };
        let service = Service { workers: vec![worker(2, 0.5), worker(5, 0.25)], ..Service::default() };
        let text = crate::forms::prometheus(&families(&service, Resolution::Usual));
        assert!(text.contains("ferricorn_worker_connections{slot=\"3\",state=\"draining\"} 7\n"), "{text}");
        assert!(
            text.contains("ferricorn_worker_event_loop_lag_seconds{slot=\"3\",state=\"draining\"} 0.5\n")
        );
        assert!(!text.contains("ferricorn_worker_resident_memory_bytes{"), "what is not known is not shown");
    }
}
