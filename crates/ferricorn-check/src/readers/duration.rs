//! Durations as the platforms' files write them.
//!
//! How to use: `duration::systemd("1min 30s")` and `duration::go("1m30s")` give seconds (90.0), `None` for what is no
//! duration. systemd's `infinity` is `f64::INFINITY`.

/// systemd: numbers with units, blanks between them or not; a bare number counts seconds.
pub fn systemd(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 25] = [
        ("seconds", 1.0),
        ("second", 1.0),
        ("sec", 1.0),
        ("s", 1.0),
        ("minutes", 60.0),
        ("minute", 60.0),
        ("min", 60.0),
        ("m", 60.0),
        ("hours", 3600.0),
        ("hour", 3600.0),
        ("hr", 3600.0),
        ("h", 3600.0),
        ("days", 86_400.0),
        ("day", 86_400.0),
        ("d", 86_400.0),
        ("weeks", 604_800.0),
        ("week", 604_800.0),
        ("w", 604_800.0),
        ("msec", 0.001),
        ("ms", 0.001),
        ("usec", 1e-6),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("ns", 1e-9),
        ("", 1.0),
    ];
    if text.trim() == "infinity" {
        return Some(f64::INFINITY);
    }
    sum(text, &UNITS)
}

/// Go, and with it Docker, compose and Fly: `30s`, `1m30s`, `500ms`; a bare number is none but `0`.
pub fn go(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 7] =
        [("h", 3600.0), ("m", 60.0), ("s", 1.0), ("ms", 0.001), ("us", 1e-6), ("µs", 1e-6), ("ns", 1e-9)];
    if text.trim() == "0" {
        return Some(0.0);
    }
    sum(text, &UNITS)
}

fn sum(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits =
            rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|letter: char| !letter.is_alphabetic()).unwrap_or(rest.len());
        let (_, unit) = units.iter().find(|(name, _)| *name == &rest[..letters])?;
        seconds += number * unit;
        rest = rest[letters..].trim_start();
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds() {
        let near =
            |found: Option<f64>, expected: f64| found.is_some_and(|found| (found - expected).abs() < 1e-9);
        for (text, expected) in
            [("90", 90.0), ("1min 30s", 90.0), ("2h", 7200.0), ("5 s", 5.0), ("1.5min", 90.0), ("20ms", 0.02)]
        {
            assert!(near(systemd(text), expected), "{text}");
        }
        for (text, expected) in [("1m30s", 90.0), ("10s", 10.0), ("500ms", 0.5), ("0", 0.0)] {
            assert!(near(go(text), expected), "{text}");
        }
        assert!(systemd("infinity").is_some_and(f64::is_infinite));
        for text in ["", "x", "5x", "-5s", "..s", "s"] {
            assert!(systemd(text).is_none() && go(text).is_none(), "{text}");
        }
        assert!(go("30").is_none());
    }
}
