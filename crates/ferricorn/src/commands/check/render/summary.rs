//! The last line: whether it is ready for deployment.

use std::{collections::BTreeSet, fmt::Write as _};

use ferricorn_check::{Finding, Severity};

use super::counted;

/// How many findings there are, shown or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Summary {
    pub(in super::super) errors: usize,
    pub(in super::super) warnings: usize,
    pub(in super::super) advices: usize,
    /// Errors and warnings that `--fix` mends.
    pub(in super::super) fixable: usize,
    /// Files with errors or warnings.
    pub(in super::super) files: usize,
    /// Findings that the baseline knows.
    pub(in super::super) known: usize,
    /// Whether advice is shown.
    pub(in super::super) advice_shown: bool,
    /// Whether warnings fail too.
    pub(in super::super) strict: bool,
}

impl Summary {
    pub(in super::super) fn of(findings: &[&Finding]) -> Self {
        let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let loud = || findings.iter().filter(|finding| finding.severity > Severity::Advice);
        let files: BTreeSet<_> = loud().map(|finding| finding.primary.span.file).collect();
        Self {
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            advices: of(Severity::Advice),
            fixable: loud().filter(|finding| finding.is_safely_fixable()).count(),
            files: files.len(),
            ..Self::default()
        }
    }

    /// Whether something fails.
    pub(in super::super) fn fails(&self) -> bool {
        self.errors > 0 || self.strict && self.warnings > 0
    }

    pub(super) fn line(&self) -> String {
        let text = if self.fails() { self.failed() } else { self.passed() };
        let known = match self.known {
            0 => String::new(),
            known => format!(" [{} in the baseline]", counted(known, "finding")),
        };
        format!("{text}{known}\n")
    }

    fn passed(&self) -> String {
        let mut behind = Vec::new();
        if self.warnings > 0 {
            let fixable = if self.fixable > 0 {
                format!(", {} fixable with --fix", self.fixable)
            } else {
                String::new()
            };
            behind.push(format!("{}{fixable}", counted(self.warnings, "warning")));
        }
        if self.advices > 0 {
            behind.push(self.advice());
        }
        let behind = if behind.is_empty() { String::new() } else { format!(" ({})", behind.join("; ")) };
        format!("✅ ALL CHECKS PASSED - Ready for deployment!{behind}")
    }

    fn failed(&self) -> String {
        let counts = [(self.errors, "error"), (self.warnings, "warning")];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| counted(*number, what))
            .collect();
        let mut text = format!("❌ {} in {}", counts.join(", "), counted(self.files, "file"));
        text.push_str(" - not ready for deployment");
        let mut behind = Vec::new();
        if self.fixable > 0 {
            behind.push(format!("{} fixable with --fix", self.fixable));
        }
        if self.advices > 0 {
            behind.push(self.advice());
        }
        if !behind.is_empty() {
            let _ = write!(text, " ({})", behind.join("; "));
        }
        text
    }

    fn advice(&self) -> String {
        let how = if self.advice_shown { "" } else { ": --advice" };
        format!("{}{how}", counted(self.advices, "advice"))
    }
}
