//! In which order findings are told: what stops the deploy first comes first.
//!
//! Owns: the order. Does not own: how bad a finding is (`rules`).

use std::cmp::Reverse;

use crate::finding::{Finding, Severity};

/// How far a deploy comes, by the rule that says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The platform refuses its file.
    Read,
    /// The packages or the image are not built.
    Built,
    /// The program is not there.
    Found,
    /// The program does not start.
    Started,
    /// Nobody reaches it.
    Reached,
    /// It serves, and something is wrong later.
    Serving,
}

impl Finding {
    /// By what findings are sorted for a reader: the worst first, and of those the one that stops the deploy first.
    pub fn urgency(&self) -> (Reverse<Severity>, Stage) {
        (Reverse(self.severity), stage(self.id.0))
    }
}

fn stage(id: u16) -> Stage {
    match id {
        501..=503 | 507..=512 | 515 | 519 => Stage::Read,
        516 | 705 | 706 | 708 => Stage::Built,
        701 | 801..=803 => Stage::Found,
        100..=199 | 204 | 205 | 312 | 315 | 401 | 703 | 709 | 806 | 807 | 811 | 812 => Stage::Started,
        200..=299 | 505 | 506 | 804 => Stage::Reached,
        _ => Stage::Serving,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        finding::RuleId,
        text::{FileId, Span},
    };

    #[test]
    fn the_worst_is_first_and_then_what_comes_first() {
        let span = Span { file: FileId(0), start: 0, end: 0 };
        let finding = |id, severity| Finding::new(RuleId(id), severity, span, "");
        let mut all = [
            finding(501, Severity::Warning),
            finding(601, Severity::Error),
            finding(201, Severity::Error),
            finding(101, Severity::Error),
            finding(516, Severity::Error),
            finding(502, Severity::Error),
        ];
        all.sort_by_key(Finding::urgency);
        assert_eq!(all.map(|it| it.id.0), [502, 516, 101, 201, 601, 501]);
    }
}
