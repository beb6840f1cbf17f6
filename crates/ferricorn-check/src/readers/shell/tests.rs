//! Words and commands, against a table and against the real `bash`.
#![allow(clippy::unwrap_used)]

use std::process::Command as Process;

use proptest::prelude::*;

use super::*;
use crate::text::Source;

/// A reading and the text that its spans lead back to.
fn read(text: &str) -> Script {
    let source = Source::of_text("x.sh", text);
    super::read(&Excerpt::verbatim(&source, 0..text.len()))
}

fn words(text: &str) -> Vec<Vec<String>> {
    let shown = |word: &Word| word.expand(&|_| Lookup::Unset).unwrap_or_else(|| "?".to_owned());
    read(text).commands.iter().map(|command| command.words.iter().map(shown).collect()).collect()
}

#[test]
fn words_and_commands_fall_apart_as_in_the_shell() {
    for (text, expected) in [
        ("", vec![]),
        ("a b  'c d'\"e\"\\ f", vec![vec!["a", "b", "c de f"]]),
        ("a \\\n  b", vec![vec!["a", "b"]]),
        (
            "a && b||c;d|e&f\ng # h\n#i\n",
            vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"], vec!["e"], vec!["f"], vec!["g"]],
        ),
        ("A=1 B=\"x y\" run --o=${P:-8000} \"${Q:-'z'}\"", vec![vec!["run", "--o=8000", "'z'"]]),
        ("run >out 2>&1 <in &>both x", vec![vec!["run", "x"]]),
        (
            "if [ -z \"$A\" ]; then one; else two; fi; three",
            vec![vec!["[", "-z", "", "]"], vec!["one"], vec!["two"], vec!["three"]],
        ),
        ("for i in 1 2 3; do wait $i; done\nlast", vec![vec!["wait", ""], vec!["last"]]),
        ("case $1 in\n a|b) one ;;\n (c) two;;\nesac\nlast", vec![vec!["one"], vec!["two"], vec!["last"]]),
        ("f() { one; }; function g { two; }\nlast", vec![vec!["one"], vec!["two"], vec!["last"]]),
        ("(cd x && run) | tee", vec![vec!["cd", "x"], vec!["run"], vec!["tee"]]),
        ("[[ -n x && y < z ]] && run", vec![vec!["[[", "]]"], vec!["run"]]),
        ("cat <<EOF && run\na 'b\nEOF\nlast", vec![vec!["cat"], vec!["run"], vec!["last"]]),
        ("cat <<-'E F'\n\ta\n\tE F\nlast", vec![vec!["cat"], vec!["last"]]),
        ("echo $'a\\tb' a#b", vec![vec!["echo", "a\tb", "a#b"]]),
        ("echo $(a; b) `c \\`d\\`` $((1 + (2))) x", vec![vec!["echo", "?", "?", "?", "x"]]),
    ] {
        assert_eq!(words(text), expected, "{text}");
    }
}

#[test]
fn how_a_command_is_reached_is_told() {
    let script = read("cd a && exec b &\nif x; then y; fi || z");
    let told: Vec<_> = script
        .commands
        .iter()
        .map(|command| (command.program().unwrap(), command.before, command.after, command.optional))
        .collect();
    assert_eq!(
        told,
        [
            ("cd".to_owned(), Join::Edge, Join::And, false),
            ("exec".to_owned(), Join::And, Join::Background, false),
            ("x".to_owned(), Join::Frame, Join::Sequence, true),
            ("y".to_owned(), Join::Sequence, Join::Sequence, true),
            ("z".to_owned(), Join::Or, Join::Edge, false),
        ]
    );
}

