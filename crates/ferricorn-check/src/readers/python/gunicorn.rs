//! The settings of a `gunicorn.conf.py`.

use super::{
    Module, Value,
    tree::{Expr, Kind, Line, walk_expressions},
};
use crate::text::Span;

/// What a file of settings says.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Every assignment of a name at the top level, in order. The last one of a name counts.
    pub settings: Vec<Setting>,
    /// The functions at the top level: hooks, if gunicorn knows the name.
    pub functions: Vec<(String, Span)>,
    /// Whether names may come from elsewhere: a star import, `globals()`, lines that are no Python.
    pub has_more: bool,
}

/// `name = value`.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The expression.
    pub expression: Expr,
    /// What it is worth, as far as that is known.
    pub value: Value,
    /// Whether it is a division with `/`, which is a float (`workers` refuses it).
    pub float_division: Option<Span>,
    /// Whether it counts the processors of the machine.
    pub counts_processors: Option<Span>,
    /// Whether it stands inside `if`, `try` or a loop.
    pub conditional: bool,
    /// Whether the file uses the name elsewhere: then it may be a helper, and no misspelt setting.
    pub used_elsewhere: bool,
}

impl Settings {
    /// The setting that counts for a name.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().rev().find(|setting| setting.name == name)
    }
}

impl Module {
    /// The file as gunicorn's settings.
    pub fn settings(&self) -> Settings {
        let mut settings =
            Settings { has_more: self.errors > 0 || !self.stars().is_empty(), ..Settings::default() };
        let mut used: Vec<String> = Vec::new();
        walk_expressions(&self.statements, &mut |expression, around| {
            let target = around.last().is_some_and(|statement| match &statement.kind {
                Line::Assign { targets, .. } => targets.iter().any(|target| target.span == expression.span),
                _ => false,
            });
            match &expression.kind {
                Kind::Name(name) if !target => used.push(name.clone()),
                Kind::Call(function, _)
                    if matches!(function.name(), Some("globals" | "exec" | "setattr")) =>
                {
                    settings.has_more = true;
                }
                _ => {}
            }
        });
        let mut direct: Vec<Span> = self.statements.iter().map(|statement| statement.span).collect();
        direct.sort();
        self.top_level(&mut |statement| match &statement.kind {
            Line::Function(function) => settings.functions.push((function.name.clone(), function.name_span)),
            Line::Assign { targets, value: Some(expression), augmented, .. } => {
                for target in targets {
                    let Some(name) = target.name() else { continue };
                    settings.settings.push(Setting {
                        name: name.to_owned(),
                        name_span: target.span,
                        value: if *augmented { Value::Unknown } else { self.value(expression) },
                        float_division: float_division(expression),
                        counts_processors: self.counts_processors(expression),
                        conditional: direct.binary_search(&statement.span).is_err(),
                        used_elsewhere: used.iter().any(|other| other == name),
                        expression: expression.clone(),
                    });
                }
            }
            _ => {}
        });
        settings
    }

    /// The call in it that counts processors, through names that the file assigns once.
    fn counts_processors(&self, expression: &Expr) -> Option<Span> {
        let mut found = None;
        expression.walk(&mut |inner| {
            let counts = |inner: &Expr| {
                let name = inner.call().and_then(|(function, _)| self.full_name(function));
                matches!(
                    name.as_deref().and_then(|name| name.rsplit('.').next()),
                    Some("cpu_count" | "process_cpu_count" | "sched_getaffinity")
                )
            };
            if counts(inner) {
                found.get_or_insert(inner.span);
            }
            if let Some(value) = inner.name().and_then(|name| self.constant(name)) {
                let mut hit = false;
                value.walk(&mut |deeper| hit |= counts(deeper));
                if hit {
                    found.get_or_insert(inner.span);
                }
            }
        });
        found
    }
}

/// The division that makes the value a float. `int(…)`, `round(…)` and `//` make it whole again.
fn float_division(expression: &Expr) -> Option<Span> {
    let Kind::Operation(sign, operands) = &expression.kind else { return None };
    match sign.as_str() {
        "/" => Some(expression.span),
        "+" | "-" | "*" | "**" | "//" => operands.iter().find_map(float_division),
        _ => None,
    }
}
