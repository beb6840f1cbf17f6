//! The program: everything it does is in the library, so that tests and tools can use it.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(ferricorn::run(std::env::args_os()))
}
