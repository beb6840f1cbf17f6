//! Which Python runs the workers, the helpers and the check, for each way of installing the program.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use ferricorn_test::{Builder, PATIENCE, Server, eventually, layout, processes, python, turn};
use nix::sys::signal::Signal;

use crate::{
    PROGRAM, ferricorn,
    upgrade::{TOOK_OVER, writer},
};

/// Says which interpreter it runs in, and under which name that was started.
const APP: &str = "import sys\n\
                   async def app(scope, receive, send):\n    \
                   if scope['type'] != 'http':\n        return\n    \
                   await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    \
                   await send({'type': 'http.response.body', 'body': sys.prefix.encode()})\n";

/// A run without an active environment, and its folder.
fn bare() -> (Builder, PathBuf) {
    let builder = ferricorn().no_python().app(APP).line("--workers 1");
    let folder = builder.folder().to_owned();
    (builder, folder)
}

/// A virtual environment with all packages, and the program in it.
fn installed(root: &Path) -> PathBuf {
    layout::virtual_environment(root);
    layout::install(root, Path::new(PROGRAM))
}

/// The environment that the application runs in.
fn prefix(server: &Server) -> PathBuf {
    server.get("/").expect("an answer").text().into()
}

/// The line about the choice, if there is one.
fn note(server: &Server) -> Option<String> {
    let lines = server.log().lines();
    let mut notes = lines
        .iter()
        .filter_map(|line| line.text.split_once("Using Python ").map(|(_, note)| note.to_owned()));
    let first = notes.next();
    assert_eq!(notes.next(), None, "it is said once");
    first
}

#[test]
fn the_environment_of_the_program_comes_before_the_active_one_and_one_line_says_so() {
    let _turn = turn::together();
    let (builder, folder) = bare();
    let (own, other) = (folder.join("own"), folder.join("other"));
    let program = installed(&own);
    layout::virtual_environment(&other);
    let server = builder.program(&program).variable("VIRTUAL_ENV", &other).serve(1);
    assert_eq!(prefix(&server), own);
    let expected = format!(
        "`{}/bin/python3`, where ferricorn and uvicorn are installed, though VIRTUAL_ENV is `{}` (`--python` chooses another)",
        own.display(),
        other.display()
    );
    assert_eq!(note(&server), Some(expected.clone()));
    // Neither a reload nor a restart says it again, and a new program takes the same.
    let mark = server.log().mark();
    server.signal(Signal::SIGHUP);
    server.wait_for_line_after(mark, "Reloaded: every worker runs", PATIENCE);
    assert_eq!((prefix(&server), note(&server)), (own.clone(), Some(expected)));
    let (mark, old) = (server.log().mark(), server.pid());
    server.signal(Signal::SIGUSR2);
    let next = writer(&server, mark, TOOK_OVER);
    eventually(PATIENCE, "the old master has left", || !processes::alive(old));
    server.follow(next);
    assert_eq!(prefix(&server), own);
    server.finish();
}

#[test]
fn where_the_environments_agree_nothing_is_said() {
    let _turn = turn::together();
    for by_link in [false, true] {
        let (builder, folder) = bare();
        let own = folder.join("own");
        let program = installed(&own);
        let link = folder.join("link");
        symlink(&own, &link).expect("the run's folder can be written");
        let active = if by_link { &link } else { &own };
        let server = builder.program(&program).variable("VIRTUAL_ENV", active).serve(1);
        assert_eq!((prefix(&server), note(&server)), (own, None));
        server.finish();
    }
}

#[test]
fn an_environment_without_uvicorn_gives_way_to_the_active_one() {
    let _turn = turn::together();
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        let (builder, folder) = bare();
        let (tool, active) = (folder.join("tools/ferricorn"), folder.join("active"));
        layout::empty_virtual_environment(&tool);
        layout::virtual_environment(&active);
        let program = layout::install(&tool, Path::new(PROGRAM));
        let server = builder.program(&program).variable(variable, &active).serve(1);
        assert_eq!(prefix(&server), active);
        let said = note(&server).expect("they disagree");
        let expected = format!("ferricorn is installed in `{}`, which has no uvicorn", tool.display());
        assert!(said.contains(&format!("which {variable} names")) && said.contains(&expected), "{said}");
        server.finish();
    }
}

