//! The difference of two texts as a unified patch.
//!
//! Invariant: a line that `hidden` names is never shown: context ends before it, and a changed one is replaced by a remark.

use std::fmt::Write as _;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;
/// A table of more cells than this is not built: the texts then differ as a whole.
const MOST_CELLS: usize = 4_000_000;

/// The patch that makes `after` out of `before`; empty if they are equal. `hidden` says of a line of `before` (from 1)
/// whether a secret stands in it.
pub fn patch(path: &str, before: &str, after: &str, hidden: &dyn Fn(u32) -> bool) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let steps = steps(&old, &new);
    let mut text = String::new();
    let mut at = 0;
    while let Some(first) = (at..steps.len()).find(|index| !steps[*index].keeps()) {
        let (hunk, end) = hunk(&steps, first, at, hidden);
        if text.is_empty() {
            let _ = write!(text, "--- a/{path}\n+++ b/{path}\n");
        }
        write_hunk(&mut text, hunk, hidden);
        at = end;
    }
    text
}

/// A line of the patch, with the numbers (from 0) of the lines that come next in both texts.
#[derive(Clone, Copy)]
struct Step<'l> {
    sign: char,
    line: &'l str,
    old: usize,
    new: usize,
}

impl Step<'_> {
    fn keeps(&self) -> bool {
        self.sign == ' '
    }

    fn is_hidden(&self, hidden: &dyn Fn(u32) -> bool) -> bool {
        self.sign != '+' && u32::try_from(self.old + 1).is_ok_and(hidden)
    }
}

/// The longest common subsequence, as steps.
fn steps<'l>(old: &[&'l str], new: &[&'l str]) -> Vec<Step<'l>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (middle_old, middle_new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let width = middle_new.len() + 1;
    let cells = (middle_old.len() + 1) * width;
    let mut table = if cells <= MOST_CELLS { vec![0u32; cells] } else { Vec::new() };
    if !table.is_empty() {
        for a in (0..middle_old.len()).rev() {
            for b in (0..middle_new.len()).rev() {
                table[a * width + b] = if middle_old[a] == middle_new[b] {
                    table[(a + 1) * width + b + 1] + 1
                } else {
                    table[(a + 1) * width + b].max(table[a * width + b + 1])
                };
            }
        }
    }
    let length = |a: usize, b: usize| table.get(a * width + b).copied().unwrap_or_default();
    let (mut a, mut b) = (0, 0);
    let mut steps = Vec::new();
    let end = (old.len() - tail, new.len() - tail);
    let mut push = |sign, line, old, new| steps.push(Step { sign, line, old, new });
    for (at, line) in old[..head].iter().enumerate() {
        push(' ', *line, at, at);
    }
    while head + a < end.0 || head + b < end.1 {
        let (o, n) = (head + a, head + b);
        if o < end.0 && n < end.1 && !table.is_empty() && old[o] == new[n] {
            push(' ', old[o], o, n);
            (a, b) = (a + 1, b + 1);
        } else if o < end.0 && (n >= end.1 || length(a + 1, b) >= length(a, b + 1)) {
            push('-', old[o], o, n);
            a += 1;
        } else {
            push('+', new[n], o, n);
            b += 1;
        }
    }
    for (at, line) in old[end.0..].iter().enumerate() {
        push(' ', *line, end.0 + at, end.1 + at);
    }
    steps
}

/// The steps of the hunk around the change at `first`, and where the next one may begin.
fn hunk<'s, 'l>(
    steps: &'s [Step<'l>],
    first: usize,
    from: usize,
    hidden: &dyn Fn(u32) -> bool,
) -> (&'s [Step<'l>], usize) {
    let may_show = |index: &usize| !steps[*index].is_hidden(hidden);
    let before = (from..first).rev().take(CONTEXT).take_while(may_show).count();
    let mut end = first;
    loop {
        while end < steps.len() && !steps[end].keeps() {
            end += 1;
        }
        let context =
            (end..steps.len()).take(CONTEXT * 2).take_while(|at| steps[*at].keeps() && may_show(at)).count();
        let joins = steps.get(end + context).is_some_and(|next| !next.keeps());
        if !joins {
            end += context.min(CONTEXT);
            return (&steps[first - before..end], end);
        }
        end += context;
    }
}

fn write_hunk(text: &mut String, hunk: &[Step<'_>], hidden: &dyn Fn(u32) -> bool) {
    let Some(first) = hunk.first() else { return };
    let count = |other: char| hunk.iter().filter(|step| step.sign != other).count();
    let range = |start: usize, count: usize| match count {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        _ => format!("{},{count}", start + 1),
    };
    let _ = writeln!(text, "@@ -{} +{} @@", range(first.old, count('+')), range(first.new, count('-')));
    let secret = hunk.iter().any(|step| step.is_hidden(hidden));
    for step in hunk {
        let line = if secret && !step.keeps() { "(a line with a secret, not shown)\n" } else { step.line };
        let _ = write!(text, "{}{line}", step.sign);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_has_three_lines_around_a_change() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let after = before.replace("5\n", "five\n").replace("12\n", "12\n13");
        let expected = "--- a/x\n+++ b/x\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n\
                        @@ -10,3 +10,4 @@\n 10\n 11\n 12\n+13\n\\ No newline at end of file\n";
        assert_eq!(patch("x", before, &after, &|_| false), expected);
        assert_eq!(patch("x", before, before, &|_| false), "");
    }

    #[test]
    fn a_secret_is_not_in_a_patch() {
        let before = "a\nKEY=hunter22\nb\nc\n";
        let hidden = |line| line == 2;
        let shown = patch("x", before, &before.replace("b\n", "B\n"), &hidden);
        assert_eq!(shown, "--- a/x\n+++ b/x\n@@ -3,2 +3,2 @@\n-b\n+B\n c\n");
        let shown = patch("x", before, &before.replace("KEY", "key"), &hidden);
        assert!(!shown.contains("hunter22"), "{shown}");
    }
}
