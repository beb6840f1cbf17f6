//! `cargo dev demo`: the FastAPI example on supervised workers, to be played with.
//!
//! The process becomes the master at the end (`execve`), so that Ctrl-C, signals and the exit code are the master's
//! own and nothing stands between it and the terminal.

use std::{env, net::TcpListener, os::unix::process::CommandExt as _, process, process::ExitCode};

use clap::Args;

use crate::{
    extension, failure::Failure, say::say, steps::loudly_checked, venv::Python, workspace::Workspace,
};

const DEFAULT_PORT: u16 = 8000;
/// Options that say where to listen: with one of them the demo chooses no address.
const WHERE: [&str; 6] = ["-b", "--bind", "--host", "--port", "--uds", "--fd"];

/// Serve examples/fastapi on 2 supervised workers
#[derive(Args)]
pub(crate) struct Arguments {
    /// Options for ferricorn; `--` before them is optional
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    pub(crate) options: Vec<String>,
}

/// Prepares everything and becomes the master; returns only when that fails.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let own = &arguments.options;
    let workspace = Workspace::find()?;
    say("Preparing");
    let venv = Python::find()?.venv(&workspace, "newest")?;
    extension::build(&workspace)?;
    // As a part of the workspace, so that what it depends on is built as it is for everything else.
    loudly_checked("build", &mut workspace.cargo(["build", "--workspace", "--bin", "ferricorn"]))?;

    let mut options = vec!["main:app".to_owned()];
    let names_address = |option: &String| WHERE.iter().any(|name| option.split('=').next() == Some(name));
    if !own.iter().any(names_address) {
        let port = free_port()?;
        options.extend(["--bind".to_owned(), format!("127.0.0.1:{port}")]);
        say(&what_to_try(port));
    }
    options.extend(["--workers", "2", "--access-logfile", "-"].map(str::to_owned));
    options.extend_from_slice(own);
    say(&format!("$ ferricorn {}\n", options.join(" ")));

    let mut master = workspace.command(workspace.target.join("debug/ferricorn"), []);
    master.args(options).current_dir(workspace.root.join("examples/fastapi"));
    let error = master.env_remove("PORT").env("FERRICORN_PYTHON", venv.program("python")).exec();
    Err(Failure::new(format!("cannot run `{}`: {error}", master.get_program().display())))
}

/// `PORT`, or 8000; one that the system chooses when that is taken.
fn free_port() -> Result<u16, Failure> {
    let wished = match env::var("PORT") {
        Ok(text) => text.parse().map_err(|_| Failure::new(format!("PORT is not a port number: `{text}`")))?,
        Err(_) => DEFAULT_PORT,
    };
    if TcpListener::bind(("127.0.0.1", wished)).is_ok() {
        return Ok(wished);
    }
    let chosen = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let chosen =
        chosen.map_err(|error| Failure::new(format!("no port is free on 127.0.0.1: {error}")))?.port();
    say(&format!("\nPort {wished} is in use: this is port {chosen}."));
    Ok(chosen)
}

fn what_to_try(port: u16) -> String {
    let pid = process::id();
    format!(
        "
Try in another terminal:
  curl http://127.0.0.1:{port}/                         the pid is the worker's
  curl http://127.0.0.1:{port}/health
  curl -N 'http://127.0.0.1:{port}/stream?chunks=50'    and meanwhile:
  kill -HUP {pid}                                     a rolling reload, which loses no request
  kill -TTIN {pid}                                    one worker more (TTOU: one less)
  target/debug/ferricorn ctl --pid {pid} status       what runs
  curl 'http://127.0.0.1:{port}/block?seconds=60'       a blocked worker is replaced after --timeout (30 s)
Ctrl-C here ends it.
"
    )
}
