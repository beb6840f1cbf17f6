//! `--fix` and `--diff`: which fixes are wanted, and the files written.
//!
//! Invariant: a file is replaced as a whole or not at all, and only if it still holds what was read.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use ferricorn_check::{Changed, Finding, Mended, Report, Safety, Secrets, Severity, mend, patch};

use super::{Seen, options::Options};
use crate::report;

/// Applies the fixes in memory.
pub(super) fn prepare(seen: &Seen, options: &Options) -> Mended {
    mend(&seen.disk, &seen.config, &|report, finding| wanted(seen, options, report, finding))
}

fn wanted(seen: &Seen, options: &Options, report: &Report, finding: &Finding) -> bool {
    let Some(fix) = &finding.fix else { return false };
    let path = |finding: &Finding| report.facts.sources.get(finding.primary.span.file).path().to_owned();
    // A secret, a pin and a program are the user's own, whatever a rule thinks of its fix.
    let own = finding.hidden
        || fix.edits.iter().any(|edit| {
            let name = report.facts.sources.get(edit.span.file).name();
            let python =
                Path::new(name).extension().is_some_and(|it| it == "py") && !name.starts_with("gunicorn");
            python || name.starts_with("requirements")
        });
    let safe = fix.safety == Safety::Safe && !own;
    (safe || options.unsafe_fixes)
        && (finding.severity > Severity::Advice || options.advice)
        && report.facts.config.wants(finding, &path(finding))
        && seen.concerns(&path(finding))
}

/// What the fixes would change, as a patch.
pub(super) fn diff(seen: &Seen, mended: &Mended) -> String {
    let (old, new) = (&seen.report.facts.sources, &mended.report.facts.sources);
    let secrets = Secrets::of(&seen.report);
    let mut text = String::new();
    for Changed { path, .. } in &mended.files {
        let (Some(before), Some(after)) = (old.at(path), new.at(path)) else { continue };
        let hidden = |line| secrets.touch(before, before.line(line));
        text.push_str(&patch(path, before.text(), after.text(), &hidden));
    }
    secrets.redact(text)
}

/// Writes the files, and says on standard error what was done.
pub(super) fn write(seen: &Seen, mended: &Mended) -> Result<(), String> {
    for file in &mended.files {
        let path = seen.disk.path(&file.path);
        replace(&path, file).map_err(|error| format!("`{}` cannot be written: {error}", file.path))?;
    }
    tell(mended, "applied");
    Ok(())
}

pub(super) fn tell(mended: &Mended, what: &str) {
    for finding in &mended.taken_back {
        report::warning(&format!("the fix is left out, because it would not make it better: {finding}"));
    }
    let files: Vec<&str> = mended.files.iter().map(|file| file.path.as_str()).collect();
    let text = match files.as_slice() {
        [] => match unsafe_ones(&mended.report) {
            0 => "nothing to fix\n".to_owned(),
            number => format!("nothing to fix without a doubt ({} with --unsafe-fixes)\n", fixes(number)),
        },
        [file] => format!("{} {what} in `{file}`\n", fixes(mended.applied)),
        files => format!("{} {what} in {} files: {}\n", fixes(mended.applied), files.len(), files.join(", ")),
    };
    report::remark(&text);
}

/// How many fixes of errors and warnings wait for `--unsafe-fixes`.
fn unsafe_ones(report: &Report) -> usize {
    let waits = |it: &&Finding| it.severity > Severity::Advice && it.fix.is_some() && !it.is_safely_fixable();
    report.findings.iter().filter(waits).count()
}

fn fixes(number: usize) -> String {
    if number == 1 { "1 fix".to_owned() } else { format!("{number} fixes") }
}

/// Puts the new text beside the file and renames it, so that no reader sees half a file.
fn replace(path: &Path, file: &Changed) -> io::Result<()> {
    if fs::read(path)? != file.before {
        return Err(io::Error::other("it was changed meanwhile"));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.ferricorn-{}", std::process::id()));
    let written = (|| {
        let mut new = File::create_new(&beside)?;
        new.write_all(&file.after)?;
        new.set_permissions(fs::metadata(path)?.permissions())?;
        new.sync_all()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}
