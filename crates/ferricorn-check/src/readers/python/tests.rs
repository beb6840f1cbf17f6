//! The tree against Python's own.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, path::Path, process::Command};

use proptest::prelude::*;

use super::{
    tree::{Expr, Kind, Line, Statement, keyword, walk, walk_expressions},
    *,
};

/// One line for each call, function, class, import, assignment and string, with its bytes, from Python's own parser.
const REFERENCE: &str = r"
import ast, sys, warnings
warnings.simplefilter('ignore')
def dotted(node):
    if isinstance(node, ast.Name): return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return inner and inner + '.' + node.attr
for path in sys.argv[1:]:
    try:
        data = open(path, 'rb').read()
        text = data.decode('utf-8')
        if '\r' in text or '\f' in text or text.startswith('\ufeff'): continue
        root = ast.parse(text)
    except (SyntaxError, UnicodeDecodeError, ValueError):
        continue
    starts = [0]
    for line in data.split(b'\n'): starts.append(starts[-1] + len(line) + 1)
    place = lambda node: (starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset)
    print('===', path)
    formats = set()
    for node in ast.walk(root):
        if isinstance(node, ast.JoinedStr):
            formats.update(id(inner) for inner in ast.walk(node))
    for node in ast.walk(root):
        if id(node) in formats: continue
        if isinstance(node, ast.Call):
            names = [k.arg or '**' for k in node.keywords]
            print('call', *place(node), dotted(node.func), len(node.args), *sorted(names))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            a = node.args
            defaults = len(a.defaults) + sum(d is not None for d in a.kw_defaults)
            print('def', node.name, len(node.decorator_list), len(a.posonlyargs) + len(a.args) + len(a.kwonlyargs) + bool(a.vararg) + bool(a.kwarg), defaults, len(node.body))
        elif isinstance(node, ast.ClassDef):
            print('class', node.name, len(node.decorator_list), len(node.bases) + len(node.keywords), len(node.body))
        elif isinstance(node, ast.Import):
            print('import', *[a.name + ':' + (a.asname or '') for a in node.names])
        elif isinstance(node, ast.ImportFrom):
            print('from', '.' * node.level + (node.module or ''), *[a.name + ':' + (a.asname or '') for a in node.names])
        elif isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) for t in node.targets):
            print('assign', *[t.id for t in node.targets], *place(node.value) if not isinstance(node.value, (ast.Tuple, ast.GeneratorExp)) else [])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            print('text', *place(node), len(node.value), sum(map(ord, node.value)) % 9973)
        elif isinstance(node, ast.Attribute):
            print('attribute', *place(node), node.attr)
";

fn lines(source: &Source, module: &Module) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    walk(&module.statements, &mut |statement, _| {
        let names = |names: &[(String, Option<String>)]| {
            names
                .iter()
                .map(|(name, alias)| format!(" {name}:{}", alias.as_deref().unwrap_or("")))
                .collect::<Vec<_>>()
                .concat()
        };
        let line = match &statement.kind {
            Line::Function(own) => {
                let defaults = own.parameters.iter().filter(|one| one.default.is_some()).count();
                Some(format!(
                    "def {} {} {} {defaults} {}",
                    own.name,
                    own.decorators.len(),
                    own.parameters.len(),
                    blocks(&own.body)
                ))
            }
            Line::Class(own) => Some(format!(
                "class {} {} {} {}",
                own.name,
                own.decorators.len(),
                own.bases.len(),
                blocks(&own.body)
            )),
            Line::Import(own) => Some(format!("import{}", names(own))),
            Line::From { level, module, names: own } => {
                Some(format!("from {}{module}{}", ".".repeat(*level), names(own)))
            }
            Line::Assign { targets, value: Some(value), annotation: None, augmented: false } => {
                let all: Option<Vec<&str>> = targets.iter().map(Expr::name).collect();
                all.map(|all| {
                    let tuple = matches!(value.kind, Kind::Tuple(_))
                        || source.text()[..value.span.start as usize].ends_with('(')
                            && matches!(value.kind, Kind::Comprehension(_));
                    let place = if tuple {
                        String::new()
                    } else {
                        format!(" {} {}", value.span.start, value.span.end)
                    };
                    format!("assign {}{place}", all.join(" "))
                })
            }
            _ => None,
        };
        lines.extend(line);
    });
    walk_expressions(&module.statements, &mut |expression, _| {
        lines.extend(expression_line(source, expression));
    });
    lines
}

/// Python counts `if … else` and `try … except` as one statement.
fn blocks(body: &[Statement]) -> usize {
    let follows = |keyword: &str| matches!(keyword, "except" | "else" | "finally" | "elif");
    body.iter().filter(|one| !matches!(&one.kind, Line::Block { keyword, .. } if follows(keyword))).count()
}

