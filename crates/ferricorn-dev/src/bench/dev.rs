//! From the save of a file to the answer of the new code, and what is asked meanwhile.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use ferricorn_test::{Address, Server, free_port, http, within};

use super::{
    Effort,
    contender::Ground,
    report::{Page, Table, verdict},
    statistics::Summary,
};
use crate::failure::Failure;

/// At most so many times what `uvicorn --reload` takes.
const LIMIT: f64 = 0.25;
/// The applications of `benches/apps`, with their names in tables.
const APPS: [(&str, &str); 2] = [("edited.py", "FastAPI"), ("edited_heavy.py", "FastAPI, heavy imports")];
/// What stands in them for the number of the save.
const NUMBER: &str = "SAVE = 0";
/// Between two requests of the client that waits for the new code.
const BETWEEN: Duration = Duration::from_millis(3);
/// Between two saves: a person's, and not a tool's that saves again and again.
const PAUSE: Duration = Duration::from_millis(2500);
/// The longest that a start or a save may take.
const LONGEST: Duration = Duration::from_secs(60);

/// A server that watches the files of its application.
struct Rival {
    name: &'static str,
    /// The program in the environment; ours is elsewhere.
    program: Option<&'static str>,
    /// With `PORT` to be filled in.
    line: &'static str,
}

const RIVALS: [Rival; 3] = [
    Rival {
        name: "ferricorn dev",
        program: None,
        line: "dev main:app --bind 127.0.0.1:PORT --log-level debug",
    },
    Rival {
        name: "uvicorn --reload",
        program: Some("uvicorn"),
        line: "main:app --host 127.0.0.1 --port PORT --reload --no-access-log",
    },
    Rival {
        name: "granian --reload",
        program: Some("granian"),
        line: "main:app --interface asgi --host 127.0.0.1 --port PORT --reload",
    },
];

/// One server, and what was measured of it.
struct Subject {
    rival: &'static Rival,
    server: Server,
    address: Address,
    source: String,
    /// Milliseconds of each save.
    took: Vec<f64>,
    refused: usize,
    old: usize,
}

/// Takes turns: all servers of an application run at the same time, and its file is saved in the folder of one after the other.
pub(super) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let saves = if effort.is_quick() { 6 } else { 20 };
    let method = format!(
        "A save puts another file in the place of the old one, as editors do. The time runs until the first answer of the new \
         code to a client that asks every {} ms. Refused: requests meanwhile that got no complete answer. Old: answers of \
         the code before, after one of the new code. All servers of an application run at the same time, and are saved by turns. \
         {saves} saves each, after one that does not count.",
        BETWEEN.as_millis()
    );
    let mut page = Page::new("Save to new code", method);
    let head = ["application", "server", "ms", "it / uvicorn", "refused", "old", "target"];
    let mut table = Table::new(head);
    for (file, name) in APPS {
        let subjects = by_turns(ground, file, saves)?;
        let uvicorns = subjects.iter().find(|it| it.rival.program == Some("uvicorn"));
        let uvicorns = uvicorns.map(|it| it.took.clone()).unwrap_or_default();
        for subject in subjects {
            let ratio = Summary::of_ratios(&subject.took, &uvicorns);
            let ours = subject.rival.program.is_none();
            table.row([
                name.to_owned(),
                subject.rival.name.to_owned(),
                format!("{:.0}", Summary::of(subject.took.iter().copied())),
                format!("{ratio:.2}"),
                subject.refused.to_string(),
                subject.old.to_string(),
                if ours { verdict(ratio, LIMIT, "at most 0.25") } else { String::new() },
            ]);
            subject.server.discard();
        }
    }
    page.table(table);
    for rival in &RIVALS {
        page.command(format!(
            "{} {}",
            rival.program.unwrap_or("ferricorn"),
            rival.line.replace("PORT", "8000")
        ));
    }
    Ok(page)
}

fn by_turns(ground: &Ground, file: &str, saves: u32) -> Result<Vec<Subject>, Failure> {
    let path = ground.apps.join(file);
    let source = fs::read_to_string(&path)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))?;
    let there = RIVALS.iter().filter(|rival| ground.named(rival.program).exists());
    let mut subjects = there.map(|rival| start(ground, rival, &source)).collect::<Result<Vec<_>, _>>()?;
    for number in 1..=saves + 1 {
        for subject in &mut subjects {
            thread::sleep(PAUSE / u32::try_from(RIVALS.len()).unwrap_or(1));
            subject.save(number)?;
        }
    }
    for subject in &mut subjects {
        subject.took.remove(0);
    }
    Ok(subjects)
}

fn start(ground: &Ground, rival: &'static Rival, source: &str) -> Result<Subject, Failure> {
    let port = free_port();
    let line = rival.line.replace("PORT", &port.to_string());
    let server = ground.run_of(rival.program).app(source).line(&line).start();
    let address = Address::Tcp(([127, 0, 0, 1], port).into());
    let subject =
        Subject { rival, server, address, source: source.to_owned(), took: Vec::new(), refused: 0, old: 0 };
    // Ours imports the libraries once more, in the background, before the first save that counts.
    let is_warm = || rival.program.is_some() || subject.server.log().count("Template ready") > 0;
    match within(LONGEST, || (subject.ask() == Some(0) && is_warm()).then_some(())) {
        Some(()) => Ok(subject),
        None => Err(subject.failure("does not serve")),
    }
}

impl Subject {
    /// The number of the save that answers; none if nobody answers.
    fn ask(&self) -> Option<u32> {
        http::get(&self.address, "/").ok().filter(|it| it.status == 200)?.text().parse().ok()
    }

    fn save(&mut self, number: u32) -> Result<(), Failure> {
        let text = self.source.replace(NUMBER, &format!("SAVE = {number}"));
        let (new, file) = (self.server.path(".main.py.new"), self.server.path("main.py"));
        let written = fs::write(&new, text).and_then(|()| {
            let begun = Instant::now();
            fs::rename(&new, &file).map(|()| begun)
        });
        let begun =
            written.map_err(|error| Failure::new(format!("cannot write `{}`: {error}", file.display())))?;
        loop {
            match self.ask() {
                Some(answered) if answered == number => break,
                Some(_) => {}
                None => self.refused += 1,
            }
            if begun.elapsed() > LONGEST {
                return Err(self.failure(&format!("does not serve save {number}")));
            }
            thread::sleep(BETWEEN);
        }
        self.took.push(begun.elapsed().as_secs_f64() * 1e3);
        // One that has answered with the new code answers with no other.
        self.old += (0..10).filter(|_| self.ask().is_some_and(|answered| answered != number)).count();
        Ok(())
    }

    fn failure(&self, text: &str) -> Failure {
        let log = self.server.log().transcript();
        Failure::new(format!("{} {text}, its log:\n{log}", self.rival.name))
    }
}
