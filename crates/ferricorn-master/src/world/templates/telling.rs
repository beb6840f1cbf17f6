//! The log lines about templates.
//!
//! Owns: the words for what the core says of a template. Does not own: what happened.

use std::{mem, time::Duration};

use ferricorn_core::{Generation, Notice};
use ferricorn_telemetry::reports::hang::Hang;
use ferricorn_wire::milliseconds;
use tracing::{debug, error, info, warn};

use super::Lost;
use crate::{companions::template::Template, world::World};

impl World {
    /// Tells of a template what the core says of it.
    pub(in crate::world) fn tell_of_template(&mut self, notice: &Notice) {
        match notice {
            Notice::TemplateReady { generation, boot } => self.tell_of_ready_template(*generation, *boot),
            Notice::TemplateUnfit { generation } => self.tell_of_hazards(*generation),
            Notice::TemplateTimedOut { generation } => {
                let Some(template) = self.templates.of(*generation) else { return };
                let hang = Hang::read(&template.open_black_box(), &[]);
                let pid = template.pid();
                error!(
                    critical = true,
                    "TEMPLATE BOOT TIMEOUT (pid:{pid}), it has not loaded the application:\n{hang}"
                );
            }
            Notice::TemplateSilent { generation, silent_for } => {
                let pid = self.templates.of(*generation).map_or(0, Template::pid);
                let silent_for = silent_for.as_secs_f64();
                error!(silent_for, "Template does not fork, and is killed (pid: {pid})");
            }
            Notice::TemplateLost { generation, retry_in, ends } => {
                self.tell_of_lost_template(*generation, *retry_in, *ends);
            }
            _ => {}
        }
    }

    fn tell_of_ready_template(&self, generation: Generation, boot: Duration) {
        let Some(template) = self.templates.of(generation) else { return };
        let settings = self.reloading.settings_of(generation, &self.program.settings);
        let (pid, generation, import_ms) = (template.pid(), generation.0, milliseconds(boot));
        let workers = settings.workers;
        let mebibytes = template.shared >> 20;
        if self.bench.is_some() {
            return debug!(
                generation,
                import_ms, "Template ready (pid: {pid}): the next save loads the code alone"
            );
        }
        if workers > 1 {
            return info!(
                generation,
                import_ms, "Template ready (pid: {pid}): {workers} workers share {mebibytes} MB"
            );
        }
        info!(generation, import_ms, "Template ready (pid: {pid})");
        let is_replaced = settings.max_requests > 0 || !settings.max_worker_lifetime.is_zero();
        if generation == 1 && workers == 1 && !is_replaced {
            info!(
                "One worker has nothing to share its memory with: `--preload` makes its replacement quick, and saves nothing"
            );
        }
    }

    fn tell_of_hazards(&mut self, generation: Generation) {
        let hazards = mem::take(&mut self.templates.hazards);
        if hazards.is_empty() {
            return;
        }
        let list = hazards.join("\n  ");
        if self.bench.is_some() {
            return info!(
                "Each save imports everything anew, and takes longer: a process that has the libraries ready cannot be \
                 copied, because of\n  {list}\nhint: `--no-warm` does not try it"
            );
        }
        warn!(
            "The application is not preloaded, and each worker of generation {generation} loads it by itself, since its import \
             does what a fork does not survive:\n  {list}\nhint: do it in the application's startup (lifespan), where each worker \
             has its own; `--preload always` forks all the same"
        );
    }

    fn tell_of_lost_template(&mut self, generation: Generation, retry_in: Option<Duration>, ends: bool) {
        let until = if retry_in.is_some() { " until it is back" } else { "" };
        let retry_in = retry_in.map(|pause| pause.as_secs_f64());
        let generation = generation.0;
        match self.templates.lost.take() {
            Some(Lost::NotStarted(error)) => {
                warn!(
                    generation,
                    retry_in, "Template cannot be started; workers are spawned plainly{until}: {error}"
                );
            }
            Some(Lost::Failed { pid, stage, text }) => {
                self.observer.tell_of_boot_failure(pid, stage, text, ends);
                if retry_in.is_some() {
                    warn!(
                        generation,
                        retry_in, "Template failed to boot (pid: {pid}); workers are spawned plainly{until}"
                    );
                }
            }
            Some(Lost::Ended { pid, cause, crash }) => {
                if ends {
                    let reason =
                        format!("the template (pid: {pid}) ended while it loaded the application: {cause}");
                    return self.observer.ends_for(reason);
                }
                warn!(
                    generation,
                    cause, retry_in, "Template exited (pid: {pid}); workers are spawned plainly{until}"
                );
                if let Some(crash) = crash {
                    error!("Template (pid: {pid}) has crashed here:\n{crash}");
                }
            }
            None if ends => self.observer.ends_for("the application was not loaded in time".to_owned()),
            // It was killed for a reason that was logged.
            None => warn!(generation, retry_in, "Workers are spawned plainly{until}"),
        }
    }
}
