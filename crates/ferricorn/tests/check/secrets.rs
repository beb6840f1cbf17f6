//! No value of a secret is in any output, wherever it stands and whatever the output is about.

use super::{repository, run};

const KEY: &str = "sk-proj-0123456789abcdefABCDEF0123";
const WORDS: &str = "Hunter22-Correct-Horse";
const PASSWORD: &str = "pw-In-An-Address-7";

#[test]
fn the_value_of_a_secret_is_in_no_output() {
    let render = format!(
        "services:\n  - type: web\n    name: api\n    runtime: python\n    \
         startCommand: OPENAI_API_KEY={KEY} uvicorn main:app --host 127.0.0.1 --port $PORT --preload --keep-alive 5\n    \
         envVars:\n      - key: OPENAI_API_KEY\n        value: {KEY}\n      - key: SECRET_KEY\n        value: {WORDS}\n      \
         - key: DATABASE_URL\n        value: postgres://u:{PASSWORD}@localhost/d\n      - key: PYTHON_VERSION\n        value: 3.10\n"
    );
    let compose = format!(
        "services:\n  web:\n    build: .\n    command: [gunicorn, 'main:app', --reload, '--env=API_KEY={KEY}', '--bind 0.0.0.0']\n    \
         environment:\n      SECRET_KEY: {WORDS}\n      REDIS_URL: redis://:{PASSWORD}@localhost/0\n"
    );
    let image = format!(
        "FROM python:3.12-slim\nENV API_KEY={KEY} SECRET_KEY='{WORDS}'\nCOPY . .\nCMD ['uvicorn', 'main:app', '--env', 'API_KEY={KEY}']\n"
    );
    let unit = format!(
        "[Service]\nEnvironment=\"JWT_SECRET={WORDS}\" API_KEY={KEY} # ours\nExecStart=/usr/bin/uvicorn main:app --preload\n"
    );
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n    - name: a\n      command: [uvicorn, main:app, --port, $PORT]\n      \
         env:\n        - name: API_TOKEN\n          value: {WORDS}\n"
    );
    let python = format!(
        "import os\nfrom fastapi import FastAPI\nfrom sqlalchemy.ext.asyncio import create_async_engine\napp = FastAPI()\nAPI_KEY = '{KEY}'\n\
         engine = create_async_engine('postgres://u:{PASSWORD}@localhost/d')\n"
    );
    let fly = format!("[env]\nAPI_KEY = \"{KEY}\"\n[processes]\napp = \"gunicorn main:app --port 80\"\n");
    let broken = format!("{{\"env\": {{\"API_KEY\": \"{KEY}\" {WORDS}}}}}\n");
    let root = repository(&[
        ("render.yaml", &render),
        ("docker-compose.prod.yml", &compose),
        ("Dockerfile", &image),
        ("deploy/a.service", &unit),
        ("k8s/pod.yaml", &pod),
        ("main.py", &python),
        ("fly.toml", &fly),
        ("railway.json", &broken),
        (".env", &format!("API_KEY={KEY}\nSECRET_KEY={WORDS}\n")),
        ("requirements.txt", "uvicorn\n"),
    ]);
    let hidden = |what: &str, text: &str| {
        for value in [KEY, WORDS, PASSWORD] {
            assert!(!text.contains(value), "{what} has {value}:\n{text}");
        }
    };
    for format in ["text", "concise", "json", "sarif", "github", "gitlab"] {
        for more in [&[][..], &["--advice"], &["--ignore=FC601"], &["--select=FC1", "--color=always"]] {
            let (stdout, stderr, code) = run(root.path(), &[&["check", "--format", format], more].concat());
            hidden(&format!("{format} {more:?}"), &stdout);
            hidden(&format!("{format} {more:?}"), &stderr);
            assert_eq!(code, 1, "{stderr}");
            assert!(stdout.contains("FC101"), "{stdout}");
        }
    }
    for words in [
        &["check", "--print-facts"][..],
        &["check", "--diff"],
        &["check", "--diff", "--unsafe-fixes", "--advice"],
        &["check", "--baseline", "known.json", "--write-baseline"],
        &["check", "--baseline", "known.json"],
    ] {
        let (stdout, stderr, _) = run(root.path(), words);
        hidden(&format!("{words:?}"), &stdout);
        hidden(&format!("{words:?}"), &stderr);
    }
    let known = std::fs::read_to_string(root.path().join("known.json")).expect("it is written");
    hidden("the baseline", &known);
    assert!(known.contains("FC601"), "{known}");
}
