//! The command line as a person uses it: the real program, real sockets on port 0, peers that we did not write.

#[path = "cli_commands/program.rs"]
mod program;

#[path = "cli_commands/connect.rs"]
mod connect;
#[path = "cli_commands/ending.rs"]
mod ending;
#[path = "cli_commands/files.rs"]
mod files;
#[path = "cli_commands/frames.rs"]
mod frames;
#[path = "cli_commands/listen.rs"]
mod listen;
#[path = "cli_commands/send.rs"]
mod send;
