//! From the table of a file to wishes.

use super::{Config, Pattern, Required, UnknownId, is_variable_name};
use crate::{
    finding::Platform,
    readers::{
        toml,
        yaml::{Node, Type},
    },
    sources::{Sources, Tree},
    text::{Source, Span},
};

/// The wishes in the first of the two files that has the table. A file that is no TOML becomes a notice.
pub(crate) fn from_files(
    sources: &mut Sources,
    tree: &dyn Tree,
    named: Option<&str>,
    unknown: UnknownId,
) -> Config {
    if let Some(path) = named {
        return from_named(sources, tree, path, unknown);
    }
    for (path, table) in [("ferricorn.toml", OWN), ("pyproject.toml", SHARED)] {
        let Some(source) = sources.load(tree, path) else { continue };
        match toml::read(&source) {
            Ok(root) => {
                if let Some(table) = root.at(table) {
                    return Reader { source: &source, config: Config::default(), unknown }.read(table);
                }
            }
            Err(error) => sources.not_of_its_format(path, error),
        }
    }
    Config::default()
}

/// The table of ferricorn's own file, and that of a file with others.
const OWN: &[&str] = &["check"];
const SHARED: &[&str] = &["tool", "ferricorn", "check"];

/// The wishes in the file that the user names, which has to have one of the tables.
fn from_named(sources: &mut Sources, tree: &dyn Tree, path: &str, unknown: UnknownId) -> Config {
    let problem = |what: String| Config { problems: vec![format!("{path}: {what}")], ..Config::default() };
    let Some(source) = sources.load_named(tree, path) else {
        return problem("it cannot be read".to_owned());
    };
    let root = match toml::read(&source) {
        Ok(root) => root,
        Err(error) => return problem(error.to_string()),
    };
    match root.at(OWN).or_else(|| root.at(SHARED)) {
        Some(table) => Reader { source: &source, config: Config::default(), unknown }.read(table),
        None => problem("it has neither a table [check] nor [tool.ferricorn.check]".to_owned()),
    }
}

struct Reader<'s> {
    source: &'s Source,
    config: Config,
    unknown: UnknownId,
}

impl Reader<'_> {
    fn read(mut self, table: &Node) -> Config {
        if !table.is_mapping() {
            self.problem(table.span, "`check` is a table of settings");
        }
        for entry in table.own_entries() {
            let name = entry.key.str().unwrap_or_default();
            let value = &entry.value;
            match name {
                "select" => self.config.select = self.ids(name, value),
                "ignore" => self.config.ignore = self.ids(name, value),
                "per-file-ignores" | "per_file_ignores" => self.per_file(name, value),
                "exclude" => {
                    let texts = self.texts(name, value);
                    self.config.exclude = texts.iter().map(|(text, _)| Pattern::new(text)).collect();
                }
                "required_env" | "required-env" => self.required(name, value),
                "platform" => self.platforms(name, value),
                "env" if value.str() == Some("complete") => self.config.env_is_complete = true,
                "env" => self.problem(value.span, "`env` is \"complete\", or left out"),
                "worker_mb" | "worker-mb" => match value.integer().and_then(|it| u64::try_from(it).ok()) {
                    Some(megabytes) if megabytes > 0 => self.config.worker_megabytes = Some(megabytes),
                    _ => self.problem(value.span, "`worker_mb` is a number of MB"),
                },
                _ => self.unknown(entry.key.span, name),
            }
        }
        self.config
    }

    fn required(&mut self, key: &str, value: &Node) {
        for (name, place) in self.texts(key, value) {
            if is_variable_name(&name) {
                self.config.required_env.push(Required { name, place: Some(place) });
            } else {
                self.problem(place, &format!("`{name}` cannot be the name of a variable"));
            }
        }
    }

    fn platforms(&mut self, key: &str, value: &Node) {
        for (word, place) in self.texts(key, value) {
            match Platform::of_word(&word) {
                Some(platform) => self.config.platforms.push(platform),
                None => self.problem(place, &format!("`{word}` is no platform: {}", Platform::words())),
            }
        }
    }

    fn per_file(&mut self, key: &str, value: &Node) {
        if !value.is_mapping() {
            self.problem(value.span, &format!("`{key}` is a table: \"deploy/*.yaml\" = [\"FC302\"]"));
        }
        for entry in value.own_entries() {
            let files = Pattern::new(entry.key.str().unwrap_or_default());
            let ids = self.ids(key, &entry.value);
            self.config.per_file_ignores.push((files, ids));
        }
    }

    fn ids(&mut self, key: &str, value: &Node) -> Vec<String> {
        let mut ids = Vec::new();
        for (text, place) in self.texts(key, value) {
            let id = text.trim().to_ascii_uppercase();
            match (self.unknown)(&id) {
                Some(problem) => self.problem(place, &problem),
                None => ids.push(id),
            }
        }
        ids
    }

    /// A list of texts, or one text.
    fn texts(&mut self, key: &str, value: &Node) -> Vec<(String, Span)> {
        let items = if value.is_sequence() { value.items() } else { std::slice::from_ref(value) };
        let mut texts = Vec::new();
        for item in items {
            match item.scalar() {
                Some(scalar) if scalar.kind() == Type::Text => {
                    texts.push((scalar.value.text().to_owned(), item.span));
                }
                _ => self.problem(item.span, &format!("`{key}` is a list of texts")),
            }
        }
        texts
    }

    fn unknown(&mut self, place: Span, name: &str) {
        const KNOWN: [&str; 8] = [
            "select",
            "ignore",
            "per-file-ignores",
            "exclude",
            "required_env",
            "platform",
            "env",
            "worker_mb",
        ];
        let near = KNOWN.iter().min_by_key(|known| strsim::osa_distance(known, name));
        let near = near.filter(|known| strsim::osa_distance(known, name) <= 3);
        let near =
            near.map_or_else(|| format!("it has {}", KNOWN.join(", ")), |near| format!("is `{near}` meant?"));
        self.problem(place, &format!("`check` has no setting `{name}`: {near}"));
    }

    fn problem(&mut self, place: Span, what: &str) {
        let line = self.source.line_of(place);
        self.config.problems.push(format!("{}:{line}: {what}", self.source.path()));
    }
}
