use super::*;

/// The line in short: options `name=value`, arguments, `+` before extra words, `!` before mistakes.
fn told(program: Program, words: &[&str]) -> Vec<String> {
    let line = read(program, words);
    let text = |place: &Place| words[place.word][place.range.clone()].to_owned();
    let value =
        |place: &Option<Place>| place.as_ref().map(|place| format!("={}", text(place))).unwrap_or_default();
    let options = line.options.iter().map(|it| format!("{}{}", it.spelling.long, value(&it.value)));
    let arguments = line.arguments.iter().map(|at| words[*at].to_owned());
    let extra = line.extra.iter().map(|at| format!("+{}", words[*at]));
    let mistakes = line.mistakes.iter().map(|it| {
        let wrong = match &it.wrong {
            Wrong::Unknown => "unknown".to_owned(),
            Wrong::OfTheOther(spelling) => format!("{:?}", spelling.dialect()),
            Wrong::Ambiguous(names) => names.join("/"),
            Wrong::NoValue(_) => "no value".to_owned(),
            Wrong::NoValueWanted(_) => "value".to_owned(),
        };
        format!("!{}{} {wrong}", text(&it.name), value(&it.value))
    });
    options.chain(arguments).chain(extra).chain(mistakes).collect()
}

fn split(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[test]
fn gunicorn_takes_beginnings_and_glued_letters() {
    let line = split(
        "main:app -w4 -k=x.Y --bind 0.0.0.0:1 --max-requests-j=5 --graceful 3 -t -1 --access-logfile -",
    );
    assert_eq!(
        told(Program::Gunicorn, &line),
        [
            "workers=4",
            "worker-class=x.Y",
            "bind=0.0.0.0:1",
            "max-requests-jitter=5",
            "graceful-timeout=3",
            "timeout=-1",
            "access-logfile=-",
            "main:app"
        ]
    );
}

#[test]
fn gunicorn_refuses_what_is_uvicorns_unknown_or_ambiguous() {
    let line = split("main:app --port 8000 --wrokers 2 --max 5 --workers --reload=1 --log-level");
    assert_eq!(
        told(Program::Gunicorn, &line),
        [
            "main:app",
            "!--port=8000 Uvicorn",
            "!--wrokers=2 unknown",
            "!--max=5 max-requests/max-requests-jitter",
            "!--workers no value",
            "!--reload=1 value",
            "!--log-level no value"
        ]
    );
}

#[test]
fn gunicorn_ignores_words_behind_the_application_and_refuses_them_later() {
    let folded = ["main:app", " --workers", "1", " -k", "x"];
    assert_eq!(told(Program::Gunicorn, &folded), folded);
    let later = ["main:app", "-w", "2", " --bind", "x"];
    assert_eq!(told(Program::Gunicorn, &later), ["workers=2", "main:app", "+ --bind", "+x"]);
}

#[test]
fn uvicorn_takes_exact_names_and_any_value() {
    let line = split("--port -1 main:app --log-level info other --workers=2 --reload");
    assert_eq!(
        told(Program::Uvicorn, &line),
        ["port=-1", "log-level=info", "workers=2", "reload", "main:app", "+other"]
    );
}

#[test]
fn uvicorn_refuses_what_is_gunicorns_or_unknown() {
    let line = split("main:app --worker-class x -w 4 -k4 --work 1 --reload=1 --bind=a --preload --port");
    assert_eq!(
        told(Program::Uvicorn, &line),
        [
            "main:app",
            "!--worker-class=x Gunicorn",
            "!-w=4 Gunicorn",
            "!-k=4 Gunicorn",
            "!--work=1 unknown",
            "!--reload=1 value",
            "!--bind=a Gunicorn",
            "!--preload Gunicorn",
            "!--port no value"
        ]
    );
}

#[test]
fn ferricorn_takes_the_options_of_both() {
    let line =
        split("main:app --port 1 -w 2 --timeout-keep-alive 3 --slow-loop 1 --nothing 4 --max-requests-jit 1");
    assert_eq!(
        told(Program::Ferricorn, &line),
        [
            "port=1",
            "workers=2",
            "timeout-keep-alive=3",
            "slow-loop=1",
            "max-requests-jitter=1",
            "main:app",
            "!--nothing=4 unknown"
        ]
    );
}

#[test]
fn preload_knows_one_word_in_ferricorn_alone() {
    for (line, expected) in [
        ("--preload always main:app", &["preload-always", "main:app"][..]),
        ("main:app --preload=always -w 2", &["preload-always", "workers=2", "main:app"]),
        ("--preload main:app", &["preload", "main:app"]),
        ("main:app --preload=never", &["main:app", "!--preload=never value"]),
    ] {
        assert_eq!(told(Program::Ferricorn, &split(line)), expected, "{line}");
    }
    assert_eq!(
        told(Program::Gunicorn, &split("main:app --preload always")),
        ["preload", "main:app", "+always"]
    );
}

#[test]
fn a_setting_has_the_name_of_the_other_program() {
    let entry = |name| options::find_long(name).map(|spelling| spelling.entry);
    let name = |program: Program, of| entry(of).and_then(|entry| program.name_of(entry));
    assert_eq!(name(Program::Uvicorn, "keep-alive"), Some("timeout-keep-alive"));
    assert_eq!(name(Program::Gunicorn, "timeout-graceful-shutdown"), Some("graceful-timeout"));
    assert_eq!(name(Program::Uvicorn, "worker-class"), None);
    assert_eq!(name(Program::Gunicorn, "port"), None);
}

proptest::proptest! {
    #[test]
    fn any_words_are_read(words in proptest::collection::vec("[-=wkD a:\u{e9}bindport]{0,8}", 0..8)) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for program in [Program::Gunicorn, Program::Uvicorn, Program::Ferricorn] {
            told(program, &words);
        }
    }
}
