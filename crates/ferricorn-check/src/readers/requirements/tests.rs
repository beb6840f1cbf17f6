#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn file(text: &str) -> (Source, Requirements) {
    let source = Source::of_text("requirements.txt", text);
    let file = read(&source);
    (source, file)
}

#[test]
fn a_file_is_read() {
    let (source, file) = file(
        "# top\n-r base.txt\n-cconstraints.txt\n--requirement=other.txt\n--index-url https://x/y#z\n\
         FastAPI==0.115.6   # web\nuvicorn[standard, Foo_Bar] >= 0.30,<1 ; python_version >= '3.9' and sys_platform != 'win32'\r\n\
         my.pkg @ git+https://h/x@v1#egg=y ; os_name == 'nt'\n\
         hashed==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n\
         git+https://h/x.git#egg=thing&sub=a\n./local\nhttps://h/wheel_name-1.0-py3-none-any.whl\n\
         -e .\nodd===weird!\nparens (>=2)\nnot a requirement\n\nlegacy>=1.0.*\n",
    );
    let shown: Vec<_> = file.requirements.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        shown,
        ["fastapi", "uvicorn", "my-pkg", "hashed", "thing", "", "wheel-name", "", "odd", "parens", "legacy"]
    );
    let includes: Vec<_> = file.includes.iter().map(|one| (one.path.text(), one.constraint)).collect();
    assert_eq!(includes, [("base.txt", false), ("constraints.txt", true), ("other.txt", false)]);
    assert_eq!(file.options[0].1.as_ref().unwrap().text(), "https://x/y#z");
    let fastapi = file.get("fastapi").unwrap();
    assert_eq!(source.slice(fastapi.span), "FastAPI==0.115.6");
    assert_eq!(source.slice(fastapi.specifiers_span), "==0.115.6");
    assert_eq!(fastapi.pinned().unwrap().to_string(), "0.115.6");
    let uvicorn = file.get("Uvicorn").unwrap();
    assert_eq!(uvicorn.extras, ["standard", "foo-bar"]);
    assert_eq!(source.slice(uvicorn.specifiers_span), ">= 0.30,<1");
    let python = |text: &str| text.parse::<Version>().unwrap();
    assert_eq!(uvicorn.applies(&python("3.12")), Some(true));
    assert_eq!(uvicorn.applies(&python("3.8")), Some(false));
    assert_eq!(file.get("my_pkg").unwrap().applies(&python("3.12")), Some(false));
    assert!(file.get("my_pkg").unwrap().url.is_some());
    assert_eq!(file.get("hashed").unwrap().hashes, 2);
    assert!(
        file.get("odd").unwrap().specifiers.is_none() && file.get("legacy").unwrap().specifiers.is_none()
    );
    assert_eq!(file.get("parens").unwrap().specifiers.as_ref().unwrap().to_string(), ">=2");
    assert_eq!(file.unread.iter().map(|span| source.slice(*span)).collect::<Vec<_>>(), ["not a requirement"]);
}

#[test]
fn markers_are_answered_as_far_as_they_are_known() {
    let known = Known { python: Some("3.12".parse().unwrap()) };
    for (marker, expected) in [
        ("python_version < '3.11'", Some(false)),
        ("'3.10' <= python_version", Some(true)),
        ("extra == 'x'", None),
        ("extra == 'x' or sys_platform == 'linux'", Some(true)),
        ("extra == 'x' and platform_system == 'Windows'", Some(false)),
        ("(python_version >= '3' or extra == 'a') and os_name != 'nt'", Some(true)),
        ("python_full_version >= '3.12.4'", None),
        ("sys_platform not in 'win32 cygwin'", Some(true)),
        ("python_version", None),
        ("'a", None),
        ("", None),
    ] {
        assert_eq!(marker::holds(marker, &known), expected, "{marker}");
    }
    assert_eq!(marker::holds(&"(".repeat(100_000), &known), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(pieces in prop::collection::vec(prop::sample::select(vec![
        "a", "-", "[", "]", "==", "1.0", ".*", ";", "@ ", "://", "#", " #", "\n", "\r\n", "\\\n", " --hash", "-r", "-e ", "'", "python_version", " and ", "(", ")", ".", "\u{e9}", "\0", ".whl", "egg=",
    ]), 0..30)) {
        let text = pieces.concat();
        let (_, file) = file(&text);
        for one in &file.requirements {
            prop_assert!(text.get(one.span.range()).is_some() && text.get(one.specifiers_span.range()).is_some());
            let _ = (one.pinned(), one.applies(&Version::release(&[3, 12])));
        }
    }
}
