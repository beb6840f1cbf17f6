//! Variables of the environment that a source reads.

use super::{
    Module,
    tree::{Argument, Class, Expr, Kind, Line, Statement, argument, keyword, walk, walk_expressions},
};
use crate::text::{Excerpt, Span};

/// A place that reads a variable.
#[derive(Debug, Clone)]
pub struct Read {
    /// The variable. For a field of settings in capitals, with the prefix.
    pub name: String,
    /// Whether the program fails without it.
    pub required: bool,
    /// The value that stands in for it, if it is a string that is written out.
    pub default: Option<Excerpt>,
    /// Who reads it.
    pub reader: Reader,
    /// The name in the file; of a field the field.
    pub span: Span,
}

/// How a variable is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// `os.environ` and `os.getenv`.
    Os,
    /// A field of pydantic's `BaseSettings`: in any case, and also out of a `.env` file.
    Settings,
    /// `decouple.config`, starlette's `Config`, `environs`, `django-environ`: also out of a file.
    Config,
}

impl Module {
    /// Every variable that the file reads, in order.
    pub fn environment(&self) -> &[Read] {
        self.environment.get_or_init(|| self.find_environment())
    }

    fn find_environment(&self) -> Vec<Read> {
        let mut reads = Vec::new();
        walk_expressions(&self.statements, &mut |expression, _| {
            reads.extend(self.environment_read(expression));
        });
        reads.extend(self.settings_fields());
        reads.sort_by_key(|read| read.span);
        reads
    }

    /// The variable that this very expression reads.
    pub(super) fn environment_read(&self, expression: &Expr) -> Option<Read> {
        match &expression.kind {
            Kind::Subscript(value, index) => {
                let full = self.full_name(value)?;
                let name = index.text().filter(|_| is_environ(&full))?;
                Some(Read {
                    name: name.text().to_owned(),
                    required: true,
                    default: None,
                    reader: Reader::Os,
                    span: index.span,
                })
            }
            Kind::Call(function, arguments) => self.call_read(function, arguments),
            // `os.getenv("X") or "default"`.
            Kind::Operation(sign, operands) if sign == "or" => {
                let [first, second] = operands.as_slice() else { return None };
                let read = self.environment_read(first)?;
                Some(Read { required: false, default: second.text().cloned().or(read.default), ..read })
            }
            _ => None,
        }
    }

    fn call_read(&self, function: &Expr, arguments: &[Argument]) -> Option<Read> {
        let full = self.full_name(function)?;
        let first =
            arguments.first().filter(|one| one.name.is_none()).or_else(|| keyword(arguments, "key"))?;
        let name = first.value.text()?;
        let environ = full.rsplit_once('.').is_some_and(|(owner, _)| is_environ(owner));
        let method = full.rsplit('.').next().unwrap_or(&full);
        let (reader, default, required) =
            if full == "os.getenv" || environ && matches!(method, "get" | "setdefault" | "pop") {
                let default = argument(arguments, 1, "default");
                (Reader::Os, default, environ && method == "pop" && default.is_none())
            } else if self.is_config(function, &full) {
                let default = keyword(arguments, "default").or_else(|| {
                    let second = arguments.get(1).filter(|one| one.name.is_none());
                    second.filter(|one| !matches!(one.value.kind, Kind::Name(_)))
                });
                (Reader::Config, default, default.is_none())
            } else {
                return None;
            };
        Some(Read {
            name: name.text().to_owned(),
            required,
            default: default.and_then(|default| default.value.text()).cloned(),
            reader,
            span: first.value.span,
        })
    }

    /// `config("X")` of decouple, or an object made of starlette's `Config`, `environs.Env`, `environ.Env`.
    fn is_config(&self, function: &Expr, full: &str) -> bool {
        if matches!(full, "decouple.config") {
            return true;
        }
        let object = match &function.kind {
            Kind::Attribute(value, _) => value.name(),
            _ => function.name(),
        };
        let Some(made) = object.and_then(|name| self.constant(name)).and_then(Expr::call) else {
            return false;
        };
        let maker = self.full_name(made.0);
        matches!(
            maker.as_deref(),
            Some(
                "starlette.config.Config"
                    | "environs.Env"
                    | "environ.Env"
                    | "decouple.Config"
                    | "decouple.AutoConfig"
            )
        )
    }

    /// The fields of classes that derive from `BaseSettings`, through classes of the same file too.
    fn settings_fields(&self) -> Vec<Read> {
        let mut classes: Vec<&Class> = Vec::new();
        walk(&self.statements, &mut |statement, _| {
            if let Line::Class(class) = &statement.kind {
                classes.push(class);
            }
        });
        let mut settings: Vec<&Class> = Vec::new();
        for class in classes {
            let derives = class.bases.iter().filter(|base| base.name.is_none()).any(|base| {
                let full = self.full_name(&base.value).unwrap_or_default();
                let own = settings.iter().any(|known| known.name == full);
                own || full.rsplit('.').next() == Some("BaseSettings")
            });
            if derives {
                settings.push(class);
            }
        }
        settings.into_iter().flat_map(fields).collect()
    }
}