fn expression_line(source: &Source, expression: &Expr) -> Option<String> {
    let place = format!("{} {}", expression.span.start, expression.span.end);
    match &expression.kind {
        Kind::Call(function, arguments) => {
            let mut names: Vec<&str> =
                arguments.iter().filter_map(|one| one.name.as_deref()).filter(|name| *name != "*").collect();
            names.sort_unstable();
            let plain = arguments.len() - names.len();
            let mut line = format!("call {place} {} {plain}", function.dotted().unwrap_or("None".to_owned()));
            line.extend(names.iter().flat_map(|name| [" ", name]));
            Some(line)
        }
        Kind::Text(text) => {
            let sum: u64 = text.text().chars().map(|letter| u64::from(u32::from(letter))).sum();
            Some(format!("text {place} {} {}", text.text().chars().count(), sum % 9973))
        }
        Kind::Attribute(_, name) => Some(format!("attribute {place} {name}")),
        _ => None,
    }
    .filter(|_| !source.text().is_empty())
}

#[test]
#[allow(clippy::print_stderr)]
fn python_reads_the_same() {
    let Some(paths) = library() else {
        eprintln!("skipped: there is no python3 to compare with");
        return;
    };
    let output = Command::new("python3").args(["-c", REFERENCE]).args(&paths).output().unwrap();
    let reference = String::from_utf8(output.stdout).unwrap();
    let mut compared = 0;
    for part in reference.split("=== ").skip(1) {
        let (path, expected) = part.split_once('\n').unwrap();
        let source = Source::of_text(path, &std::fs::read_to_string(path).unwrap());
        let module = read_whole(&source);

        let expected: BTreeSet<&str> = expected.lines().collect();
        let ours = lines(&source, &module);
        let ours: BTreeSet<&str> = ours.iter().map(String::as_str).collect();
        let missing: Vec<_> = expected.difference(&ours).filter(|line| !odd(&source, line)).take(5).collect();
        let ours: Vec<_> = ours.difference(&expected).take(9).collect();
        assert!(missing.is_empty(), "{path}: not read: {missing:?}, ours: {ours:?}");
        compared += 1;
    }
    assert!(compared > 15, "{compared} files were compared: {}", String::from_utf8_lossy(&output.stderr));
}

/// What this reader does not tell as Python does: a named letter (`\N{…}`), half of a surrogate pair.
fn odd(source: &Source, line: &str) -> bool {
    let mut parts = line.split(' ');
    let (Some("text"), Some(start), Some(end)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let text = &source.text()[start.parse().unwrap()..end.parse().unwrap()];
    text.contains("\\N{") || text.contains("\\ud") || text.contains("\\uD")
}

/// Files of Python's own library, some of each kind.
fn library() -> Option<Vec<String>> {
    let output = Command::new("python3")
        .args(["-c", "import os; print(os.path.dirname(os.__file__))"])
        .output()
        .ok()?;
    let root = String::from_utf8(output.stdout).ok()?;
    let mut paths = Vec::new();
    for directory in [
        "",
        "asyncio",
        "email",
        "http",
        "json",
        "logging",
        "test",
        "unittest",
        "importlib",
        "multiprocessing",
    ] {
        let entries =
            std::fs::read_dir(Path::new(root.trim()).join(directory)).into_iter().flatten().flatten();
        paths.extend(
            entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "py")),
        );
    }
    paths.sort();
    Some(paths.into_iter().step_by(15).map(|path| path.to_string_lossy().into_owned()).collect())
}

fn module(text: &str) -> (Source, Module) {
    let source = Source::of_text("main.py", text);
    let module = read(&source);
    (source, module)
}

#[test]
fn apps_and_factories_are_found() {
    let (source, module) = module(
        "from fastapi import FastAPI as F\nimport starlette.applications as s\nfrom django.core.asgi import get_asgi_application\n\
         app: F = F(docs_url=None)\nother = s.Starlette()\nif True:\n    application = get_asgi_application()\napp = Middleware(app)\nnot_one = f(app)\n\
         def create_app(config, debug=False):\n    app = F()\n    return app\n\ndef make() -> F:\n    ...\n\ndef twice():\n    return make()\n\n\
         class Server:\n    def __init__(self):\n        self.app = F()\n",
    );
    let apps = module.apps();
    let shown: Vec<_> = apps.iter().map(|app| (app.name.as_str(), app.framework, app.top_level)).collect();
    let expected = [
        ("app", Framework::FastApi, true),
        ("other", Framework::Starlette, true),
        ("application", Framework::DjangoAsgi, true),
        ("app", Framework::FastApi, true),
        ("app", Framework::FastApi, false),
        ("self.app", Framework::FastApi, false),
    ];
    assert_eq!(shown, expected);
    assert!(keyword(&apps[0].arguments, "docs_url").is_some());
    let factories = module.factories();
    let shown: Vec<_> = factories
        .iter()
        .map(|one| (one.name.as_str(), one.required_parameters, source.slice(one.span)))
        .collect();
    assert_eq!(shown, [("create_app", 1, "create_app"), ("make", 0, "make"), ("twice", 0, "twice")]);
    assert_eq!(
        (module.defines("app"), module.defines("nothing"), module.defines("F")),
        (Some(true), Some(false), Some(true))
    );
    let star = read(&Source::of_text("x.py", "from x import *\n"));
    assert_eq!(star.defines("app"), None);
}

