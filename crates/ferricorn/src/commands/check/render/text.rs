//! Findings for a person: a snippet with carets, what really happens, and what to write instead.

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet, normalize_untrusted_str,
};
use ferricorn_check::{Finding, Fix, Label, Safety, Severity, Source, Span};

use super::Shown;

/// A span over more lines than this is marked in its first line alone.
const MOST_LINES: u32 = 6;

/// The lines before and behind the places of a file that are handed over with them: more than are ever shown.
const AROUND: u32 = 4;

pub(super) fn render(shown: &Shown<'_>) -> String {
    let renderer = if shown.styled { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for (finding, _) in &shown.findings {
        text.push_str(renderer.render(&groups(shown, finding)).trim_end());
        text.push_str("\n\n");
    }
    text
}

fn groups<'s>(shown: &'s Shown<'_>, finding: &'s Finding) -> Vec<Group<'s>> {
    let title = level(finding.severity).primary_title(finding.message.as_str()).id(finding.id.to_string());
    let mut group = title.elements(snippets(shown, finding));
    if let Some(happens) = &finding.happens {
        group = group.element(Level::NOTE.with_name("what happens").message(clean(happens)));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(clean(help)));
    }
    let mut groups = vec![group];
    groups.extend(finding.fix.as_ref().map(|fix| proposal(shown, finding, fix)));
    groups
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Advice => Level::INFO.with_name("advice"),
    }
}

/// The files of a finding's labels, its own first.
fn snippets<'s>(shown: &Shown<'_>, finding: &'s Finding) -> Vec<Snippet<'s, Annotation<'s>>> {
    let mut files = vec![finding.primary.span.file];
    for label in &finding.others {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    let snippet = |file| {
        let source = shown.sources.get(file);
        let labels =
            || finding.others.iter().chain([&finding.primary]).filter(|label| label.span.file == file);
        let part = part(source, labels().map(|label| short(source, label.span)));
        let others = finding.others.iter().filter(|label| label.span.file == file);
        let mut marks: Vec<_> =
            others.map(|label| mark(source, part, label, AnnotationKind::Context)).collect();
        // A file of which only other places are shown has a primary one too: its first.
        if finding.primary.span.file == file {
            marks.push(mark(source, part, &finding.primary, AnnotationKind::Primary));
        }
        snippet_of(shown, source, part).annotations(marks)
    };
    files.into_iter().map(snippet).collect()
}

/// The lines around these places: a large file with many findings would be copied for each of them otherwise.
fn part(source: &Source, places: impl Iterator<Item = Span>) -> Span {
    let all = places.reduce(Span::to).unwrap_or_else(|| source.whole());
    let first = source.line_of(all).saturating_sub(AROUND).max(1);
    let last = source.position(all.end).line.saturating_add(AROUND);
    let behind = source.line(last.saturating_add(1)).range().start;
    source.span(source.line(first).range().start..behind)
}

/// A part of a file, without its secrets.
fn snippet_of<'s, T: Clone>(shown: &Shown<'_>, source: &Source, part: Span) -> Snippet<'s, T> {
    let line = source.line_of(part) as usize;
    Snippet::source(shown.secrets.cover_part(source, part)).line_start(line).path(source.path().to_owned())
}

/// The bytes of a place, counted from the beginning of a part.
fn within(part: Span, place: Span) -> std::ops::Range<usize> {
    let start = part.range().start;
    place.range().start.saturating_sub(start)..place.range().end.saturating_sub(start)
}

fn mark<'s>(source: &Source, part: Span, label: &'s Label, kind: AnnotationKind) -> Annotation<'s> {
    let range = within(part, short(source, label.span));
    let annotation = kind.span(range);
    if label.text.is_empty() { annotation } else { annotation.label(clean(&label.text)) }
}

/// What of a span is marked.
fn short(source: &Source, span: Span) -> Span {
    let first = source.line(source.line_of(span));
    if source.position(span.end).line - source.line_of(span) < MOST_LINES {
        return span;
    }
    source.span(span.range().start..first.range().end.max(span.range().start))
}

/// What a fix would change.
fn proposal<'s>(shown: &Shown<'_>, finding: &'s Finding, fix: &'s Fix) -> Group<'s> {
    let how = match fix.safety {
        Safety::Safe => "--fix does it",
        Safety::Unsafe => "--fix --unsafe-fixes does it",
    };
    let title = Level::HELP.secondary_title(format!("{} ({how})", clean(&fix.title)));
    if !shown.secrets.allow(finding, shown.sources) {
        return Group::with_title(title);
    }
    let mut files: Vec<_> = fix.edits.iter().map(|edit| edit.span.file).collect();
    files.sort_unstable();
    files.dedup();
    let snippet = |file| {
        let source = shown.sources.get(file);
        let edits = || fix.edits.iter().filter(move |edit| edit.span.file == file);
        let part = part(source, edits().map(|edit| edit.span));
        let patches = edits().map(|edit| Patch::new(within(part, edit.span), edit.text.as_str()));
        snippet_of(shown, source, part).patches(patches)
    };
    title.elements(files.into_iter().map(snippet))
}

/// A text in which the bytes of a file cannot move the cursor.
fn clean(text: &str) -> String {
    normalize_untrusted_str(text)
}
