//! No repository makes the check panic or hang: a bounded run over files that are broken in the ways in which files break.
//!
//! Theory of operation: a small repository has a file of every kind, and each leads to the next (platform, command, image,
//! packages, application). One or two files of it are broken, then everything runs: readers, facts, rules, the covering of
//! secrets, and at times the fixes. A limit is judged by a clock, generously, because the machine may be busy.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ferricorn_check::{Config, Secrets, check, mend};
use proptest::prelude::*;

type Tree = BTreeMap<String, Vec<u8>>;

/// Longer than any of these takes on a machine that has ten other things to do.
const LIMIT: Duration = Duration::from_secs(120);

/// The largest file that is read.
const MOST: usize = ferricorn_check::MOST_BYTES;

const FILES: [(&str, &str); 24] = [
    (
        "render.yaml",
        "services:\n  - &a\n    type: web\n    name: api\n    runtime: python\n    plan: starter\n    buildCommand: pip install -r requirements.txt\n    startCommand: >\n      gunicorn app.main:app \\\n        --workers 9 --port $PORT \\  # é\n        -k uvicorn.workers.UvicornWorker\n    healthCheckPath: /health\n    envVars: [{key: A, value: 3.10}, {key: DATABASE_URL, value: \"postgres://u:pw@h/d\"}]\n  - <<: *a\n    name: b\n",
    ),
    (
        "docker-compose.yml",
        "services:\n  web:\n    build: .\n    command: [\"uvicorn\", 'app.main:app', \"--host 0.0.0.0\"]\n    ports: [\"127.0.0.1:${P:-1}:80/tcp\"]\n    environment:\n      - API_KEY=hunter22\n    healthcheck: {test: [CMD-SHELL, curl localhost]}\n",
    ),
    (
        "k8s.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: é, annotations: {ferricorn/ignore: FC310}}\nspec:\n  template:\n    spec:\n      containers:\n        - name: a\n          command: [sh, -c, \"cd app && uvicorn app.main:app --port $(PORT)\"]\n          env: [{name: PORT, value: \"80\"}]\n          livenessProbe: {httpGet: {path: /é, port: 1}}\n---\nkind: x\n",
    ),
    (
        "Dockerfile",
        "# escape=`\nARG V=3.12\nFROM python:${V}-slim AS b\nRUN x `\n # c\n  y <<E\nz é\nE\nENV A=\"b c\" D=$A\nCOPY . .\nHEALTHCHECK CMD curl -f localhost\nENTRYPOINT [\"./start.sh\"]\nCMD ['uvicorn', \"app.main:app\"]\n",
    ),
    (
        "Procfile",
        "web: cd app && exec gunicorn -c gunicorn.conf.py main:app --bnd 0.0.0.0:$PORT &\nworker : x | y\n",
    ),
    (
        "a.service",
        "[Service]\nType=notify # x\nEnvironment=\"A=b\" \\\"C=d\\\"\nExecStart=-/x/uvicorn app.main:app ${A} $B %i \\\n # c\n --loop 'é' \\x41\n",
    ),
    (
        "fly.toml",
        "app = \"é\\u00e9\"\nkill_timeout = 5\n[env]\nA = '''\nb'''\n[processes]\napp = \"gunicorn app.main:app\"\n[[services]]\ninternal_port = 80\n[[services.http_checks]]\npath = \"/h\"\n",
    ),
    (
        "railway.json",
        "{\"deploy\": {\"startCommand\": \"uvicorn app.main:app --port \\u0024PORT\", \"drainingSeconds\": 5}, // c\n \"build\": {\"builder\": null},}\n",
    ),
    ("app.json", "{\"env\": {\"A\": {\"value\": \"b\"}}, \"formation\": {\"web\": {\"quantity\": 1}}}\n"),
    ("heroku.yml", "build: {docker: {web: Dockerfile}}\nrun: {web: uvicorn app.main:app}\n"),
    (
        "requirements.txt",
        "-r more.txt\nuvicorn[standard]>=0.3,<1 ; python_version < '3.9' # é\na @ https://x/y#egg=a\npydantic-core==2.33.1 \\\n  --hash=sha256:c\n",
    ),
    ("more.txt", "-r requirements.txt\ngunicorn==23.0.0\n"),
    (
        "pyproject.toml",
        "[project]\nname = 'x'\nrequires-python = '>=3.10'\ndependencies = ['fastapi[standard]']\n[tool.ferricorn.check]\nignore = ['FC9', 3]\n",
    ),
    ("uv.lock", "version = 1\n[[package]]\nname = 'uvicorn'\nversion = '0.30.6'\n"),
    ("Pipfile.lock", "{\"default\": {\"uvicorn\": {\"version\": \"==0.30\"}}}\n"),
    (
        "app/gunicorn.conf.py",
        "import os\nworkers = os.cpu_count() / 2\nbind = f'0.0.0.0:{8000!r:>{4}}'\nkeep_alive = 5\n",
    ),
    ("app/__init__.py", ""),
    (
        "app/main.py",
        "import os\nfrom fastapi import FastAPI as F\nfrom .routes import router\napp = F(docs_url=None)\napp.include_router(router, prefix='/v1')\n@app.get(f'/é{x!r:>{w}}')\nasync def a(b: int = 1, *c) -> None:\n\tif b: return os.environ['X']\n@app.websocket('/ws')\nasync def w(s): ...\nuvicorn.run('main:app', port=int(os.getenv('PORT', 80)))\n",
    ),
    (
        "app/routes.py",
        "from fastapi import APIRouter\nfrom . import main\nrouter = APIRouter(prefix='/r')\n@router.get('/health')\ndef h(): ...\n",
    ),
    (
        "start.sh",
        "#!/bin/sh\nset -e\nif [ -n \"$X\" ]; then exec \"$@\"; fi\nuvicorn app.main:app <<E &\nx $(y `z`)\nE\n",
    ),
    (".env", "A=\"b\nc\"\nTOKEN=hunter22\n"),
    (".env.example", "A=\nB=1\n"),
    (".python-version", "3.12\n"),
    ("ferricorn.toml", "workers = 2\n[check]\nrequired_env = ['A', 'NEEDED']\n"),
];

