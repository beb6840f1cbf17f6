//! What a file says about a name: the call that makes it, the function that returns it, its parameters.

use crate::readers::python::{
    Module,
    tree::{Argument, Expr, Kind, Line, Statement, keyword, walk},
};

/// The verbs of `methods=[…]`; those that the function takes by itself without it.
pub(super) fn verbs(arguments: &[Argument], method: &str) -> Vec<String> {
    if method.contains("websocket") {
        return Vec::new();
    }
    match keyword(arguments, "methods").map(|methods| &methods.value.kind) {
        Some(Kind::List(all) | Kind::Tuple(all) | Kind::Set(all)) => {
            all.iter().filter_map(Expr::text).map(|verb| verb.text().to_ascii_uppercase()).collect()
        }
        // What is computed may be anything.
        Some(_) => Vec::new(),
        None => vec!["GET".to_owned()],
    }
}

/// `app.router` or `app.router.routes` of `app`.
pub(super) fn is_inner(dotted: &str, name: &str) -> bool {
    dotted
        .strip_prefix(name)
        .is_some_and(|rest| rest == ".router" || rest == ".routes" || rest.starts_with(".router."))
}

pub(super) fn in_loop(around: &[&Statement]) -> bool {
    around
        .iter()
        .any(|one| matches!(&one.kind, Line::Block { keyword, .. } if keyword == "for" || keyword == "while"))
}

/// The call that a variable is made with, anywhere in the file; the last one, past wrappers of itself.
pub(super) fn definition<'m>(module: &'m Module, name: &str) -> Option<&'m Expr> {
    let mut found = None;
    walk(&module.statements, &mut |statement, _| {
        if let Line::Assign { targets, value: Some(value), .. } = &statement.kind
            && targets.iter().any(|target| target.dotted().as_deref() == Some(name))
        {
            let wraps_itself = value.call().is_some_and(|(_, arguments)| {
                arguments.iter().any(|argument| argument.value.dotted().as_deref() == Some(name))
            });
            if !(wraps_itself && found.is_some()) {
                found = Some(value);
            }
        }
    });
    found
}

/// The variable that a factory returns.
pub(super) fn factory_variable(module: &Module, factory: &str) -> Option<String> {
    let function = module.statements.iter().find_map(|statement| match &statement.kind {
        Line::Function(function) if function.name == factory => Some(function),
        _ => None,
    })?;
    let mut returned = None;
    walk(&function.body, &mut |statement, around| {
        let inner = around.iter().any(|outer| matches!(outer.kind, Line::Function(_)));
        if let Line::Return(Some(value)) = &statement.kind
            && !inner
        {
            returned = value.dotted();
        }
    });
    returned
}

pub(super) fn is_parameter(module: &Module, name: &str) -> bool {
    let mut found = false;
    walk(&module.statements, &mut |statement, _| {
        if let Line::Function(function) = &statement.kind {
            found |= function.parameters.iter().any(|parameter| parameter.name == name);
        }
    });
    found
}

/// The parameter of a function that an argument becomes.
pub(super) fn parameter(module: &Module, function: &str, at: usize, name: Option<&str>) -> Option<String> {
    let function = module.statements.iter().find_map(|statement| match &statement.kind {
        Line::Function(own) if own.name == function => Some(own),
        _ => None,
    })?;
    match name {
        Some(name) => {
            function.parameters.iter().find(|parameter| parameter.name == name).map(|one| one.name.clone())
        }
        None => function.parameters.get(at).map(|parameter| parameter.name.clone()),
    }
}
