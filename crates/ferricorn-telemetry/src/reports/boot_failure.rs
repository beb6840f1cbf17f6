//! What a worker says about a boot that has failed, as the log shows it.
//!
//! Owns: finding in that text the line that helps. Does not own: the text (the shim's), when it is logged (`observe`).

const TRACEBACK: &str = "(most recent call last):";

/// Whether an exception is shown with where it came from.
pub fn has_traceback(text: &str) -> bool {
    text.lines().any(|line| line.ends_with(TRACEBACK))
}

/// The text without its traceback: the exception in one line, and the hints.
pub fn summary(text: &str) -> String {
    if !has_traceback(text) {
        return text.to_owned();
    }
    let lines: Vec<&str> = text.lines().collect();
    let is_frame = |line: &&str| line.starts_with("  ") || line.ends_with(TRACEBACK);
    let after = lines.iter().rposition(|line| line.trim_start().starts_with("File \"")).unwrap_or(0);
    let exception = lines[after..].iter().skip(1).find(|line| !is_frame(line) && !line.is_empty());
    let hints = lines[after..].iter().filter(|line| line.starts_with("hint: "));
    let summary: Vec<&str> = exception.into_iter().chain(hints).copied().collect();
    if summary.is_empty() { lines.last().copied().unwrap_or_default().to_owned() } else { summary.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceback_is_summed_up_by_its_exception_and_the_hints() {
        let plain = "uvicorn is not installed\nhint: install it";
        assert_eq!(summary(plain), plain);
        let frames = "Traceback (most recent call last):\n  File \"main.py\", line 3, in <module>\n    deep()\n    ~~~~^^\n";
        for (rest, expected) in [
            ("ValueError: no luck", "ValueError: no luck"),
            ("ValueError: no luck\nhint: try", "ValueError: no luck\nhint: try"),
            ("pydantic.ValidationError: 1 error\nurl\n  Field required", "pydantic.ValidationError: 1 error"),
        ] {
            assert_eq!(summary(&format!("{frames}{rest}")), expected);
        }
        let chained = format!("{frames}KeyError: 1\n\nDuring handling of it:\n\n{frames}ValueError: 2");
        assert_eq!(summary(&chained), "ValueError: 2");
        let syntax = "Traceback (most recent call last):\n  File \"main.py\", line 1\n    app = (\n          ^\nSyntaxError: never closed";
        assert_eq!(summary(syntax), "SyntaxError: never closed");
    }
}