#[test]
fn servers_are_found_with_their_arguments() {
    let (source, module) = module(
        "import os\nimport uvicorn\nfrom uvicorn import run as serve\nPORT = int(os.environ.get('PORT', 8000))\n\
         def main():\n    serve('main:app', host='127.0.0.1', port=PORT, reload=True, workers=-1)\n\
         if __name__ == '__main__':\n    uvicorn.run(app, host=os.getenv('HOST', '0.0.0.0'), **options)\n",
    );
    let servers = module.servers();
    assert_eq!(servers.len(), 2);
    assert_eq!((servers[0].inside.as_deref(), servers[0].main_only), (Some("main"), false));
    let value = |at: usize, name: &str| module.value(&servers[at].argument(name).unwrap().value);
    assert!(matches!(value(0, "host"), Value::Text(text) if text.text() == "127.0.0.1"));
    assert!(matches!(value(0, "port"), Value::Environment(read) if read.name == "PORT" && !read.required));
    assert!(matches!(value(0, "reload"), Value::Bool(true)));
    assert!(matches!(value(0, "workers"), Value::Integer(-1)));
    assert!(
        matches!(value(1, "host"), Value::Environment(read) if read.default.as_ref().unwrap().text() == "0.0.0.0")
    );
    assert!(servers[1].has_more() && servers[1].main_only);
    assert_eq!(source.slice(servers[0].argument("host").unwrap().span), "host='127.0.0.1'");
    assert_eq!(servers[1].app.as_ref().unwrap().name(), Some("app"));
}

#[test]
fn variables_and_their_defaults_are_found() {
    let (_, module) = module(
        "import os\nfrom os import environ as env\nfrom pydantic import Field\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\nfrom decouple import config\n\
         a = os.environ['A']\nb = os.environ.get('B')\nc = env.get('C', 'x')\nd = os.getenv('D', default='y')\ne = os.getenv('E') or 'z'\nf = config('F')\ng = config('G', default='1')\n\
         h = f\"{os.environ['H']}/x\"\ni = {'I': 1}['I']\n\
         class Base(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='APP_')\n    url: str\n    port: int = 80\n    key: str = Field(..., alias='the_key')\n    opt: str = Field(default='d')\n    _x: int\n    def m(self): ...\n\
         class Sub(Base):\n    more: str = Field()\n",
    );
    let reads = module.environment();
    let shown: Vec<String> = reads
        .iter()
        .map(|read| {
            format!(
                "{}{}{}",
                read.name,
                if read.required { "!" } else { "" },
                read.default.as_ref().map_or(String::new(), |text| format!("={}", text.text()))
            )
        })
        .collect();
    let expected = [
        "A!",
        "B",
        "C=x",
        "D=y",
        "E",
        "E=z",
        "F!",
        "G=1",
        "H!",
        "APP_URL!",
        "APP_PORT",
        "THE_KEY!",
        "APP_OPT=d",
        "MORE!",
    ];
    let mut sorted: Vec<&str> = expected.to_vec();
    let mut shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, sorted);
}

#[test]
fn numbers_end_where_python_ends_them() {
    let mut numbers = Vec::new();
    let (source, module) = module("a = [1if 0else 2, 1.5e100.x, 1..y, 1_0.5e-3j, .5, 0xe+1, 1.e5]\n");
    walk_expressions(&module.statements, &mut |expression, _| {
        if let Kind::Number(_) = &expression.kind {
            numbers.push(source.slice(expression.span));
        }
    });
    assert_eq!(numbers, ["1", "0", "2", "1.5e100", "1.", "1_0.5e-3j", ".5", "0xe", "1", "1.e5"]);
}

#[test]
fn engines_are_found() {
    let (_, module) = module(
        "import os\nfrom sqlalchemy import create_engine\nfrom sqlalchemy.ext.asyncio import create_async_engine\nURL = 'postgresql://x'\n\
         one = create_engine(os.environ['DATABASE_URL'])\ntwo = create_async_engine(url=URL, echo=True)\nthree = create_engine(f'sqlite:///{path}')\n",
    );
    let engines = module.engines();
    assert_eq!(engines.iter().map(|engine| engine.asynchronous).collect::<Vec<_>>(), [false, true, false]);
    assert!(
        matches!(module.value(engines[0].url.as_ref().unwrap()), Value::Environment(read) if read.name == "DATABASE_URL")
    );
    assert_eq!(module.text(engines[1].url.as_ref().unwrap()).unwrap(), "postgresql://x");
    assert!(
        matches!(&engines[2].url.as_ref().unwrap().kind, Kind::Format(start, _) if start.text() == "sqlite:///")
    );
}

