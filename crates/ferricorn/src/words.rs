//! What the user probably means if the words are not an application: a command of another program, one of `ferricorn
//! ctl`, a path, one word too many.
//!
//! Owns: the words and the advice. Pure: whether a module is really called so is [`crate::target`]'s to find out.

/// The commands of other programs that start a service.
const STARTS: [&str; 15] = [
    "run",
    "runserver",
    "serve",
    "server",
    "start",
    "up",
    "launch",
    "web",
    "exec",
    "worker",
    "daemon",
    "deploy",
    "init",
    "new",
    "create",
];

/// Programs whose command line was kept behind ours.
const PROGRAMS: [&str; 7] = ["gunicorn", "uvicorn", "hypercorn", "granian", "fastapi", "python", "ferricorn"];

/// Each command of `ferricorn ctl`, and other words for it.
const ASKS: &[(&str, &str)] = &[
    ("status", "status"),
    ("ps", "status"),
    ("list", "status"),
    ("ls", "status"),
    ("show", "status"),
    ("info", "status"),
    ("health", "status"),
    ("reload", "reload"),
    ("restart", "reload"),
    ("reboot", "reload"),
    ("hup", "reload"),
    ("upgrade", "upgrade"),
    ("update", "upgrade"),
    ("stop", "stop"),
    ("shutdown", "stop"),
    ("quit", "stop"),
    ("exit", "stop"),
    ("down", "stop"),
    ("halt", "stop"),
    ("term", "stop"),
    ("terminate", "stop"),
    ("kill", "stop"),
    ("scale", "scale 4"),
    ("resize", "scale 4"),
    ("workers", "scale 4"),
    ("recycle", "recycle 0"),
    ("dump", "dump 0"),
];

/// Words for what is an option or a command here.
const OPTIONS: &[(&str, &str, &str)] = &[
    ("help", "--help", "shows the help"),
    ("usage", "--help", "shows the help"),
    ("options", "--help", "shows the help"),
    ("version", "--version", "shows the version"),
    ("check-config", "--check-config main:app", "checks everything without serving"),
    ("validate", "--check-config main:app", "checks everything without serving"),
    ("test", "--check-config main:app", "checks everything without serving"),
    ("lint", "check", "says what will break in production"),
    ("doctor", "check", "says what will break in production"),
    ("audit", "check", "says what will break in production"),
    ("watch", "dev main:app", "serves it and takes up each change"),
    ("develop", "dev main:app", "serves it and takes up each change"),
    ("development", "dev main:app", "serves it and takes up each change"),
    ("monitor", "top", "shows the workers of the running one live"),
    ("htop", "top", "shows the workers of the running one live"),
    ("log", "--error-logfile FILE main:app", "writes the log to a file in place of standard error"),
    ("logs", "--error-logfile FILE main:app", "writes the log to a file in place of standard error"),
    ("settings", "--print-config main:app", "shows every setting with its source"),
    ("config", "--print-config main:app", "shows every setting with its source"),
    ("print-config", "--print-config main:app", "shows every setting with its source"),
    ("completions", "--completions bash", "prints the completions of a shell"),
    ("completion", "--completions bash", "prints the completions of a shell"),
    ("man", "--man-page", "prints the man page"),
];

/// What the user means by naming this as the only application: advice, if the word is a known command.
pub fn command(word: &str) -> Option<String> {
    let word = word.to_lowercase();
    if STARTS.contains(&word.as_str()) {
        return Some("the application is named alone: `ferricorn main:app`".to_owned());
    }
    asks(&word).map(asking).or_else(|| {
        let (_, option, does) = OPTIONS.iter().find(|(known, ..)| *known == word)?;
        Some(format!("`ferricorn {option}` {does}"))
    })
}

/// What the user means by naming two applications.
pub fn second(first: &str, second: &str) -> String {
    let (low, next) = (first.to_lowercase(), second.to_lowercase());
    if STARTS.contains(&low.as_str()) || PROGRAMS.contains(&low.as_str()) {
        return format!("write `ferricorn {}`", module_of(second).unwrap_or_else(|| second.to_owned()));
    }
    if let Some(ask) = asks(&low) {
        let number = second.parse::<u32>().ok().filter(|_| ask.starts_with("scale"));
        return number.map_or_else(|| asking(ask), |number| asking(&format!("scale {number}")));
    }
    if low == "help" {
        return format!("`ferricorn --help {second}` shows one group, `ferricorn --help` everything");
    }
    if let Some(advice) = command(&low).or_else(|| asks(&next).map(asking)) {
        return advice;
    }
    if second.parse::<u16>().is_ok() {
        return format!("give the port as `--port {second}`");
    }
    if second.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        return format!("give the address as `--bind {second}`");
    }
    if is_dotted(first) && is_name(second) {
        return format!("write `ferricorn {first}:{second}`");
    }
    format!("write `ferricorn {first}` alone, and start another one for `{second}`")
}

