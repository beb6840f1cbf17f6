//! Commands and variables as compose, Kubernetes, Fly, Railway and Heroku write them in their trees.
//!
//! How to use: `launch::launch(node)` for a value that is a line or a list of words, `launch::variables(node)` for a mapping
//! or a list of `NAME=value`, `launch::megabytes("512Mi")`, `launch::processors("500m")`.

use super::yaml::{Node, Style};
use crate::text::{Excerpt, Span};

/// A command as it is written.
#[derive(Debug, Clone)]
pub enum Launch {
    /// One line. Who splits it into words differs: see the format.
    Line(Excerpt, Style),
    /// Words; no shell sees them.
    Words(Vec<Excerpt>),
}

impl Launch {
    /// Where it stands.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Line(line, _) => Some(line.whole()),
            Self::Words(words) => words.iter().map(Excerpt::whole).reduce(Span::to),
        }
    }
}

/// A variable that a file sets.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The value; `None` if it comes from elsewhere (a secret, the environment of the one who deploys).
    pub value: Option<Excerpt>,
    /// Name and value.
    pub span: Span,
}

/// A line or a list of words; `None` for anything else.
pub fn launch(node: &Node) -> Option<Launch> {
    if node.is_sequence() {
        return Some(Launch::Words(
            node.items().iter().filter_map(|item| Some(item.scalar()?.value.clone())).collect(),
        ));
    }
    let scalar = node.scalar().filter(|_| !node.is_null())?;
    Some(Launch::Line(scalar.value.clone(), scalar.style))
}

/// `NAME: value` or `- NAME=value`. A name alone takes its value from elsewhere.
pub fn variables(node: &Node) -> Vec<Setting> {
    if node.is_mapping() {
        let entries = node.entries().into_iter();
        return entries
            .filter_map(|entry| {
                Some(Setting {
                    name: entry.key.str()?.to_owned(),
                    name_span: entry.key.span,
                    value: entry.value.value().cloned(),
                    span: entry.key.span.to(entry.value.span),
                })
            })
            .collect();
    }
    let items = node.items().iter().filter_map(Node::value);
    items
        .map(|item| {
            let text = item.text();
            let equals = text.find('=');
            let end = equals.unwrap_or(text.len());
            Setting {
                name: text[..end].to_owned(),
                name_span: item.span(0..end),
                value: equals.map(|at| item.part(at + 1..text.len())),
                span: item.whole(),
            }
        })
        .collect()
}

/// An amount of memory in MiB: `512Mi`, `1G`, `512m` (compose), `536870912`. `None` if it is none.
pub fn megabytes(text: &str) -> Option<f64> {
    let (number, unit) = number(text)?;
    let bytes = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "ki" | "kib" => 1024.0,
        "m" | "mb" => 1e6,
        "mi" | "mib" => 1_048_576.0,
        "g" | "gb" => 1e9,
        "gi" | "gib" => 1_073_741_824.0,
        "t" | "tb" => 1e12,
        "ti" | "tib" => 1_099_511_627_776.0,
        _ => return None,
    };
    Some(number * bytes / 1_048_576.0)
}

/// An amount of memory in MiB as Docker and Fly count it: `512m`, `1gb` are powers of 1024.
pub fn binary_megabytes(text: &str) -> Option<f64> {
    let (number, unit) = number(text)?;
    let bytes = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0 / 1_048_576.0,
        "k" | "kb" => 1.0 / 1024.0,
        "m" | "mb" => 1.0,
        "g" | "gb" => 1024.0,
        "t" | "tb" => 1_048_576.0,
        _ => return None,
    };
    Some(number * bytes)
}

/// Processors: `2`, `0.5`, `500m`. `None` if it is none.
pub fn processors(text: &str) -> Option<f64> {
    match number(text)? {
        (number, "") => Some(number),
        (number, "m") => Some(number / 1000.0),
        _ => None,
    }
}

fn number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    Some((text[..digits].parse().ok()?, text[digits..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        let near =
            |found: Option<f64>, expected: f64| found.is_some_and(|found| (found - expected).abs() < 1.0);
        for (text, expected) in [("512Mi", 512.0), ("1Gi", 1024.0), ("512M", 488.0), ("536870912", 512.0)] {
            assert!(near(megabytes(text), expected), "{text}");
        }
        assert!(near(binary_megabytes("512M"), 512.0) && near(binary_megabytes("1gb"), 1024.0));
        assert_eq!((processors("500m"), processors("2"), processors("x")), (Some(0.5), Some(2.0), None));
        assert!(megabytes("${X}").is_none() && megabytes("5 apples").is_none());
    }
}
