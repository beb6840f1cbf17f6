//! Versions of Python packages and what a specifier admits (PEP 440), Poetry's `^` and `~` included.
//!
//! Owns: parsing, order, and "does `>=2,<3` admit 2.4.1". Does not own: where versions stand (`requirements`,
//! `pyproject`, `lock`), nor which versions exist.
//!
//! # How to use
//!
//! ```text
//! let pin: Version = "0.30.6".parse()?;
//! let wanted: Specifiers = ">=0.22, <1".parse()?;
//! wanted.admits(&pin)            // true
//! wanted.pinned()                // None; of "==0.30.6" it is that version
//! wanted.lowest()                // Some(0.22): the bound from below, if there is one
//! Specifiers::poetry("^2.0")     // >=2.0,<3
//! pin < Version::release(&[0, 41])
//! ```
//!
//! Invariants: the order is PEP 440's (`1.0.dev1 < 1.0a1 < 1.0 < 1.0.post1`, `1.0 == 1.0.0`). Whether a prerelease is
//! *taken* is the installer's question: `admits` only compares, as `packaging` does with `prereleases=True`.

mod specifier;

#[cfg(test)]
mod tests;

use std::{cmp::Ordering, fmt, str::FromStr};

pub use specifier::{Operator, Specifier, Specifiers};

/// A version.
#[derive(Debug, Clone)]
pub struct Version {
    epoch: u64,
    release: Vec<u64>,
    pre: Option<(Pre, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<Part>,
}

/// The kinds of prereleases, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pre {
    Alpha,
    Beta,
    Candidate,
}

/// A part of a local version; a word is before a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(String),
    Number(u64),
}

/// A text that is no version or no specifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoVersion;

impl Version {
    /// A plain version: `Version::release(&[3, 12])` is 3.12.
    pub fn release(numbers: &[u64]) -> Self {
        Self { epoch: 0, release: numbers.to_vec(), pre: None, post: None, dev: None, local: Vec::new() }
    }

    /// The numbers between the dots, as they were written (`3.12` has two).
    pub fn numbers(&self) -> &[u64] {
        &self.release
    }

    /// A number between the dots; 0 if it was not written.
    pub fn number(&self, at: usize) -> u64 {
        self.release.get(at).copied().unwrap_or(0)
    }

    /// Whether it is an alpha, a beta, a candidate or a development version.
    pub fn is_prerelease(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    /// Numbers without the zeros at the end, which do not count.
    fn significant(&self) -> &[u64] {
        let length = self.release.iter().rposition(|number| *number != 0).map_or(0, |at| at + 1);
        &self.release[..length]
    }

    /// Where a prerelease stands: a bare development version before all, a plain one behind all.
    fn pre_rank(&self) -> (u8, Option<(Pre, u64)>) {
        match self.pre {
            Some(pre) => (1, Some(pre)),
            None if self.post.is_none() && self.dev.is_some() => (0, None),
            None => (2, None),
        }
    }

    fn public_order(&self, other: &Self) -> Ordering {
        let dev = |version: &Self| version.dev.map_or((1, 0), |dev| (0, dev));
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| self.significant().cmp(other.significant()))
            .then_with(|| self.pre_rank().cmp(&other.pre_rank()))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| dev(self).cmp(&dev(other)))
    }

    /// Without `+local`.
    fn public(&self) -> Self {
        Self { local: Vec::new(), ..self.clone() }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.public_order(other).then_with(|| self.local.cmp(&other.local))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch != 0 {
            write!(out, "{}!", self.epoch)?;
        }
        for (at, number) in self.release.iter().enumerate() {
            write!(out, "{}{number}", if at == 0 { "" } else { "." })?;
        }
        if let Some((kind, number)) = self.pre {
            let letters = match kind {
                Pre::Alpha => "a",
                Pre::Beta => "b",
                Pre::Candidate => "rc",
            };
            write!(out, "{letters}{number}")?;
        }
        if let Some(post) = self.post {
            write!(out, ".post{post}")?;
        }
        if let Some(dev) = self.dev {
            write!(out, ".dev{dev}")?;
        }
        for (at, part) in self.local.iter().enumerate() {
            let sign = if at == 0 { "+" } else { "." };
            match part {
                Part::Word(word) => write!(out, "{sign}{word}")?,
                Part::Number(number) => write!(out, "{sign}{number}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let text = text.trim().to_ascii_lowercase();
        let (public, local) =
            text.split_once('+').map_or((text.as_str(), None), |(public, local)| (public, Some(local)));
        let mut reader = Reader { rest: public.strip_prefix('v').unwrap_or(public) };
        let mut version = Self::release(&[reader.number().ok_or(NoVersion)?]);
        if let Some(rest) = reader.rest.strip_prefix('!') {
            reader.rest = rest;
            version.epoch = version.release[0];
            version.release = vec![reader.number().ok_or(NoVersion)?];
        }
        while let Some(number) = reader.dotted_number() {
            version.release.push(number);
        }
        version.pre = reader.pre();
        version.post = reader.post();
        version.dev = reader.tagged(&["dev"]);
        if let Some(local) = local {
            version.local = local.split(['.', '-', '_']).map(part).collect::<Result<_, _>>()?;
        }
        if reader.rest.is_empty() { Ok(version) } else { Err(NoVersion) }
    }
}

fn part(text: &str) -> Result<Part, NoVersion> {
    if text.is_empty() || !text.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(NoVersion);
    }
    Ok(text.parse().map_or_else(|_| Part::Word(text.to_owned()), Part::Number))
}

/// Reads the parts of a version in lower case.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let length = self.rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(self.rest.len());
        let number = self.rest[..length].parse().ok()?;
        self.rest = &self.rest[length..];
        Some(number)
    }

    fn dotted_number(&mut self) -> Option<u64> {
        let before = self.rest;
        self.rest = self.rest.strip_prefix('.')?;
        let number = self.number();
        if number.is_none() {
            self.rest = before;
        }
        number
    }

    fn separator(&mut self) {
        self.rest = self.rest.strip_prefix(['.', '-', '_']).unwrap_or(self.rest);
    }

    /// One of these words, with separators around it and a number (0 if it is left out) behind it.
    fn tagged(&mut self, words: &[&str]) -> Option<u64> {
        let before = self.rest;
        self.separator();
        let Some(rest) = words.iter().find_map(|word| self.rest.strip_prefix(word)) else {
            self.rest = before;
            return None;
        };
        self.rest = rest;
        let behind = self.rest;
        self.separator();
        let number = self.number();
        if number.is_none() {
            self.rest = behind;
        }
        Some(number.unwrap_or(0))
    }

    fn pre(&mut self) -> Option<(Pre, u64)> {
        let kinds: [(Pre, &[&str]); 3] = [
            (Pre::Alpha, &["alpha", "a"]),
            (Pre::Beta, &["beta", "b"]),
            (Pre::Candidate, &["rc", "c", "preview", "pre"]),
        ];
        kinds.into_iter().find_map(|(kind, words)| self.tagged(words).map(|number| (kind, number)))
    }

    fn post(&mut self) -> Option<u64> {
        // `1.0-1` is an old way to write `1.0.post1`.
        let before = self.rest;
        if let Some(rest) = self.rest.strip_prefix('-') {
            self.rest = rest;
            if let Some(number) = self.number() {
                return Some(number);
            }
            self.rest = before;
        }
        self.tagged(&["post", "rev", "r"])
    }
}
