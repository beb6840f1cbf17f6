#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn unit(text: &str) -> (Source, Unit) {
    let source = Source::of_text("x.service", text);
    let unit = read(&source);
    (source, unit)
}

#[test]
fn a_unit_is_read() {
    let (source, unit) = unit(
        "# top\n[Unit]\nDescription = an API\n\n[Service]\nExecStart=old\nExecStart=\n\
         ExecStart=-!/venv/bin/uvicorn app:app \\\n  # comment\n  ; another\n  --port ${PORT} $MORE \"a b\" 'c' %i 100%% \\x41\\sb \\\n  --last\n\
         Environment=\"A=b c\" D=e \\\"F=g\nUser=me   # who\nno key\n[Install]\r\nWantedBy=multi-user.target\r\n",
    );
    assert_eq!(unit.last("Unit", "Description").unwrap().value.text(), "an API");
    assert_eq!(unit.last("Install", "WantedBy").unwrap().value.text(), "multi-user.target");
    assert_eq!(unit.all("Service", "ExecStart").len(), 1);
    let start = unit.last("Service", "ExecStart").unwrap();
    let commands = commands(&start.value);
    assert_eq!(commands[0].prefixes, "-!");
    let words: Vec<_> = commands[0].words.iter().map(|word| word.value.text()).collect();
    assert_eq!(
        words,
        [
            "/venv/bin/uvicorn",
            "app:app",
            "--port",
            "${PORT}",
            "$MORE",
            "a b",
            "c",
            "%i",
            "100%%",
            "A b",
            "--last"
        ]
    );
    assert_eq!(commands[0].words[8].literal().unwrap(), "100%");
    assert_eq!(source.slice(commands[0].words[0].span), "/venv/bin/uvicorn");
    assert_eq!(source.slice(commands[0].words[5].span), "\"a b\"");
    assert_eq!(source.slice(commands[0].words[9].span), "\\x41\\sb");
    let variables: Vec<_> = commands[0]
        .words
        .iter()
        .flat_map(|word| &word.variables)
        .map(|(name, span)| (name.as_str(), source.slice(*span)))
        .collect();
    assert_eq!(variables, [("PORT", "${PORT}"), ("MORE", "$MORE")]);
    assert!(commands[0].words[7].literal().is_none());
    let environment = assignments(&unit.last("Service", "Environment").unwrap().value);
    let shown: Vec<_> =
        environment.iter().map(|one| (one.name.as_str(), one.value.as_ref().unwrap().text())).collect();
    assert_eq!(shown, [("A", "b c"), ("D", "e"), ("\"F", "g")]);
    let user = unit.last("Service", "User").unwrap();
    assert_eq!(source.slice(user.inline_comment().unwrap()), "   # who");
    assert!(start.inline_comment().is_none());
    assert_eq!(unit.unread.len(), 1);
}

#[test]
fn commands_are_separated_by_a_lone_semicolon() {
    let (_, unit) = unit("[Service]\nExecStartPre=/bin/a ; /bin/b x;y \\; ';'");
    let commands = commands(&unit.last("Service", "ExecStartPre").unwrap().value);
    assert_eq!(commands.iter().map(|command| command.words.len()).collect::<Vec<_>>(), [1, 4]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(pieces in prop::collection::vec(prop::sample::select(vec![
        "[Service]", "\n", "\r\n", "ExecStart=", "=", "\\\n", "\\", "#", ";", " ", "\"", "'", "\\x4", "%", "$", "${", "}", "A", "\u{e9}", "\0", "@-", "\t", "\\s",
    ]), 0..40)) {
        let text = pieces.concat();
        let (_, unit) = unit(&text);
        for entry in unit.sections.iter().flat_map(|section| &section.entries) {
            prop_assert!(text.get(entry.span.range()).is_some());
            for word in commands(&entry.value).iter().flat_map(|command| &command.words) {
                prop_assert!(text.get(word.span.range()).is_some());
            }
            let _ = (assignments(&entry.value), entry.inline_comment());
        }
    }
}

#[test]
fn large_units_are_read() {
    for piece in ["A=b \\\n", "# x\n", "A=\"", "[S]\nA=\n", "\\\n", "A \\\n#\n"] {
        let (_, unit) = unit(&format!("[S]\n{}", piece.repeat(300_000 / piece.len())));
        let entries = unit.sections.iter().flat_map(|section| &section.entries);
        let _: Vec<_> = entries.map(|entry| commands(&entry.value)).collect();
    }
}
