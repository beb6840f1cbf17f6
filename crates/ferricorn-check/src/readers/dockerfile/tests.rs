#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn source(text: &str) -> Source {
    Source::of_text("Dockerfile", text)
}

fn shown(form: &Form) -> Vec<String> {
    match form {
        Form::Exec(words) => words.iter().map(|word| word.text().to_owned()).collect(),
        Form::Shell { script, .. } => {
            let words = script.commands.iter().flat_map(|command| &command.words);
            words.map(|word| word.literal().unwrap_or_else(|| "?".to_owned())).collect()
        }
    }
}

#[test]
fn a_whole_file_is_read() {
    let text = "# syntax=docker/dockerfile:1\n\
        ARG PY=3.12\n\
        FROM python:${PY}-slim AS Base\n\
        ENV A=1 B=\"x y\" C=a\\ b PATH=$PATH:/x\n\
        ENV OLD some text\n\
        from base as build\n\
        RUN pip install -r requirements.txt \\\n  # why\n\n  && rm -rf /x \\ \n  /y\n\
        FROM base\n\
        COPY --from=build --chown=a:b /app /lib /app/\n\
        COPY [\"a b\", \"/c\"]\n\
        EXPOSE 80 8000/tcp\n\
        USER \"me\"\n\
        WORKDIR /app\n\
        STOPSIGNAL SIGINT\n\
        HEALTHCHECK --interval=30s CMD curl -f http://localhost/ || exit 1\n\
        CMD [\"uvicorn\", \"a:b\", \\\n   \"--x\\u0041\"]\n";
    let source = source(text);
    let file = read(&source);
    assert_eq!(file.directives[0].1.text(), "docker/dockerfile:1");
    let last = file.final_stage().unwrap();
    assert_eq!(file.image(last).as_deref(), Some("python:3.12-slim"));
    assert_eq!((file.stages.len(), last.base, file.stages[1].base), (3, Some(0), Some(0)));
    assert_eq!(file.stage("BUILD").unwrap().index, 1);
    assert_eq!(file.history(last).len(), 3 + 9);
    let settings: Vec<_> = file
        .instructions
        .iter()
        .filter_map(|one| if let Detail::Env(settings) = &one.detail { Some(settings) } else { None })
        .flatten()
        .map(|setting| (setting.name.text(), setting.value.as_ref().unwrap().text()))
        .collect();
    assert_eq!(
        settings,
        [("A", "1"), ("B", "x y"), ("C", "a b"), ("PATH", "$PATH:/x"), ("OLD", "some text")]
    );
    let run = file.instructions.iter().find(|one| one.keyword == "RUN").unwrap();
    let Detail::Run(form) = &run.detail else { panic!("{run:?}") };
    assert_eq!(shown(form), ["pip", "install", "-r", "requirements.txt", "rm", "-rf", "/x", "/y"]);
    assert!(source.slice(run.span).ends_with("/y"));
    let Detail::Copy { from, sources, target } = &file.instructions[7].detail else { panic!() };
    assert_eq!(
        (from.as_ref().unwrap().text(), sources.len(), target.as_ref().unwrap().text()),
        ("build", 2, "/app/")
    );
    let Detail::Copy { sources, .. } = &file.instructions[8].detail else { panic!() };
    assert_eq!(sources[0].text(), "a b");
    let Detail::Cmd(form @ Form::Exec(words)) = &file.instructions.last().unwrap().detail else { panic!() };
    assert_eq!(shown(form), ["uvicorn", "a:b", "--xA"]);
    assert_eq!(source.slice(words[2].whole()), "--x\\u0041");
    let user = file.last(last, |detail| matches!(detail, Detail::User(_))).unwrap();
    assert!(matches!(&user.detail, Detail::User(name) if name.text() == "me"));
}

#[test]
fn an_array_that_is_none_is_told() {
    for (text, broken) in [
        ("CMD ['uvicorn', 'a:b']", true),
        ("CMD [\"uvicorn\", \"a:b\",]", true),
        ("CMD [uvicorn, a:b]", true),
        ("CMD [\"uvicorn\", 'a:b']", true),
        ("CMD [ -f x ] && run", false),
        ("CMD [[ -f x ]] && run", false),
        ("CMD uvicorn a:b", false),
    ] {
        let file = read(&source(text));
        let Detail::Cmd(Form::Shell { broken_array, .. }) = &file.instructions[0].detail else {
            panic!("{text}")
        };
        assert_eq!(*broken_array, broken, "{text}");
    }
    let file = read(&source("CMD []"));
    assert!(matches!(&file.instructions[0].detail, Detail::Cmd(Form::Exec(words)) if words.is_empty()));
}

