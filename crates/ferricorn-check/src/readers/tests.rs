//! Every reader on texts of every format, broken in the ways in which files break.

use super::*;
use crate::text::Source;

const SAMPLES: [(&str, &str); 9] = [
    (
        "render.yaml",
        "services:\n  - &a {type: web, name: x}\n  - *a\n  - startCommand: >\n      gunicorn a:b \\\n        -w 2 # é\n    envVars: [{key: A, value: 3.10}]\n",
    ),
    (
        "docker-compose.yml",
        "services:\n  web:\n    command: [\"uvicorn\", 'a:b']\n    ports: [\"127.0.0.1:${P:-1}:80/tcp\"]\n    environment:\n      - A=b\n    healthcheck: {test: [CMD-SHELL, x]}\n",
    ),
    (
        "k8s.yaml",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - command: [a]\n      livenessProbe: {httpGet: {path: /é, port: 1}}\n      lifecycle: {preStop: {exec: {command: [sh, -c, sleep 5]}}}\n",
    ),
    (
        "Dockerfile",
        "# escape=`\nARG V=1\nFROM a:${V} AS b\nRUN x `\n # c\n  y <<E\nz é\nE\nENV A=\"b c\" D=$A\nCOPY --from=b [\"x\", \"/\"]\nCMD ['a', \"b\"]\n",
    ),
    (
        "x.service",
        "[Service]\nEnvironment=\"A=b\" \\\"C=d\\\"\nExecStart=-/x/y ${A} $B %i \\\n # c\n 'd é' \\x41\nUser=u # v\n",
    ),
    (
        "fly.toml",
        "app = \"é\\u00e9\"\nkill_timeout = 5\n[env]\nA = '''\nb'''\n[[services]]\ninternal_port = 80\n[[services.http_checks]]\npath = \"/h\"\n[mounts]\ndestination = \"/d\"\n",
    ),
    (
        "railway.json",
        "{\"deploy\": {\"startCommand\": \"a \\\"b\\\" \\u00e9\", \"drainingSeconds\": 5}, // c\n \"build\": {\"builder\": null},}\n",
    ),
    (
        "requirements.txt",
        "-r x.txt\nuvicorn[standard]>=0.3,<1 ; python_version < '3.9' # é\na @ https://x/y#egg=a\nb==1.0 \\\n  --hash=sha256:c\nA=\"b\nc\"\nweb: run $X\n",
    ),
    (
        "main.py",
        "import os\nfrom fastapi import FastAPI as F\napp = F(docs_url=None)\n@app.get(f'/é{x!r:>{w}}')\nasync def a(b: int = 1, *c) -> None:\n\tif b: return os.environ['X']\nclass S(BaseSettings):\n    x: str = Field(alias='y')\n",
    ),
];

/// Reads a text as every format. Nothing may panic, and every place that is looked at has to lie in the text.
fn read_all(path: &str, text: &str) {
    let source = Source::of_text(path, text);
    let whole = crate::text::Excerpt::verbatim(&source, 0..text.len());
    let _ = (shell::read(&whole), yaml::read(&source), systemd::read(&source), procfile::read(&source));
    let _ = (json::read(&source).is_ok(), toml::read(&source).is_ok(), fly::read(&source).is_ok());
    let _ = (railway::read(&source).is_ok(), heroku::app(&source).is_ok(), heroku::manifest(&source).is_ok());
    let _ = (compose::read(&source).is_ok(), pyproject::read(&source).is_ok(), kubernetes::read(&source));
    let _ = (lock::read(&source), dotenv::read(&source), python_pin::file(&source));
    let requirements = requirements::read(&source);
    for requirement in &requirements.requirements {
        assert!(text.get(requirement.span.range()).is_some());
    }
    for entry in systemd::read(&source).sections.iter().flat_map(|section| &section.entries) {
        let _ = (systemd::commands(&entry.value), systemd::assignments(&entry.value), entry.inline_comment());
    }
    let file = dockerfile::read(&source);
    let _ = file.final_stage().map(|stage| (file.image(stage), file.history(stage)));
    let module = python::read(&source);
    let _ = (module.apps(), module.factories(), module.environment(), module.servers(), module.settings());
}

#[test]
fn broken_files_are_read() {
    for (path, text) in SAMPLES {
        read_all(path, text);
        for (at, _) in text.char_indices().step_by(3) {
            read_all(path, &text[..at]);
            read_all(path, &text[at..]);
        }
        for (at, _) in text.char_indices().step_by(17) {
            for inserted in ["\0", "\u{feff}", "\t", "\"", "'", "\\", "{", "[", "\n", "$(", "é"] {
                read_all(path, &[&text[..at], inserted, &text[at..]].concat());
            }
        }
        read_all(path, &text.replace('\n', "\r\n"));
        read_all(path, &text.replace('\n', "\r"));
        read_all(path, &text.replace("  ", "\t"));
        read_all(path, &text.repeat(2));
        read_all(path, &format!("\u{feff}{text}"));
        read_all(path, &text.repeat(40));
    }
}
