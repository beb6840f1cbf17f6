//! What versions a specifier admits.

use std::{fmt, str::FromStr};

use super::{NoVersion, Version};

/// One condition: an operator and a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Specifier {
    /// The operator.
    pub operator: Operator,
    /// The version it compares with.
    pub version: Version,
    /// Whether `.*` stands behind the version.
    pub wildcard: bool,
}

/// PEP 440's operators. `===` is read as `==`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `~=`.
    Compatible,
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<=`.
    AtMost,
    /// `>=`.
    AtLeast,
    /// `<`.
    Below,
    /// `>`.
    Above,
}

/// Conditions that must all hold; or several such sets of which one must hold, as Poetry's `||` allows. Without any, every
/// version is admitted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Specifiers {
    /// The sets, of which one must hold. PEP 440 has one.
    pub sets: Vec<Vec<Specifier>>,
}

const OPERATORS: [(&str, Operator); 8] = [
    ("===", Operator::Equal),
    ("~=", Operator::Compatible),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("<", Operator::Below),
    (">", Operator::Above),
];

impl Specifier {
    /// Whether this condition holds.
    pub fn admits(&self, version: &Version) -> bool {
        let own = &self.version;
        let public = version.public();
        match self.operator {
            Operator::Equal => self.equal(version),
            Operator::NotEqual => !self.equal(version),
            Operator::AtMost => public <= *own,
            Operator::AtLeast => public >= *own,
            // `<3.2` does not mean 3.2rc1, nor `>3.1` 3.1.post1 or 3.1+local.
            Operator::Below => {
                version < own && (own.is_prerelease() || !version.is_prerelease() || !same_base(version, own))
            }
            Operator::Above => {
                version > own
                    && (own.post.is_some() || version.post.is_none() || !same_base(version, own))
                    && (version.local.is_empty() || !same_base(version, own))
            }
            Operator::Compatible => {
                let above = own.release.len().saturating_sub(1).max(1);
                public >= *own && starts_with(&public, own.epoch, &own.release[..above])
            }
        }
    }

    fn equal(&self, version: &Version) -> bool {
        if self.wildcard {
            let own = &self.version;
            return starts_with(version, own.epoch, &own.release)
                && (own.pre == version.pre || (own.pre.is_none() && own.post.is_none()))
                && (own.post.is_none() || own.post == version.post);
        }
        if self.version.local.is_empty() {
            version.public() == self.version
        } else {
            *version == self.version
        }
    }
}

fn same_base(one: &Version, other: &Version) -> bool {
    one.epoch == other.epoch && one.significant() == other.significant()
}

/// Whether the version begins with these numbers; those that it lacks are 0.
fn starts_with(version: &Version, epoch: u64, numbers: &[u64]) -> bool {
    version.epoch == epoch && numbers.iter().enumerate().all(|(at, number)| version.number(at) == *number)
}

impl Specifiers {
    /// Whether the conditions hold.
    pub fn admits(&self, version: &Version) -> bool {
        self.sets.is_empty() || self.sets.iter().any(|set| set.iter().all(|one| one.admits(version)))
    }

    /// The only version that is admitted, if an `==` names it.
    pub fn pinned(&self) -> Option<&Version> {
        let [set] = self.sets.as_slice() else { return None };
        let pin = |one: &&Specifier| one.operator == Operator::Equal && !one.wildcard;
        set.iter().find(pin).map(|one| &one.version)
    }

    /// The bound from below: of `>=`, `>`, `~=`, `==`. `None` without one.
    pub fn lowest(&self) -> Option<&Version> {
        let below = |one: &&Specifier| {
            matches!(
                one.operator,
                Operator::AtLeast | Operator::Above | Operator::Compatible | Operator::Equal
            )
        };
        let lowest = |set: &'_ Vec<Specifier>| -> Option<usize> {
            let bounds = set.iter().enumerate().filter(|(_, one)| below(one));
            bounds.max_by(|(_, one), (_, other)| one.version.cmp(&other.version)).map(|(at, _)| at)
        };
        let each = self.sets.iter().map(|set| lowest(set).map(|at| &set[at].version));
        each.collect::<Option<Vec<_>>>()?.into_iter().min()
    }

    /// Whether nothing bounds it from above: the newest version is taken.
    pub fn is_open(&self) -> bool {
        let bounds = |one: &Specifier| {
            !matches!(one.operator, Operator::AtLeast | Operator::Above | Operator::NotEqual)
        };
        self.sets.is_empty() || self.sets.iter().any(|set| !set.iter().any(bounds))
    }

    /// Reads Poetry's form: `^2.1`, `~2.1`, `2.*`, `*`, `2.1` (which is `==`), `||`, and PEP 440's operators.
    pub fn poetry(text: &str) -> Result<Self, NoVersion> {
        let mut sets = Vec::new();
        for alternative in text.split("||") {
            let mut set = Vec::new();
            for part in alternative.split(',').flat_map(words) {
                poetry_part(&part, &mut set)?;
            }
            if set.is_empty() {
                return Ok(Self::default());
            }
            sets.push(set);
        }
        Ok(Self { sets })
    }
}

/// Conditions with blanks between them; a blank behind an operator separates nothing.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if last.ends_with(['<', '>', '=', '^', '~']) => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
    }
    words
}

fn poetry_part(part: &str, set: &mut Vec<Specifier>) -> Result<(), NoVersion> {
    if part == "*" {
        return Ok(());
    }
    let range = |from: Version, to: Version| {
        [(Operator::AtLeast, from), (Operator::Below, to)].map(|(operator, version)| Specifier {
            operator,
            version,
            wildcard: false,
        })
    };
    if let Some(version) = part.strip_prefix('^') {
        let from: Version = version.parse()?;
        // The first number that is not 0 must stay.
        let kept = from.release.iter().position(|number| *number != 0).unwrap_or(from.release.len() - 1);
        let to = raised(&from.release[..=kept]);
        set.extend(range(from, to));
    } else if let Some(version) = part.strip_prefix('~').filter(|version| !version.starts_with('=')) {
        let from: Version = version.parse()?;
        let to = raised(&from.release[..from.release.len().min(2)]);
        set.extend(range(from, to));
    } else if part.starts_with(|letter: char| letter.is_ascii_digit() || letter == 'v') {
        set.push(format!("=={part}").parse()?);
    } else {
        set.push(part.parse()?);
    }
    Ok(())
}

/// The numbers with the last one raised.
fn raised(numbers: &[u64]) -> Version {
    let mut numbers = numbers.to_vec();
    if let Some(last) = numbers.last_mut() {
        *last = last.saturating_add(1);
    }
    Version::release(&numbers)
}

impl FromStr for Specifier {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let text = text.trim();
        let (sign, operator) =
            OPERATORS.into_iter().find(|(sign, _)| text.starts_with(sign)).ok_or(NoVersion)?;
        let version = text[sign.len()..].trim();
        let (version, wildcard) =
            version.strip_suffix(".*").map_or((version, false), |version| (version, true));
        if wildcard && !matches!(operator, Operator::Equal | Operator::NotEqual) {
            return Err(NoVersion);
        }
        let version: Version = version.parse()?;
        if operator == Operator::Compatible && version.release.len() < 2 {
            return Err(NoVersion);
        }
        Ok(Self { operator, version, wildcard })
    }
}

impl FromStr for Specifiers {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let parts = text.split(',').filter(|part| !part.trim().is_empty());
        let set = parts.map(str::parse).collect::<Result<Vec<Specifier>, _>>()?;
        Ok(Self { sets: if set.is_empty() { Vec::new() } else { vec![set] } })
    }
}

impl fmt::Display for Specifiers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, set) in self.sets.iter().enumerate() {
            out.write_str(if at == 0 { "" } else { " || " })?;
            for (at, one) in set.iter().enumerate() {
                let sign = OPERATORS.into_iter().rev().find(|(_, operator)| *operator == one.operator);
                let sign = sign.map_or("", |(sign, _)| sign);
                write!(out, "{}{sign}{}", if at == 0 { "" } else { "," }, one.version)?;
                out.write_str(if one.wildcard { ".*" } else { "" })?;
            }
        }
        Ok(())
    }
}