#[test]
fn here_documents_and_the_escape_directive_are_followed() {
    let file = read(&source(
        "FROM a\nRUN <<EOF\napt-get update # x\npip install y\nEOF\nRUN python <<'E'\nprint('FROM b')\nE\nCOPY <<F /x\nCMD z\nF\nCMD run",
    ));
    let keywords: Vec<_> = file.instructions.iter().map(|one| one.keyword.as_str()).collect();
    assert_eq!(keywords, ["FROM", "RUN", "RUN", "COPY", "CMD"]);
    let forms: Vec<_> = file
        .instructions
        .iter()
        .filter_map(|one| if let Detail::Run(form) = &one.detail { Some(shown(form)) } else { None })
        .collect();
    assert_eq!(forms, [vec!["apt-get", "update", "pip", "install", "y"], vec!["python"]]);
    let file = read(&source("# escape=`\r\nFROM a\r\nRUN x `\r\n  c:\\y\\\r\nUSER b\r\n"));
    assert_eq!(file.instructions.len(), 3);
    assert!(matches!(&file.instructions[2].detail, Detail::User(name) if name.text() == "b"));
}

#[test]
fn variables_have_defaults() {
    let lookup = |name: &str| match name {
        "A" => Lookup::Set("a".to_owned()),
        "U" => Lookup::Unknown,
        _ => Lookup::Unset,
    };
    for (text, expected) in [
        ("x$A/${A}", Some("xa/a")),
        ("${N:-d${A}}$N", Some("da")),
        ("${A:+b}${N:+c}", Some("b")),
        ("\\$A", Some("$A")),
        ("$U", None),
        ("${N:?}", None),
        ("$", Some("$")),
        ("${A", None),
    ] {
        assert_eq!(expand(text, &lookup).as_deref(), expected, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(pieces in prop::collection::vec(prop::sample::select(vec![
        "FROM ", "a", " AS b", "\n", "\r\n", "\\\n", "\\ \n", "# x\n", "RUN ", "<<E\n", "E\n", "CMD ", "[", "]", "\"", "'", ",", "\\u", "d83d", "ENV ", "A=", "$A", "${",
        "}", ":-", "COPY ", "--from=0 ", "HEALTHCHECK ", "NONE", "ARG ", "# escape=`\n", "`", "\t", "\u{e9}", "\0", "ONBUILD ", "EXPOSE 80", "SHELL ", "USER ", "WORKDIR ",
    ]), 0..40)) {
        let text = pieces.concat();
        let source = source(&text);
        let file = read(&source);
        for instruction in &file.instructions {
            prop_assert!(text.get(instruction.span.range()).is_some());
            prop_assert!(text.get(instruction.arguments.whole().range()).is_some());
            if let Detail::Env(settings) | Detail::Arg(settings) = &instruction.detail {
                for setting in settings {
                    prop_assert!(text.get(setting.span.range()).is_some());
                    let _ = setting.value.as_ref().map(|value| expand(value.text(), &|_| Lookup::Unset));
                }
            }
        }
        for stage in &file.stages {
            let _ = (file.image(stage), file.history(stage));
        }
    }
}

#[test]
fn large_files_are_read() {
    for piece in [
        "FROM a AS b\n",
        "RUN x \\\n",
        "RUN <<E\n",
        "ENV A=\"",
        "CMD [\"a\",",
        "\\\"",
        "${",
        "# x\n",
        "FROM b\nCMD c\n",
    ] {
        let file = read(&source(&piece.repeat(300_000 / piece.len())));
        let _ = file.final_stage().map(|stage| file.image(stage));
    }
    let file = read(&source(&format!("CMD [\"{}\"]", "\\n".repeat(150_000))));
    assert!(
        matches!(&file.instructions[0].detail, Detail::Cmd(Form::Exec(words)) if words[0].text().len() == 150_000)
    );
}