fn asks(word: &str) -> Option<&'static str> {
    ASKS.iter().find(|(known, _)| *known == word).map(|(_, ask)| *ask)
}

fn asking(ask: &str) -> String {
    format!("`ferricorn ctl {ask}` asks the running one")
}

/// The application that a path means, as `app.main:app` for `./app/main.py`. None: it is no path of a Python file.
pub fn module_of(path: &str) -> Option<String> {
    let (path, attribute) = match path.split_once(".py:") {
        Some((path, attribute)) => (path, Some(attribute)),
        None => match (path.strip_suffix(".py"), path.rsplit_once(':')) {
            (Some(path), _) => (path, None),
            (None, Some((path, attribute))) if path.contains('/') => (path, Some(attribute)),
            (None, _) => (path.contains('/').then_some(path)?, None),
        },
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let attribute = attribute.map(|it| it.trim_end_matches(':')).filter(|it| !it.is_empty()).unwrap_or("app");
    let parts = parts.strip_suffix(&["__init__"]).unwrap_or(&parts);
    // Outside, or below a folder that no import can name: that folder has to be on Python's path.
    let unnamed = parts.iter().rposition(|part| !is_name(part));
    let folder = match unnamed {
        Some(last) if last + 1 == parts.len() => return None,
        Some(last) => Some(parts[..=last].join("/")),
        None => None,
    };
    let root = if path.starts_with('/') { "/" } else { "" };
    let from = unnamed.map_or(0, |last| last + 1);
    Some(match (folder, root, &parts[from..]) {
        (_, _, []) => return None,
        (Some(folder), root, names) => {
            format!("{}:{attribute} --app-dir {root}{folder}", names.join("."))
        }
        (None, "/", [folders @ .., name]) => format!("{name}:{attribute} --app-dir /{}", folders.join("/")),
        (None, _, names) => format!("{}:{attribute}", names.join(".")),
    })
}

/// Whether an import statement could name it.
pub fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
}

fn is_dotted(text: &str) -> bool {
    text.split('.').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_the_name_of_a_module() {
        for (path, module) in [
            ("main.py", "main:app"),
            ("./main.py", "main:app"),
            ("main.py:create()", "main:create()"),
            ("./app/main.py", "app.main:app"),
            ("app/main.py:api", "app.main:api"),
            ("app//main.py:", "app.main:app"),
            ("app/main", "app.main:app"),
            ("app/main:api", "app.main:api"),
            ("app/__init__.py", "app:app"),
            ("my-app/shop/main.py", "shop.main:app --app-dir my-app"),
            ("../shop/main.py", "shop.main:app --app-dir .."),
            ("/srv/shop/main.py", "main:app --app-dir /srv/shop"),
            ("/srv/my-shop/app/main.py", "app.main:app --app-dir /srv/my-shop"),
        ] {
            assert_eq!(module_of(path).as_deref(), Some(module), "{path}");
        }
        for other in ["main", "main:app", "main:app:", "my-app.py", "app.main:app", "."] {
            assert_eq!(module_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_word_of_another_program_is_known_whatever_its_case() {
        assert_eq!(command("Run"), command("run"));
        assert!(command("status").is_some_and(|it| it.contains("`ferricorn ctl status`")));
        assert!(command("restart").is_some_and(|it| it.contains("`ferricorn ctl reload`")));
        assert!(command("version").is_some_and(|it| it.contains("`ferricorn --version`")));
        assert!(command("list").is_some_and(|it| it.contains("`ferricorn ctl status`")));
        assert!(command("logs").is_some_and(|it| it.contains("`ferricorn --error-logfile FILE main:app`")));
        assert!(command("doctor").is_some_and(|it| it.contains("`ferricorn check`")));
        assert_eq!(command("main"), None);
    }
}