#[test]
fn settings_of_gunicorn_are_read() {
    let (source, module) = module(
        "import multiprocessing, os\ncores = multiprocessing.cpu_count()\nworkers = cores / 2\nthreads = int(cores / 2)\nbind = '0.0.0.0:' + os.getenv('PORT', '80')\n\
         keep_alive = 75\ntimeout = float(1) // 1\nif os.getenv('X'):\n    workers = 1\nraw_env = ['A=b']\ndef on_starting(server): ...\nmax_requests: int = 1_000\n",
    );
    let settings = module.settings();
    let names: Vec<_> = settings.settings.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "cores",
            "workers",
            "threads",
            "bind",
            "keep_alive",
            "timeout",
            "workers",
            "raw_env",
            "max_requests"
        ]
    );
    let first = &settings.settings[1];
    assert_eq!(source.slice(first.float_division.unwrap()), "cores / 2");
    assert_eq!(source.slice(first.counts_processors.unwrap()), "cores");
    assert!(settings.settings[2].float_division.is_none() && settings.settings[0].used_elsewhere);
    assert!(settings.get("workers").unwrap().conditional && !first.conditional);
    assert!(matches!(settings.get("keep_alive").unwrap().value, Value::Integer(75)));
    assert!(matches!(settings.get("max_requests").unwrap().value, Value::Integer(1000)));
    assert!(matches!(settings.get("bind").unwrap().value, Value::Unknown));
    assert_eq!(settings.functions[0].0, "on_starting");
    assert!(!settings.has_more && read(&Source::of_text("c.py", "from base import *\n")).settings().has_more);
}

#[test]
fn imports_of_the_repository_are_found() {
    let source = Source::of_text(
        "app/api/main.py",
        "import os\nfrom . import users\nfrom ..core.config import settings\nimport app.db as db\nfrom lib import x\n",
    );
    let module = read(&source);
    let files = ["app/api/users.py", "app/core/config.py", "app/db/__init__.py", "src/lib.py"];
    let found = module.local_imports(&["", "src"], &|path| files.contains(&path));
    assert_eq!(found, files);
    assert_eq!(candidates("a.py", "..x", &[]), Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(pieces in prop::collection::vec(prop::sample::select(vec![
        "a", " ", "\n", "\r\n", "    ", "\t", "(", ")", "[", "]", "{", "}", ":", ",", "=", "==", ".", "'", "\"", "\"\"\"", "f'", "f\"{", "rb'", "\\", "\\\n", "#", "@", "def ",
        "class ", "if ", "else", "elif ", "for ", "in ", "import ", "from ", "lambda ", "match ", "case ", "try:", "except ", "with ", "as ", "async ", "await ", "yield ", "not ",
        "and ", "*", "**", "-", "/", "1", "0x", "1.5e", "os.environ['X']", "uvicorn.run(", "return ", "\u{e9}", "\0", "\u{feff}", "!", ";", "->", ":=", "...", "type ",
    ]), 0..50)) {
        let text = pieces.concat();
        let (source, module) = module(&text);
        walk_expressions(&module.statements, &mut |expression, _| {
            assert!(source.text().get(expression.span.range()).is_some(), "{expression:?}");
            let _ = module.value(expression);
        });
        let _ = (module.apps(), module.factories(), module.servers(), module.environment(), module.engines(), module.settings());
    }
}

#[test]
fn deep_and_long_files_are_read() {
    for piece in [
        "(",
        "[",
        "{",
        "a(",
        "f'{",
        "f\"{f'{",
        "a.",
        "a+",
        "a-b+",
        "not ",
        "-",
        "lambda:",
        "if a:\n",
        "if a: b\nelif c: d\n",
        "a if b else ",
        "\"\"\"",
        "'",
        "a=",
        "@a\n",
        "x[",
        "a and b or ",
        "f'{x!r:{",
        "\\\n",
        "match a:\n",
        "a**",
        "await ",
        "*",
        "x = (y\n",
    ] {
        let (_, module) = module(&piece.repeat(200_000 / piece.len()));
        let _ = (module.apps(), module.servers(), module.environment(), module.settings());
    }
    let blocks = (0..300).map(|depth| " ".repeat(depth) + "if a:\n").collect::<Vec<_>>().concat();
    let _ = read(&Source::of_text("x.py", &blocks));
}
