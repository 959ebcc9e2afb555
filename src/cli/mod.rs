//! The command line: the same engine and the same files as the window, without egui.
//!
//! Owns: arguments, standard input, output and error, signals, exit codes.
//! Never: sockets of its own, a second way to format what `words`, `payload` and `session::export` format.
//! Called by: `main`.

mod arguments;
mod carets;
mod checksums;
mod connect;
mod durations;
mod endpoints;
mod export;
mod filters;
mod frames;
mod framings;
mod life;
mod lines;
mod listen;
mod live;
mod payloads;
mod printer;
mod send;
mod sequence;
mod services;
mod signals;
mod sizes;
mod standard;

use std::process::ExitCode;

use clap::CommandFactory;

pub use arguments::{Arguments, Command};

/// What ends a command with code 1: one line for standard error.
pub type Refusal = String;

/// Carries out one command. Exit codes: 0 done, 1 the network or a file said no, 2 wrong usage.
pub fn run(command: Command) -> ExitCode {
    let outcome = match command {
        Command::Listen(arguments) => listen::listen(&arguments),
        Command::Run(arguments) => listen::run(&arguments),
        Command::Connect(arguments) => connect::connect(arguments),
        Command::Send(arguments) => send::send(arguments),
        Command::Checksum(arguments) => checksums::checksums(&arguments),
        Command::Export(arguments) => export::export(&arguments),
        Command::Completions(arguments) => complete(arguments.shell),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            standard::complain(&refusal);
            ExitCode::FAILURE
        }
    }
}

/// For a build without the window.
pub fn say_there_is_no_window() -> ExitCode {
    standard::complain(
        "this build has no window. The commands listen, connect, send, run, checksum and export work without one: see sockscope --help",
    );
    ExitCode::FAILURE
}

fn complete(shell: clap_complete::Shell) -> Result<(), Refusal> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "sockscope", &mut script);
    standard::print_all(&script)
}

/// Ends the program with code 2, as clap does for what it finds itself.
fn wrong_usage(command: &str, message: &str) -> ! {
    let mut grammar = Arguments::command();
    let error = match grammar.find_subcommand_mut(command) {
        Some(sub) => {
            sub.clone().bin_name(format!("sockscope {command}")).error(clap::error::ErrorKind::ValueValidation, message)
        }
        None => grammar.error(clap::error::ErrorKind::ValueValidation, message),
    };
    error.exit()
}
