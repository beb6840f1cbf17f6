//! `ferricorn.toml`, and the table `[tool.ferricorn]` of `pyproject.toml`.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    ConfigError,
    file::{FileContent, FileEntry, FileValue},
};

/// Reads a TOML file. Of a `pyproject.toml` only the table `[tool.ferricorn]` is looked at. `None`: there is none, or only
/// what `ferricorn check` reads is in it (`[check]`).
pub fn read_toml(name: &str, text: &str) -> Result<Option<FileContent>, ConfigError> {
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map(|span| line_of(text, span.start));
        ConfigError::File {
            file: line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}")),
            reason: error.message().lines().next().unwrap_or_default().to_owned(),
            hint: "write `NAME = VALUE`, with texts in quotes".to_owned(),
        }
    })?;
    let is_project = std::path::Path::new(name).file_name().is_some_and(|name| name == "pyproject.toml");
    let settings = if is_project {
        let tool = table.get_ref().get("tool").and_then(|tool| tool.get_ref().get("ferricorn"));
        match tool.and_then(|it| it.get_ref().as_table()) {
            Some(settings) => settings,
            None => return Ok(None),
        }
    } else {
        table.get_ref()
    };
    // That table is about the files, not about the server: a file that holds nothing else is none of its files.
    let is_check = |key: &str, value: &Spanned<DeValue<'_>>| key == "check" && value.get_ref().is_table();
    if settings.len() == 1 && settings.iter().all(|(key, value)| is_check(key.get_ref(), value)) {
        return Ok(None);
    }
    let entries = settings
        .iter()
        .filter(|(key, value)| !is_check(key.get_ref(), value))
        .map(|(key, value)| FileEntry {
            name: key.get_ref().to_string(),
            line: Some(line_of(text, key.span().start)),
            value: self::value(value),
            used: false,
        })
        .collect();
    Ok(Some(FileContent { name: name.to_owned(), native: true, entries }))
}

fn value(value: &Spanned<DeValue<'_>>) -> FileValue {
    match value.get_ref() {
        DeValue::String(text) => FileValue::Text(text.to_string()),
        DeValue::Integer(number) => {
            let digits = i128::from_str_radix(number.as_str(), number.radix());
            digits
                .map_or_else(|_| FileValue::Other(number.to_string()), |it| FileValue::Whole(it.to_string()))
        }
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| FileValue::Other(number.to_string()), FileValue::Number)
        }
        DeValue::Boolean(on) => FileValue::Flag(*on),
        DeValue::Array(items) => FileValue::List(items.iter().map(self::value).collect()),
        DeValue::Table(table) => FileValue::Table(json_of(table).to_string()),
        DeValue::Datetime(date) => FileValue::Other(date.to_string()),
    }
}

fn json_of(table: &DeTable<'_>) -> serde_json::Value {
    table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect()
}

fn json(value: &DeValue<'_>) -> serde_json::Value {
    match value {
        DeValue::Boolean(on) => (*on).into(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| number.to_string().into(), Into::into),
        DeValue::Float(number) => {
            number.as_str().parse::<f64>().map_or_else(|_| number.to_string().into(), Into::into)
        }
        DeValue::String(text) => text.to_string().into(),
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => json_of(table),
    }
}

fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
    u32::try_from(before + 1).unwrap_or(u32::MAX)
}
