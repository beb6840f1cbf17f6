//! What the core orders of templates, and what they do.

use ferricorn_core::{Action, Event, Generation, Manner, Origin, TemplateSignal, WorkerId};

use super::{Asked, Fake, FakeTemplate, Manners, Sim, TemplateManners, millis};

impl Sim {
    /// The templates that there are change their manners.
    pub(crate) fn jam(&mut self, change: impl Fn(&mut TemplateManners)) {
        self.templates.values_mut().for_each(|template| change(&mut template.manners));
    }

    /// The template of a generation dies of something that is not our doing.
    pub(crate) fn kill_template(&mut self, generation: Generation) {
        if self.templates.remove(&generation).is_some() {
            self.asked.retain(|_, asked| asked.of != generation);
            self.happen(Event::TemplateExited { generation });
        }
    }

    /// Whether a template is to fork it, and has not yet.
    pub(crate) fn is_asked_for(&self, id: WorkerId) -> bool {
        self.asked.contains_key(&id)
    }

    pub(super) fn execute_of_template(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Spawn { id, generation, urgent, from: Origin::Template(of), page, .. } => {
                assert!(!self.listeners_closed, "nothing is forked after the stop");
                let template = self.templates.get(&of).copied();
                let template =
                    template.filter(|it| it.ready).expect("a worker is asked of a template that is ready");
                if template.manners.full {
                    return Some(Event::ForkFailed { id });
                }
                let asked = Asked { generation, urgent, page, of };
                assert!(self.asked.insert(id, asked).is_none(), "{id} is asked for once");
                if !template.manners.mute {
                    self.later(millis(20), Event::Spawned { id });
                }
            }
            Action::MakeTemplate { generation, .. } => {
                assert!(
                    self.core.policy().preload
                        || self.core.policy().manner == Manner::Development
                        || generation != Generation(1),
                    "nobody has asked for one"
                );
                assert!(!self.listeners_closed, "no template is made after the stop");
                self.make_template(generation);
            }
            Action::DropTemplate { generation } => {
                self.templates.remove(&generation).expect("a template that goes was there");
                self.asked.retain(|_, asked| asked.of != generation);
            }
            Action::SignalTemplate { generation, signal } => {
                assert!(self.templates.contains_key(&generation), "a signal names a template that was there");
                self.template_signals.push(signal);
                if signal == TemplateSignal::Kill {
                    self.templates.remove(&generation);
                    self.asked.retain(|_, asked| asked.of != generation);
                }
            }
            other => panic!("{other:?} is not about a template"),
        }
        None
    }

    pub(super) fn make_template(&mut self, generation: Generation) {
        self.templates_made += 1;
        let (born, manners) = (self.now, self.template_manners);
        let before = self.templates.insert(generation, FakeTemplate { born, manners, ready: false });
        assert!(before.is_none(), "a generation has one template");
        assert!(self.templates.len() <= 2, "there are two templates at most");
        let event = if manners.dies_in_boot {
            Event::TemplateExited { generation }
        } else if let Some(failure) = manners.failure {
            Event::TemplateFailed { generation, failure }
        } else if manners.unfit {
            Event::TemplateUnfit { generation }
        } else {
            Event::TemplateReady { generation }
        };
        self.later(manners.boot, event);
    }

    /// What a template does at the end of its boot, unless it is gone, or another one has its place.
    pub(super) fn scripted_template(&mut self, generation: Generation, event: Event) {
        let now = self.now;
        let Some(template) = self.templates.get_mut(&generation) else { return };
        if template.ready || now < template.born + template.manners.boot {
            return;
        }
        match event {
            Event::TemplateReady { .. } => template.ready = true,
            Event::TemplateUnfit { .. } => {}
            _ => drop(self.templates.remove(&generation)),
        }
        self.happen(event);
    }

    /// A template has forked a worker, if it still is to.
    pub(super) fn forked(&mut self, id: WorkerId) {
        let Some(Asked { generation, urgent, page, .. }) = self.asked.remove(&id) else { return };
        self.forks += 1;
        let manners = if page { Manners::default() } else { (self.manners)(generation, id) };
        let manners = Manners { boot: manners.boot.min(millis(50)), ..manners };
        self.script_boot(id, &manners);
        let proceeds = self.core.policy().manner == Manner::Service;
        let fake = Fake::born(generation, urgent, manners, self.now);
        self.workers.insert(id, Fake { page, proceeds, ..fake });
        self.happen(Event::Spawned { id });
    }
}
