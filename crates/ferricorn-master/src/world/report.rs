//! Collecting the state of the service, for monitoring.
//!
//! Owns: which facts are put together. Does not own: who asks (`endpoint`, `control`), names of metrics and their forms
//! (`ferricorn-telemetry`).
//!
//! It reads memory and a few lines of `/proc` for each worker: nothing is kept between two questions but the peak of the
//! queues and the last deaths.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ferricorn_core::{Command, Event, RequestId, Snapshot, Stage, WorkerSnapshot};
use ferricorn_sys::{memory, own};
use ferricorn_telemetry::{
    forms,
    metrics::{
        Build, CAUSES, Counter, ListenQueue, Process, Resolution, Service, Tally, Worker, WorkerState,
        families,
    },
};
use ferricorn_wire::{
    control::{Request, Response},
    observation::{Observation, ObservedWorker, Queue, RequestInFlight, Traffic},
    tally,
};

use tokio::sync::oneshot;

use super::{World, ctl::stage_name, policy};
use crate::{
    crew::Member,
    endpoint::{self, Report},
};

/// A worker whose event loop has not run for so long is silent, and not ready.
const SILENT: Duration = Duration::from_secs(1);

/// Who wants to know how the service is.
pub(super) enum Look {
    /// A client of the endpoint.
    Endpoint(endpoint::Ask),
    /// `ferricorn top`, and others of its kind.
    Observation(oneshot::Sender<Response>),
    /// The service manager's line.
    Manager,
    /// The metrics as a text.
    Metrics { openmetrics: bool, answer: oneshot::Sender<Response> },
}

impl World {
    /// Somebody watches.
    pub(super) fn watched(&mut self, request: endpoint::Request, queue: &mut VecDeque<Event>) {
        match request {
            endpoint::Request::Refused => self.crew.tallies().count(Counter::ClientRefused),
            endpoint::Request::Look(ask) => {
                if let Some(ask) = self.endpoint.answer_at_once(ask) {
                    self.look(Look::Endpoint(ask), queue);
                }
            }
        }
    }

    /// Somebody asks by the control socket.
    pub(super) fn look_for(
        &mut self,
        request: &Request,
        answer: oneshot::Sender<Response>,
        queue: &mut VecDeque<Event>,
    ) {
        let look = match request {
            Request::Metrics { openmetrics } => Look::Metrics { openmetrics: *openmetrics, answer },
            _ => Look::Observation(answer),
        };
        self.look(look, queue);
    }

    /// Asks the core, whose answer is [`Self::show`]n.
    pub(super) fn look(&mut self, look: Look, queue: &mut VecDeque<Event>) {
        let event = self.ask(Command::Status);
        self.looks.push((RequestId(self.requests), look));
        queue.push_back(event);
    }

    /// The core has said how it is. Who has asked may have hung up.
    pub(super) fn show(&mut self, look: Look, snapshot: &Snapshot) {
        let report = self.report(snapshot);
        match look {
            Look::Endpoint(ask) => {
                let report = Arc::new(report);
                self.endpoint.remember(&report);
                let _ = ask.send(report);
            }
            Look::Manager => {
                let line = self.line(&report.observation);
                self.standing.tell(line);
            }
            Look::Observation(answer) => {
                let _ = answer.send(Response::Observation(Box::new(report.observation)));
            }
            Look::Metrics { openmetrics, answer } => {
                let families = families(&report.service, Resolution::Usual);
                let text =
                    if openmetrics { forms::openmetrics(&families) } else { forms::prometheus(&families) };
                let _ = answer.send(Response::Text { text });
            }
        }
    }

    /// The service in one line, with the rate since the line before.
    fn line(&mut self, service: &Observation) -> String {
        let serving = service.workers.iter().filter(|worker| worker.state == "serving").count();
        let requests = service.traffic.requests();
        let before = self.line_before.replace((service.at, requests));
        let rate = before.map_or(0.0, |(at, then)| {
            #[expect(clippy::cast_precision_loss, reason = "a reader sees three digits")]
            let answered = requests.saturating_sub(then) as f64;
            answered / (service.at - at).max(0.1)
        });
        let mut line = format!(
            "{serving} of {} workers, {rate:.0} req/s, generation {}",
            service.target, service.generation
        );
        let facts = [
            (service.stopping, "stopping"),
            (service.upgrading, "upgrading"),
            (service.reloading, "reloading"),
            (service.frozen, "the last reload was rejected"),
        ];
        for (_, words) in facts.iter().filter(|(holds, _)| *holds) {
            line.push_str(", ");
            line.push_str(words);
        }
        line
    }

    /// How late this process is with its own looks at the workers.
    fn lateness(&self) -> Duration {
        self.sampled_at.elapsed().saturating_sub(policy::SAMPLE_EVERY)
    }

