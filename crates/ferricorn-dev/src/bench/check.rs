//! `ferricorn check` over a large repository, beside `find` over the same files.
//!
//! Theory of operation: both read the directories; the check also reads what matters. A run is measured by a Python that
//! starts it and asks the system what its child took, because the system reports that only to the parent.

use std::{fs, path::Path, process::Command};

use super::{
    Effort,
    contender::Ground,
    report::{Page, Table, verdict},
    statistics::Summary,
};
use crate::{failure::Failure, say::say};

/// At most this many times what `find` takes.
const LIMIT: f64 = 3.0;
/// MB at most.
const MEMORY: f64 = 40.0;

/// Files in Python, all files, and how many of the former the application imports.
const PYTHON: usize = 1200;
const ALL: usize = 5000;
const IMPORTED: usize = 40;

/// Waits for the command behind it, and prints: seconds on the wall, seconds of processor time, KiB of memory.
const MEASURE: &str = "import os, sys, time
null = [(os.POSIX_SPAWN_OPEN, at, '/dev/null', os.O_WRONLY, 0) for at in (1, 2)]
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=null)
_, status, used = os.wait4(child, 0)
print(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status))
";

struct Run {
    wall: f64,
    processor: f64,
    megabytes: f64,
}

pub(crate) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let root = ground.logs.join("repository");
    let made = fs::remove_dir_all(&root).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    made.and_then(|()| plant(&root))
        .map_err(|error| Failure::new(format!("cannot make the repository: {error}")))?;
    let path = root.to_string_lossy().into_owned();
    let program = ground.ferricorn.to_string_lossy().into_owned();
    let commands = [
        ("find -type f", vec!["find".to_owned(), path.clone(), "-type".to_owned(), "f".to_owned()]),
        ("ferricorn check", vec![program, "check".to_owned(), path]),
    ];
    let mut runs: [Vec<Run>; 2] = [const { Vec::new() }; 2];
    // Once more than counts: the first one fills the page cache.
    for round in 0..=effort.boots {
        for (at, (_, words)) in commands.iter().enumerate() {
            let run = run(ground, words)?;
            if round > 0 {
                runs[at].push(run);
            }
        }
    }
    let pick = |at: usize, what: fn(&Run) -> f64| -> Vec<f64> { runs[at].iter().map(what).collect() };
    let mut table = Table::new(["command", "ms", "processor ms", "MB"]);
    for (at, (name, _)) in commands.iter().enumerate() {
        table.row([
            (*name).to_owned(),
            format!("{:.0}", Summary::of(pick(at, |run| run.wall * 1e3))),
            format!("{:.0}", Summary::of(pick(at, |run| run.processor * 1e3))),
            format!("{:.0}", Summary::of(pick(at, |run| run.megabytes))),
        ]);
    }
    let wall = Summary::of_ratios(&pick(1, |run| run.wall), &pick(0, |run| run.wall));
    let processor = Summary::of_ratios(&pick(1, |run| run.processor), &pick(0, |run| run.processor));
    let memory = Summary::of(pick(1, |run| run.megabytes));
    let mut targets = Table::new(["what", "found", "target"]);
    targets.row([
        "time, ferricorn check / find".to_owned(),
        wall.to_string(),
        verdict(wall, LIMIT, "at most 3"),
    ]);
    targets.row(["processor time, ferricorn check / find".to_owned(), processor.to_string(), String::new()]);
    targets.row(["memory, MB".to_owned(), format!("{memory:.0}"), verdict(memory, MEMORY, "below 40 MB")]);
    let method = format!(
        "A repository of {ALL} files, {PYTHON} of them in Python, of which the application imports {IMPORTED}; the page cache holds \
         them. Both commands take turns; {} rounds.",
        effort.boots
    );
    let mut page = Page::new("Checking a large repository", method).run_in("the repository");
    page.table(table);
    page.table(targets);
    // Not the words: they hold paths of this machine.
    for (name, _) in &commands {
        page.command((*name).to_owned());
    }
    if let Err(error) = fs::remove_dir_all(&root) {
        say(&format!("`{}` is left: {error}", root.display()));
    }
    Ok(page)
}

fn run(ground: &Ground, words: &[String]) -> Result<Run, Failure> {
    let failed = |what: &str| Failure::new(format!("cannot measure `{}`: {what}", words.join(" ")));
    let output = Command::new(ground.venv.program("python"))
        .args(["-c", MEASURE])
        .args(words)
        .output()
        .map_err(|error| failed(&error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [wall, processor, kibibytes, 0.0] => {
            Ok(Run { wall: *wall, processor: *processor, megabytes: kibibytes * 1024.0 / 1e6 })
        }
        [.., code] => Err(failed(&format!("it exits with {code}"))),
        [] => Err(failed(&String::from_utf8_lossy(&output.stderr))),
    }
}

/// A service of many modules, with a front end beside it.
fn plant(root: &Path) -> std::io::Result<()> {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(path, text)
    };
    fs::create_dir_all(root.join(".git"))?;
    write("requirements.txt", "fastapi==0.115.6\nuvicorn[standard]==0.30.6\ngunicorn==23.0.0\n")?;
    write(
        "render.yaml",
        "services:\n  - type: web\n    name: api\n    runtime: python\n    buildCommand: pip install -r requirements.txt\n    \
         startCommand: gunicorn app.main:app -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT --workers 2\n    \
         healthCheckPath: /health\n    envVars:\n      - key: PYTHON_VERSION\n        value: 3.12.8\n",
    )?;
    write(
        "Dockerfile",
        "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\n\
         CMD [\"gunicorn\", \"app.main:app\", \"-k\", \"uvicorn.workers.UvicornWorker\", \"--bind\", \"0.0.0.0:8000\"]\n",
    )?;
    let (mut imports, mut routers) = (vec!["from fastapi import FastAPI\n".to_owned()], Vec::new());
    for at in 0..PYTHON - 1 {
        let folder = format!("part{:02}", at / 50);
        if at < IMPORTED {
            imports.push(format!("from app.{folder}.module{at} import router as router{at}\n"));
            routers.push(format!("app.include_router(router{at}, prefix=\"/p{at}\")\n"));
        }
        write(&format!("app/{folder}/module{at}.py"), &module(at))?;
    }
    let (imports, routers) = (imports.concat(), routers.concat());
    let health = "@app.get(\"/health\")\ndef health():\n    return {\"status\": \"ok\"}\n";
    write("app/main.py", &format!("{imports}\napp = FastAPI()\n{routers}\n\n{health}"))?;
    for at in 0..ALL - PYTHON - 3 {
        write(
            &format!("web/part{:02}/file{at}.ts", at / 100),
            &format!("export const value{at} = 1;\n").repeat(40),
        )?;
    }
    Ok(())
}

/// A module of some 200 lines.
fn module(number: usize) -> String {
    let head = format!(
        "import os\n\nfrom fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n@router.get(\"/thing/{number}\")\n\
         async def thing():\n    return {{\"zone\": os.environ.get(\"ZONE{number}\", \"\")}}\n"
    );
    let class = |at: u32| {
        format!(
            "\n\nclass Thing{at}:\n    \"\"\"Something with a name and a size, which grows.\"\"\"\n\n    \
             def __init__(self, name: str, size: int = {at}) -> None:\n        self.name = name\n        self.size = size\n\n    \
             def grown(self, by: int) -> \"Thing{at}\":\n        return Thing{at}(self.name, self.size + by)\n"
        )
    };
    head + &(0..14).map(class).collect::<String>()
}