fn tree() -> Tree {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// Runs all of it, and looks at every place that a finding names.
fn run(tree: &Tree) -> usize {
    let report = check(tree);
    let secrets = Secrets::of(&report);
    for finding in &report.findings {
        let labels = std::iter::once(&finding.primary).chain(&finding.others).map(|label| label.span);
        let edits = finding.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        for span in labels.chain(edits) {
            let source = report.facts.sources.get(span.file);
            assert!(source.text().get(span.range()).is_some(), "{finding:?} is outside of {}", source.path());
            let bytes = source.original(span);
            assert!(bytes.end <= tree[source.path()].len(), "{finding:?} is outside of the file");
        }
        assert_eq!(finding.fingerprint(&report.facts.sources).len(), 16);
    }
    for source in report.facts.sources.all_read() {
        assert_eq!(secrets.cover(source).len(), source.text().len());
    }
    report.findings.len()
}

fn limited(what: &str, tree: &Tree) {
    let start = Instant::now();
    run(tree);
    assert!(start.elapsed() < LIMIT, "{what} takes {:?}", start.elapsed());
}

#[derive(Clone, Copy, Debug)]
enum Break {
    Cut,
    Behead,
    Double,
    Repeat,
    Utf16 { big_endian: bool },
    CarriageReturns,
    Mark,
    Tabs,
    Insert(&'static str),
    Flip(u8),
    Other(usize),
}

fn breaks() -> impl Strategy<Value = Break> {
    let inserted = [
        "\0",
        "\u{feff}",
        "\t",
        "\"",
        "'",
        "\\",
        "\\\n",
        "{",
        "[",
        "\n",
        "\r",
        "$(",
        "${",
        "`",
        "é",
        "&a ",
        "*a ",
        "<<: ",
        "---\n",
        "{{",
        "<<E\n",
        "# ferricorn: ignore=FC101 x\n",
        "f'{",
        "\"\"\"",
        "(",
        ")",
        "|",
        ">",
        "%",
        "-r requirements.txt\n",
    ];
    prop_oneof![
        3 => Just(Break::Cut),
        2 => Just(Break::Behead),
        1 => Just(Break::Double),
        1 => Just(Break::Repeat),
        1 => any::<bool>().prop_map(|big_endian| Break::Utf16 { big_endian }),
        1 => Just(Break::CarriageReturns),
        1 => Just(Break::Mark),
        1 => Just(Break::Tabs),
        6 => prop::sample::select(inserted.to_vec()).prop_map(Break::Insert),
        2 => any::<u8>().prop_map(Break::Flip),
        2 => (0..FILES.len()).prop_map(Break::Other),
    ]
}

fn broken(text: &[u8], how: Break, at: usize) -> Vec<u8> {
    let at = at % (text.len() + 1);
    let words = String::from_utf8_lossy(text).into_owned();
    match how {
        Break::Cut => text[..at].to_vec(),
        Break::Behead => text[at..].to_vec(),
        Break::Double => text.repeat(2),
        Break::Repeat => text.repeat(30),
        Break::Utf16 { big_endian } => {
            let bytes = if big_endian { u16::to_be_bytes } else { u16::to_le_bytes };
            format!("\u{feff}{words}").encode_utf16().flat_map(bytes).collect()
        }
        Break::CarriageReturns => words.replace('\n', "\r\n").into_bytes(),
        Break::Mark => [b"\xef\xbb\xbf", text].concat(),
        Break::Tabs => words.replace("  ", "\t").into_bytes(),
        Break::Insert(part) => [&text[..at], part.as_bytes(), &text[at..]].concat(),
        Break::Flip(mask) => {
            let mut bytes = text.to_vec();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= mask;
            }
            bytes
        }
        Break::Other(file) => FILES[file].1.as_bytes().to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_broken_repository_is_read(
        damages in prop::collection::vec((0..FILES.len(), breaks(), any::<usize>()), 1..4),
        fixes in prop::bool::weighted(0.1),
    ) {
        let mut tree = tree();
        for (file, how, at) in damages {
            let path = FILES[file].0;
            let text = broken(&tree[path], how, at);
            tree.insert(path.to_owned(), text);
        }
        limited("a broken repository", &tree);
        if fixes {
            mend(&tree, &Config::default(), &|_, finding| finding.fix.is_some());
        }
    }
}

#[test]
fn the_whole_repository_has_findings() {
    let found = run(&tree());
    assert!(found > 20, "only {found} findings: the files do not lead to each other any more");
    let mended = mend(&tree(), &Config::default(), &|_, finding| finding.fix.is_some());
    assert!(mended.applied > 5, "only {} fixes", mended.applied);
}

/// What costs a careless reader more than its length: for every file of the repository.
#[test]
fn large_and_deep_files_are_read_in_time() {
    const MUCH: usize = 6 * 1024;
    let bomb = (1..12).fold("a0: &a0 [x, x]\n".to_owned(), |text, at| {
        let below = format!("*a{}, ", at - 1).repeat(9);
        format!("{text}a{at}: &a{at} [{below}]\n")
    });
    let parts = [
        "[", "{a: ", "{\"a\":", "(", "- ", "? ", "a:\n", "\"", "'", "\\\n", "$(", "${x:-", "`", "if x:\n ",
        "x=", "&", "!", "# ", "\n", "é", "<<E\n", "[[a]]\n", "a.", "not ", "lambda: ",
    ];
    let indented = (0..1400).map(|depth| " ".repeat(depth) + "a:\n").collect::<Vec<_>>().concat();
    let mut texts: Vec<(String, String)> =
        parts.iter().map(|part| (format!("{part:?}"), part.repeat(MUCH / part.len()))).collect();
    texts.push(("a bomb".to_owned(), bomb));
    texts.push(("a deep mapping".to_owned(), indented));
    for path in [
        "render.yaml",
        "docker-compose.yml",
        "k8s.yaml",
        "Dockerfile",
        "Procfile",
        "a.service",
        "fly.toml",
        "railway.json",
        "requirements.txt",
        "pyproject.toml",
        "app/main.py",
        "app/gunicorn.conf.py",
        "start.sh",
        ".env.example",
    ] {
        for (what, text) in &texts {
            let mut tree = tree();
            let own = String::from_utf8_lossy(&tree[path]).into_owned();
            // Behind what the file holds, so that something leads there.
            let text = format!("{own}\n{text}");
            tree.insert(path.to_owned(), text.into_bytes());
            limited(&format!("{path} with {what}"), &tree);
        }
    }
}

/// A file of the largest size that is read, most of it blank, and one that is larger.
#[test]
fn a_file_of_1_mib_is_read_in_time() {
    for (path, text) in FILES {
        for length in [MOST, MOST + 1] {
            let mut large = text.to_owned();
            large.push_str(&"\n".repeat(length - text.len()));
            let mut tree = tree();
            tree.insert(path.to_owned(), large.into_bytes());
            limited(&format!("{path} of {length} bytes"), &tree);
        }
    }
}