#[test]
fn a_backslash_with_something_behind_it_is_a_broken_line() {
    let text = "uvicorn a:b \\\n --x 1 \\  # note\n --y \\\r\n --z \\ --q";
    let script = read(text);
    let behind: Vec<&str> = script.broken.iter().map(|line| &text[line.behind.range()]).collect();
    assert_eq!(behind, ["  # note", "\r"]);
    let glued: Vec<_> =
        script.commands.iter().flat_map(|command| &command.words).filter_map(Word::escaped_blank).collect();
    assert_eq!(glued.len(), 3, "the blank, the carriage return and the blank in front of --q");
    let last = script.commands.last().unwrap().words.last().unwrap();
    assert_eq!(last.literal().unwrap(), " --q");
    assert!(words(text)[1].starts_with(&["--y".to_owned()]), "{:?}", words(text));
}

#[test]
fn globs_and_variables_have_their_place() {
    let text = "run --ips * '*' \"?\" \\* a[bc] a[b ${A:-${B}}/x $C";
    let command = &read(text).commands[0];
    let globs: Vec<_> = command.words.iter().map(|word| word.glob().map(|span| span.start)).collect();
    assert_eq!(globs, [None, None, Some(10), None, None, None, Some(24), None, None, None]);
    let variables: Vec<_> = command
        .words
        .iter()
        .flat_map(Word::variables)
        .map(|(variable, span)| (variable.name.clone(), &text[span.range()]))
        .collect();
    assert_eq!(variables, [("A".to_owned(), "${A:-${B}}"), ("B".to_owned(), "${B}"), ("C".to_owned(), "$C")]);
    assert!(command.words[9].may_split() && command.words[8].literal().is_none());
}

#[test]
fn what_nothing_closes_is_told() {
    for text in ["a 'b", "a \"b", "a $(b", "a `b", "a ${b", "a $((1", "a <<E\nb", "a $'b"] {
        assert!(!read(text).unclosed.is_empty(), "{text}");
    }
    assert!(read("a 'b' \"c\" $(d) `e` ${f} <<E\ng\nE\n").unclosed.is_empty());
}

fn check_spans(text: &str, script: &Script) {
    let inside = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
    for command in &script.commands {
        inside(command.span);
        for word in command.words.iter().chain(command.assignments.iter().map(|assignment| &assignment.value))
        {
            inside(word.span);
            word.pieces.iter().for_each(|piece| inside(piece.span));
            for piece in &word.pieces {
                if let Content::Substitution(inner) = &piece.content {
                    check_spans(text, inner);
                }
            }
        }
        command.redirections.iter().for_each(|redirection| inside(redirection.span));
        command.redirections.iter().filter_map(|redirection| redirection.body).for_each(inside);
    }
    script.comments.iter().chain(&script.unclosed).copied().for_each(inside);
    script.broken.iter().for_each(|line| (inside(line.backslash), inside(line.behind)).0);
}

#[test]
fn deep_and_long_texts_are_read() {
    for piece in [
        "$(",
        "`",
        "${a:-",
        "\"$(",
        "(",
        "{ ",
        "if ",
        "case a in ",
        "$((",
        "<<A ",
        "\\",
        "'",
        "[[ ",
        "a() ",
        "<(",
        "\\`",
        "x;",
        "\u{e9} ",
    ] {
        let text = piece.repeat(200_000 / piece.len());
        check_spans(&text, &read(&text));
    }
}

/// What `bash` makes of the arguments of `printf '<%s>'`, with V and W set and U unset.
fn bash(arguments: &str, directory: &std::path::Path) -> Option<String> {
    let output = Process::new("bash")
        .args(["--norc", "--noprofile", "-c", &format!("set -f\nprintf '<%s>' {arguments}")])
        .current_dir(directory)
        .env_clear()
        .envs([("V", "v"), ("W", "w/x"), ("E", "")])
        .output()
        .ok()?;
    String::from_utf8(output.stdout).ok().filter(|_| output.status.success() && output.stderr.is_empty())
}

fn lookup(name: &str) -> Lookup {
    match name {
        "V" => Lookup::Set("v".to_owned()),
        "W" => Lookup::Set("w/x".to_owned()),
        "E" => Lookup::Set(String::new()),
        "U" => Lookup::Unset,
        _ => Lookup::Unknown,
    }
}