/// What pipx and `uv tool` do, by an absolute link, by a relative one, and by one into a release.
#[test]
fn a_link_to_the_program_leads_to_the_environment_that_it_is_installed_in() {
    let _turn = turn::together();
    for target in ["ABSOLUTE", "../share/tools/shop/bin/ferricorn", "../share/current/bin/ferricorn"] {
        let (builder, folder) = bare();
        let venv = folder.join("share/tools/shop");
        let program = installed(&venv);
        symlink("tools/shop", folder.join("share/current")).expect("made above");
        fs::create_dir_all(folder.join("bin")).expect("the run's folder can be written");
        // A Python beside the link that has no uvicorn is not meant.
        symlink(python().canonicalize().expect("it is there"), folder.join("bin/python3"))
            .expect("made above");
        let target = if target == "ABSOLUTE" { program.as_path() } else { Path::new(target) };
        symlink(target, folder.join("bin/ferricorn")).expect("made above");
        let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap_or_default());
        let server = builder.program("ferricorn").variable("PATH", path).serve(1);
        let expected =
            if target.to_string_lossy().contains("current") { folder.join("share/current") } else { venv };
        assert_eq!((prefix(&server), note(&server)), (expected, None), "{target:?}");
        server.finish();
    }
}

/// conda, pyenv and the system: no `pyvenv.cfg`.
#[test]
fn a_prefix_with_uvicorn_is_the_environment_of_the_program_in_it() {
    let _turn = turn::together();
    let (builder, folder) = bare();
    let (prefix, empty) = (folder.join("conda/envs/shop"), folder.join("path"));
    layout::plain_prefix(&prefix);
    let program = layout::install(&prefix, Path::new(PROGRAM));
    fs::create_dir_all(&empty).expect("the run's folder can be written");
    // On the PATH another Python comes first.
    symlink("/bin/false", empty.join("python3")).expect("made above");
    let path = format!("{}:/usr/bin:/bin", empty.display());
    let server = builder.program(&program).variable("PATH", path).serve(1);
    assert_eq!(note(&server), None);
    server.finish();
}

#[test]
fn a_shim_of_pyenv_on_the_path_is_a_python_like_any_other() {
    let _turn = turn::together();
    let (builder, folder) = bare();
    let shims = folder.join("shims");
    fs::create_dir_all(&shims).expect("the run's folder can be written");
    layout::shim(&shims.join("python3"));
    let copied = layout::install(&folder.join("opt"), Path::new(PROGRAM));
    let server =
        builder.program(&copied).variable("PATH", format!("{}:/usr/bin:/bin", shims.display())).serve(1);
    assert_eq!(note(&server), None);
    server.finish();
}

#[test]
fn a_named_interpreter_wins_and_nothing_is_said() {
    let _turn = turn::together();
    let (builder, folder) = bare();
    let (own, named) = (folder.join("own"), folder.join("named"));
    let program = installed(&own);
    layout::virtual_environment(&named);
    let python = named.join("bin/python3");
    let server = builder
        .program(&program)
        .variable("VIRTUAL_ENV", &own)
        .args([Path::new("--python"), &python])
        .serve(1);
    assert_eq!((prefix(&server), note(&server)), (named, None));
    server.finish();
}

/// Runs the program in a folder with an application that fails with its environment's name.
fn check(folder: &Path, program: &Path, words: &[&str], active: &Path) -> Output {
    let app = "import sys\nprint(sys.prefix)\nasync def app(scope, receive, send): pass\n";
    fs::write(folder.join("main.py"), app).expect("the folder can be written");
    fs::write(folder.join("gunicorn.conf.py"), "import sys\nprint('file', sys.prefix)\n").expect("likewise");
    let mut command = Command::new(program);
    command.args(["main:app", "--check-config"]).args(words).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("VIRTUAL_ENV", active).current_dir(folder).output().expect("it can be started")
}

#[test]
fn the_check_and_the_configuration_file_have_the_interpreter_of_the_workers() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("it is there");
    let (own, other) = (root.join("own"), root.join("other"));
    let program = installed(&own);
    layout::virtual_environment(&other);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let output = check(&root, &program, &[], &other);
    let both = |root: &Path| format!("file {}\n{}\n", root.display(), root.display());
    assert_eq!((text(&output.stdout), output.status.code()), (both(&own), Some(0)), "{output:?}");
    let said = text(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("where ferricorn and uvicorn are installed, though VIRTUAL_ENV is"), "{said}");
    let output = check(&root, &program, &[], &own);
    assert_eq!((text(&output.stdout), text(&output.stderr)), (both(&own), String::new()));
    let named = other.join("bin/python3");
    let output = check(&root, &program, &["--python", named.to_str().expect("text")], &own);
    assert_eq!((text(&output.stdout), text(&output.stderr)), (both(&other), String::new()));
}
