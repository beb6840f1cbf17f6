#![allow(clippy::unwrap_used)]

use std::{io::Write, process::Command, process::Stdio};

use super::*;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn versions_are_in_order() {
    let order = [
        "0.9",
        "1.0.dev1",
        "1.0a1.dev2",
        "1.0a1",
        "1.0b2",
        "1.0rc1",
        "1.0",
        "1.0+abc",
        "1.0+5",
        "1.0.post1.dev2",
        "1.0-1",
        "1.0.1",
        "1.10",
        "1!0.1",
    ];
    for pair in order.windows(2) {
        assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
    }
    for (one, other) in [
        ("1.0", "1"),
        ("v1.0.0", "1.0"),
        ("1.0-alpha_1", "1.0a1"),
        ("1.0c1", "1.0rc1"),
        ("1.0.rev3", "1.0.post3"),
    ] {
        assert_eq!(version(one), version(other));
    }
    for text in ["", "x", "1.x", "1.0+", "1.0 beta", "1..0", "99999999999999999999999"] {
        assert!(text.parse::<Version>().is_err(), "{text}");
    }
    assert_eq!(version(" V1!1.0-Alpha1.post2.dev3+A-1 ").to_string(), "1!1.0a1.post2.dev3+a.1");
}

#[test]
fn bounds_and_pins_are_told() {
    let of = |text: &str| text.parse::<Specifiers>().unwrap();
    assert_eq!(of("==1.2, <3").pinned().unwrap().to_string(), "1.2");
    assert!(of("==1.*").pinned().is_none() && of(">=1").pinned().is_none());
    assert_eq!(of(">=1,>2,<9").lowest().unwrap().to_string(), "2");
    assert!(of(">=1,!=2").is_open() && !of("~=1.2").is_open() && of("").is_open());
    let poetry = |text: &str| Specifiers::poetry(text).unwrap();
    for (text, yes, no) in [
        ("^1.2", "1.9", "2.0"),
        ("^0.2.3", "0.2.9", "0.3"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0", "0.9", "1.0"),
        ("~1.2.3", "1.2.9", "1.3"),
        ("~1", "1.9", "2"),
        ("~=1.2", "1.9", "2"),
        ("1.2", "1.2", "1.2.1"),
        ("2.*", "2.5", "3"),
        (">= 1, < 3 || ^5", "5.1", "4"),
        (">=1 <2", "1.5", "2"),
    ] {
        assert!(poetry(text).admits(&version(yes)) && !poetry(text).admits(&version(no)), "{text}");
    }
    assert!(poetry("*").admits(&version("9")) && poetry("^1 || ^3").lowest().unwrap() == &version("1"));
    assert_eq!(poetry("^1.2 || 3.*").to_string(), ">=1.2,<2 || ==3.*");
}

/// pip's own copy of `packaging`, one line of answers a specifier.
const REFERENCE: &str = "
import sys
from pip._vendor.packaging.specifiers import SpecifierSet
specifiers, versions = sys.stdin.read().split('\\n---\\n')
for specifier in specifiers.split('\\n'):
    print(''.join('01'[SpecifierSet(specifier).contains(version, prereleases=True)] for version in versions.split()))
";

#[test]
#[allow(clippy::print_stderr)]
fn packaging_admits_the_same() {
    let versions = [
        "0.9",
        "1.0.dev1",
        "1.0a1",
        "1.0a1.post1",
        "1.0b2",
        "1.0rc1",
        "1.0",
        "1",
        "1.0+abc",
        "1.0.post1",
        "1.0.post1.dev1",
        "1.0.1",
        "1.1",
        "1.1a1",
        "1.10",
        "2.0.dev0",
        "2.0",
        "2.0+1",
        "1!1.0",
        "3.12.1",
    ];
    let bases = ["0.9", "1.0", "1", "1.0a1", "1.0.dev1", "1.0.post1", "1.1", "2.0.0", "1.0.1", "1!1.0"];
    let mut specifiers: Vec<String> = Vec::new();
    for operator in ["~=", "==", "!=", "<=", ">=", "<", ">"] {
        specifiers.extend(bases.iter().map(|base| format!("{operator}{base}")));
    }
    specifiers.extend(
        ["==1.*", "!=1.0.*", "==1.0+abc", "!=1.0+abc", ">=1,<2,!=1.1", "==1.0.post1.*"].map(str::to_owned),
    );
    specifiers.retain(|text| text.parse::<Specifiers>().is_ok());
    let child =
        Command::new("python3").args(["-c", REFERENCE]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: there is no python3 to compare with");
        return;
    };
    let input = format!("{}\n---\n{}", specifiers.join("\n"), versions.join(" "));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        eprintln!("skipped: python3 has no pip with packaging to compare with");
        return;
    }
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), specifiers.len());
    for (specifier, answer) in specifiers.iter().zip(answers.lines()) {
        let set: Specifiers = specifier.parse().unwrap();
        for (text, theirs) in versions.iter().zip(answer.chars()) {
            assert_eq!(set.admits(&version(text)), theirs == '1', "{specifier} {text}");
        }
    }
}