    /// Everything that is shown.
    pub(super) fn report(&self, snapshot: &Snapshot) -> Report {
        let now = unix_time();
        let tally = self.crew.tallies().total();
        let life = self.crew.tallies().life();
        let members: Vec<(&WorkerSnapshot, &Member)> =
            snapshot.workers.iter().filter_map(|it| Some((it, self.crew.get(it.id)?))).collect();
        let workers: Vec<Worker> =
            members.iter().map(|(worker, member)| self.worker(worker, member, now)).collect();
        let queues = self.queues.told(&self.listeners);
        let observation = Observation {
            at: now,
            version: self.program.version.to_owned(),
            name: self.program.settings.name.clone().unwrap_or_else(|| self.program.settings.app.clone()),
            pid: ferricorn_sys::pid(),
            started_at: life.started_at(),
            addresses: self.listeners.iter().map(ferricorn_sys::Listener::address).collect(),
            target: snapshot.target,
            generation: snapshot.generation.0,
            not_ready: self.not_ready(snapshot, &workers),
            reloading: snapshot.reloading,
            upgrading: snapshot.upgrading,
            frozen: snapshot.frozen,
            stopping: snapshot.stopping,
            traffic: traffic(&tally, self.program.settings.metrics.counts),
            bounds: tally::bounds()
                .into_iter()
                .map(|bound| Duration::from_nanos(bound).as_secs_f64())
                .collect(),
            queues: queues.iter().map(queue).collect(),
            workers: members
                .iter()
                .zip(&workers)
                .map(|(it, worker)| self.observed(it.0, it.1, worker))
                .collect(),
            deaths: self.observer.deaths().cloned().collect(),
            exits: CAUSES
                .iter()
                .enumerate()
                .map(|(place, cause)| ((*cause).to_owned(), life.count(Counter::Exit(place))))
                .filter(|(_, count)| *count > 0)
                .collect(),
        };
        let service = Service {
            tally,
            life,
            workers,
            target: snapshot.target,
            queues,
            generation: snapshot.generation.0,
            frozen: snapshot.frozen,
            reloading: snapshot.reloading,
            stopping: snapshot.stopping,
            build: Build {
                version: self.program.version.to_owned(),
                runs: self.runs.clone().unwrap_or_default(),
            },
            process: self.process(now),
        };
        Report { service, observation }
    }

    /// Why the service is not ready, in one line; `None` if it is.
    fn not_ready(&self, snapshot: &Snapshot, workers: &[Worker]) -> Option<String> {
        if snapshot.stopping {
            return Some("the service is stopping".to_owned());
        }
        let listens = !self.listeners.is_empty()
            && self.listeners.iter().all(|listener| listener.is_listening().unwrap_or(false));
        if !listens {
            return Some("the service does not listen yet: no worker is ready".to_owned());
        }
        if workers.iter().any(|worker| worker.state == WorkerState::Serving) {
            return None;
        }
        let silent = workers.iter().filter(|worker| worker.state == WorkerState::Silent).count();
        Some(match silent {
            0 => "no worker is ready".to_owned(),
            _ => format!("no worker is ready: the event loops of {silent} do not run"),
        })
    }

    fn worker(&self, worker: &WorkerSnapshot, member: &Member, now: f64) -> Worker {
        let signs = self.crew.signs(member);
        // The master itself may have been late, and all of them with it.
        let silent = signs.silent_for.is_some_and(|it| it > SILENT + self.lateness());
        let state = match worker.stage {
            Stage::Booting => WorkerState::Booting,
            Stage::Ready if silent => WorkerState::Silent,
            Stage::Ready => WorkerState::Serving,
            Stage::Draining(_) | Stage::Ending | Stage::Killed(_) => WorkerState::Draining,
        };
        let taken = memory::taken(member.pid);
        let requests = self.crew.in_flight(member);
        let oldest = requests.iter().filter_map(|request| request.age).max().unwrap_or_default();
        Worker {
            slot: worker.slot.0,
            state,
            pid: member.pid,
            generation: worker.generation.0,
            started_at: now - member.spawned_at.elapsed().as_secs_f64(),
            connections: signs.connections,
            in_flight: signs.in_flight,
            lag: signs.lag.as_secs_f64(),
            heartbeat_age: signs.silent_for.map(|it| it.as_secs_f64()),
            oldest_request: oldest.as_secs_f64(),
            resident: taken.map(|taken| taken.resident),
            anonymous: taken.map(|taken| taken.anonymous),
        }
    }

    fn observed(&self, snapshot: &WorkerSnapshot, member: &Member, worker: &Worker) -> ObservedWorker {
        let tally = self.crew.tally(member);
        let requests = self.crew.in_flight(member).into_iter().map(|request| RequestInFlight {
            name: request.name,
            age: request.age.map(|age| age.as_secs_f64()),
        });
        ObservedWorker {
            slot: worker.slot,
            pid: worker.pid,
            generation: worker.generation,
            state: worker.state.as_str().to_owned(),
            stage: stage_name(snapshot).to_owned(),
            started_at: worker.started_at,
            traffic: traffic(&tally, self.program.settings.metrics.counts),
            in_flight: worker.in_flight,
            connections: worker.connections,
            lag: worker.lag,
            heartbeat_age: worker.heartbeat_age,
            oldest: worker.oldest_request,
            processor: tally.processor_seconds().iter().sum(),
            resident: worker.resident,
            anonymous: worker.anonymous,
            requests: requests.collect(),
        }
    }

    fn process(&self, now: f64) -> Process {
        let pid = i32::try_from(ferricorn_sys::pid()).unwrap_or(0);
        Process {
            resident: memory::resident(pid).unwrap_or(0),
            processor_seconds: own::processor_seconds(),
            descriptors: own::descriptors(),
            most_descriptors: own::most_descriptors(),
            started_at: now - self.began.elapsed().as_secs_f64(),
        }
    }
}

/// What was counted about requests.
pub(super) fn traffic(tally: &Tally, counted: bool) -> Traffic {
    let durations = tally.all_durations();
    Traffic {
        counted,
        codes: tally.codes().collect(),
        cells: durations.cells().collect(),
        seconds: durations.sum(),
        aborted: tally.aborted().iter().sum(),
        cut: tally.cut(),
        websockets: tally.websockets_open(),
    }
}

fn queue(queue: &ListenQueue) -> Queue {
    Queue { listener: queue.listener.clone(), waiting: queue.waiting, limit: queue.limit, peak: queue.peak }
}

/// Seconds since 1970.
pub(crate) fn unix_time() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