fn is_environ(full: &str) -> bool {
    matches!(full, "os.environ" | "environ")
}

fn fields(class: &Class) -> Vec<Read> {
    let Some(prefix) = prefix(class) else { return Vec::new() };
    class.body.iter().filter_map(|statement| field(statement, &prefix)).collect()
}

/// `env_prefix` of the class; `None` if it is computed.
fn prefix(class: &Class) -> Option<String> {
    let mut prefix = String::new();
    let mut known = true;
    let mut take = |value: &Expr| match value.text() {
        Some(text) => text.text().clone_into(&mut prefix),
        None => known = false,
    };
    for statement in &class.body {
        match &statement.kind {
            // `model_config = SettingsConfigDict(env_prefix="APP_")`, or a dict.
            Line::Assign { targets, value: Some(value), .. }
                if targets.first().and_then(Expr::name) == Some("model_config") =>
            {
                if let Some(found) = value.call().and_then(|(_, arguments)| keyword(arguments, "env_prefix"))
                {
                    take(&found.value);
                }
                if let Kind::Dict(entries) = &value.kind {
                    let key = |key: &Option<Expr>| {
                        key.as_ref().and_then(Expr::text).is_some_and(|key| key.text() == "env_prefix")
                    };
                    entries.iter().filter(|(own, _)| key(own)).for_each(|(_, value)| take(value));
                }
            }
            // `class Config: env_prefix = "APP_"`.
            Line::Class(config) if config.name == "Config" => {
                for inner in &config.body {
                    if let Line::Assign { targets, value: Some(value), .. } = &inner.kind
                        && targets.first().and_then(Expr::name) == Some("env_prefix")
                    {
                        take(value);
                    }
                }
            }
            _ => {}
        }
    }
    known.then_some(prefix)
}

/// The field that a statement of the class declares.
fn field(statement: &Statement, prefix: &str) -> Option<Read> {
    let Line::Assign { targets, annotation: Some(annotation), value, .. } = &statement.kind else {
        return None;
    };
    let target = targets.first()?;
    let name = target.name().filter(|name| !name.starts_with('_') && *name != "model_config")?;
    let mut class_variable = false;
    annotation
        .walk(&mut |inner| class_variable |= inner.dotted().is_some_and(|name| name.ends_with("ClassVar")));
    if class_variable {
        return None;
    }
    let mut read = Read {
        name: format!("{prefix}{name}").to_ascii_uppercase(),
        required: value.is_none(),
        default: value.as_ref().and_then(Expr::text).cloned(),
        reader: Reader::Settings,
        span: target.span,
    };
    let own = value.as_ref().and_then(Expr::call).filter(|(function, _)| is_field(function));
    if let Some((_, arguments)) = own {
        let default =
            arguments.first().filter(|one| one.name.is_none()).or_else(|| keyword(arguments, "default"));
        // `Field(...)`, with three dots, is a field without a default.
        let none = default.is_none_or(|one| matches!(one.value.kind, Kind::Other));
        let elsewhere = keyword(arguments, "default_factory").is_some() || keyword(arguments, "**").is_some();
        read.required = none && !elsewhere;
        read.default = default.and_then(|one| one.value.text()).cloned();
    }
    match own.or_else(|| annotated_field(annotation)) {
        Some((_, arguments)) => aliased(read, arguments),
        None => Some(read),
    }
}

/// An alias replaces name and prefix; of several the first is taken, and the field counts as optional. `None` if the alias
/// is computed.
fn aliased(read: Read, arguments: &[Argument]) -> Option<Read> {
    let alias = ["validation_alias", "alias", "env"].iter().find_map(|name| keyword(arguments, name));
    let Some(alias) = alias else { return Some(read) };
    let one = alias.value.text();
    let first = || alias.value.call().and_then(|(_, all)| all.first()).and_then(|one| one.value.text());
    let name = one.or_else(first)?.text().to_ascii_uppercase();
    Some(Read { name, required: read.required && one.is_some(), ..read })
}

fn is_field(function: &Expr) -> bool {
    function.dotted().is_some_and(|name| name.rsplit('.').next() == Some("Field"))
}

/// `Annotated[str, Field(alias="X")]`.
fn annotated_field(annotation: &Expr) -> Option<(&Expr, &[Argument])> {
    let Kind::Subscript(_, index) = &annotation.kind else { return None };
    let Kind::Tuple(all) = &index.kind else { return None };
    all.iter().filter_map(Expr::call).find(|(function, _)| is_field(function))
}
