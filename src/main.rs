//! Parses the arguments and hands over to the window or to the command line; nothing else.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sockscope::cli::{self, Arguments};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(command) => cli::run(command),
        None => open_window(arguments.file),
    }
}

#[cfg(feature = "window")]
fn open_window(file: Option<PathBuf>) -> ExitCode {
    sockscope::ui::run(file)
}

#[cfg(not(feature = "window"))]
fn open_window(_file: Option<PathBuf>) -> ExitCode {
    cli::say_there_is_no_window()
}