/// The same from our reading: only the first command, words that vanish left out.
fn ours(arguments: &str) -> Option<String> {
    let text = format!("printf '<%s>' {arguments}");
    let script = read(&text);
    if script.commands.len() != 1 || !script.unclosed.is_empty() {
        return None;
    }
    let mut shown = String::new();
    let words = &script.commands[0].words[2..];
    for word in words {
        let value = word.expand(&lookup)?;
        let vanishes = value.is_empty() && word.pieces.iter().all(|piece| piece.quote == Quote::Bare);
        // The shell splits what an unquoted default holds; this reading leaves that to its callers.
        if word.may_split() && value.contains([' ', '\t', '\n']) {
            return None;
        }
        if !vanishes {
            shown.extend(["<", &value, ">"]);
        }
    }
    Some(if shown.is_empty() { "<>".to_owned() } else { shown })
}

/// Whether there is a `bash` to compare with.
#[allow(clippy::print_stderr)]
fn has_bash() -> bool {
    let found = Process::new("bash").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: there is no bash to compare with");
    }
    found
}

#[test]
fn bash_reads_the_examples_like_this_reader() {
    if !has_bash() {
        return;
    }
    let directory = std::env::temp_dir();
    for arguments in [
        "main:app --port \"$V\" \\\n  --host 0.0.0.0",
        "a\\ b 'c'\\''d' \"e\\\"f\" g\\\\h",
        "${U:-x}${V:-y} \"${U-'z'}\" --o=${W}",
    ] {
        assert!(bash(arguments, &directory).is_some(), "{arguments}");
        assert_eq!(ours(arguments), bash(arguments, &directory), "{arguments}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bash_reads_the_same_words(pieces in prop::collection::vec(prop::sample::select(vec![
        "a", "b-c", " ", "  ", "\t", "\\ ", "\\\n", "'x y'", "\"p $V\"", "$V", "${W}", "${U:-d}", "${U-'e f'}", "${E:-g}", "${E-h}",
        "${V:+i}", "\"${U:-'j'}\"", "\"\\$V\\\"\\a\"", "\\$", "\\'", "''", "\"\"", "#", " # c\n", "=", "$'\\t'", "\"${U:-\"k l\"}\"",
        "*", "?", "y[z]", "~a", "\\*", "\"a\\\nb\"", "$", "%", "--opt=", "\u{e9}", "$U", "\\\\", " 2>/dev/null ", " 2>&1 ", "{", "}", "!", "@",
    ]), 0..12)) {
        let arguments = pieces.concat();
        let directory = std::env::temp_dir();
        // A continuation behind a lone `$` is too rare to be worth a rule.
        prop_assume!(!arguments.contains("$\\\n"));
        let Some(theirs) = bash(&arguments, &directory) else { return Ok(()) };
        if let Some(ours) = ours(&arguments) {
            prop_assert_eq!(ours, theirs, "{:?}", arguments);
        }
    }

    #[test]
    fn any_text_is_read(text in any_text()) {
        let script = read(&text);
        check_spans(&text, &script);
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "'",
        "\"",
        "\\",
        "\n",
        "\r\n",
        "$(",
        ")",
        "`",
        "${",
        "}",
        ":-",
        "<<E\n",
        "E\n",
        "#",
        " ",
        "\t",
        "&&",
        "||",
        "|",
        ";",
        ";;",
        "&",
        "(",
        "case x in ",
        "esac",
        "if ",
        "fi",
        "for i in ",
        "do ",
        "done",
        "[[",
        "]]",
        "((",
        "))",
        ">",
        "<",
        "2>&1",
        "a=",
        "$",
        "$'",
        "\u{feff}",
        "\0",
        "\u{e9}",
        "x",
        "f() {",
        "function ",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}
