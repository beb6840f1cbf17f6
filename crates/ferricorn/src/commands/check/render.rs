//! Findings as text. Each form is a function from findings to a text.

use std::{collections::BTreeSet, fmt::Write as _};

use ferricorn_check::{Finding, Safety, Severity, Sources};

/// One line for each finding: `file:line:column: severity ID message`.
pub(super) fn concise(findings: &[&Finding], sources: &Sources) -> String {
    let mut text = String::new();
    for finding in findings {
        let source = sources.get(finding.primary.span.file);
        let place = source.position(finding.primary.span.start);
        let (path, id, severity, message) = (source.path(), finding.id, finding.severity, &finding.message);
        let _ = writeln!(text, "{path}:{}:{}: {severity} {id} {message}", place.line, place.column);
    }
    text
}

/// The last line: whether it is ready for deployment.
pub(super) fn summary(findings: &[&Finding], advice_shown: bool) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings, advices) = (of(Severity::Error), of(Severity::Warning), of(Severity::Advice));
    if errors == 0 {
        let mut behind = Vec::new();
        if warnings > 0 {
            behind.push(counted(warnings, "warning"));
        }
        if advices > 0 {
            let how = if advice_shown { "" } else { ": --advice" };
            behind.push(format!("{}{how}", counted(advices, "advice")));
        }
        let behind = if behind.is_empty() { String::new() } else { format!(" ({})", behind.join("; ")) };
        return format!("✅ ALL CHECKS PASSED - Ready for deployment!{behind}\n");
    }
    let loud = || findings.iter().filter(|finding| finding.severity > Severity::Advice);
    let files: BTreeSet<_> = loud().map(|finding| finding.primary.span.file).collect();
    let safe = |finding: &&&Finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe);
    let mut text = format!("❌ {}", counted(errors, "error"));
    if warnings > 0 {
        let _ = write!(text, ", {}", counted(warnings, "warning"));
    }
    let _ = write!(text, " in {} - not ready for deployment", counted(files.len(), "file"));
    let fixable = loud().filter(safe).count();
    if fixable > 0 {
        let _ = write!(text, " ({fixable} can be mended without a doubt)");
    }
    text.push('\n');
    text
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
