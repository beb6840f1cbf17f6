//! Keys: what each does to what is shown, and what is asked of the master.

use super::State;

/// A key, as far as one means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Key {
    /// A letter.
    Letter(char),
    /// The row above.
    Up,
    /// The row below.
    Down,
    /// Sort by the column to the left.
    Left,
    /// Sort by the column to the right.
    Right,
    /// Yes, or details.
    Enter,
    /// Away with what is open.
    Escape,
    /// The last letter goes.
    Backspace,
}

/// What is to be done about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Effect {
    /// Only redraw.
    Nothing,
    /// End.
    Quit,
    /// Ask the master for so many workers.
    Scale(u16),
    /// Ask the master to replace every worker.
    Reload,
}

/// What is open over the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Mode {
    /// Nothing.
    #[default]
    Table,
    /// The filter is being typed.
    Filter,
    /// A question that `y` answers.
    Question(Question),
    /// The columns explained.
    Help,
    /// One worker, by its pid.
    Details(i32),
}

/// What is asked before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Question {
    /// So many workers?
    Scale(u16),
    /// Replace every worker?
    Reload,
}

impl State {
    /// Does what a key means.
    pub(in super::super) fn press(&mut self, key: Key) -> Effect {
        // It was read, and stands where the keys are explained.
        self.message = None;
        match (self.mode.clone(), key) {
            (Mode::Question(question), key) => return self.decide(question, key),
            (Mode::Filter, Key::Letter(letter)) => self.filter.push(letter),
            (Mode::Filter, Key::Backspace) => drop(self.filter.pop()),
            (Mode::Filter, Key::Enter) => self.mode = Mode::Table,
            (Mode::Filter, Key::Escape) => {
                self.filter.clear();
                self.mode = Mode::Table;
            }
            (Mode::Help | Mode::Details(_), Key::Escape | Key::Enter | Key::Letter('q' | '?')) => {
                self.mode = Mode::Table;
            }
            (_, Key::Letter('q')) => return Effect::Quit,
            (Mode::Table, Key::Escape) if self.filter.is_empty() => return Effect::Quit,
            (_, Key::Escape) => self.filter.clear(),
            (_, Key::Letter('?' | 'h')) => self.mode = Mode::Help,
            (_, Key::Letter('/')) => self.mode = Mode::Filter,
            (_, Key::Letter('p' | ' ')) => self.paused = !self.paused,
            (_, Key::Letter('I')) => self.descending = !self.descending,
            (_, Key::Left | Key::Letter('<')) => self.sort = self.sort.previous(),
            (_, Key::Right | Key::Letter('>')) => self.sort = self.sort.next(),
            (_, Key::Up | Key::Letter('k')) => self.chosen = self.chosen.saturating_sub(1),
            (_, Key::Down | Key::Letter('j')) => {
                self.chosen = (self.chosen + 1).min(self.rows().len().saturating_sub(1));
            }
            (_, Key::Enter) => {
                if let Some(row) = self.rows().get(self.chosen) {
                    self.mode = Mode::Details(row.worker.pid);
                }
            }
            (_, Key::Letter('r')) => self.mode = Mode::Question(Question::Reload),
            (_, Key::Letter(sign @ ('+' | '-'))) => {
                let target = self.latest().map_or(0, |it| it.target);
                let wanted = if sign == '+' { target.saturating_add(1) } else { target.saturating_sub(1) };
                if wanted > 0 && target > 0 {
                    self.mode = Mode::Question(Question::Scale(wanted));
                }
            }
            _ => {}
        }
        Effect::Nothing
    }

    /// Only a plain yes is one.
    fn decide(&mut self, question: Question, key: Key) -> Effect {
        self.mode = Mode::Table;
        match (question, key) {
            (Question::Scale(workers), Key::Letter('y' | 'Y')) => Effect::Scale(workers),
            (Question::Reload, Key::Letter('y' | 'Y')) => Effect::Reload,
            _ => Effect::Nothing,
        }
    }
}
