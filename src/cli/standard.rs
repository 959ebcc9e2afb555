//! Standard input, output and error: read in a thread of its own, written without panics.
//!
//! Rust opens /dev/null in place of a standard stream that was closed, so a closed input is an input at its end.
//! Called by: all of `cli`.

use std::io::{self, Read, Write};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::Refusal;
use crate::payload;

/// What one read of standard input takes at most.
pub const PIECE_BYTES: usize = 64 * 1024;
/// Pieces read ahead of the socket.
const PIECES_AHEAD: usize = 16;
/// A complaint longer than this is cut.
const COMPLAINT_BYTES: usize = 4096;

/// One line on standard error. What comes from peers or files cannot move the cursor or forge a second line.
pub fn complain(line: &str) {
    // Standard error may be closed; there is nowhere left to say so.
    let _ = writeln!(io::stderr().lock(), "sockscope: {}", payload::visible_text(line, COMPLAINT_BYTES));
}

/// Writes all to standard output. A reader that has gone away ends it quietly.
pub fn print_all(bytes: &[u8]) -> Result<(), Refusal> {
    let mut output = io::stdout().lock();
    quietly(output.write_all(bytes).and_then(|()| output.flush()))
}

/// The same for a part of more; `false`: nobody reads on.
pub fn print_on(bytes: &[u8]) -> Result<bool, Refusal> {
    let mut output = io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(output_refusal(&error)),
    }
}

/// A closed standard output is no failure (`| head -1`); all else is.
pub fn quietly(outcome: io::Result<()>) -> Result<(), Refusal> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(output_refusal(&error)),
        _ => Ok(()),
    }
}

pub fn output_refusal(error: &io::Error) -> Refusal {
    format!("Standard output cannot be written: {error}.")
}

/// Reads standard input piece by piece until its end; each piece is what one read brought, at most `piece_bytes`.
///
/// The thread is never joined: a read of a terminal cannot be interrupted, and the end of the program ends it.
pub fn read_input(piece_bytes: usize) -> io::Result<mpsc::Receiver<io::Result<Bytes>>> {
    let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
    std::thread::Builder::new().name("standard input".to_owned()).spawn(move || {
        let mut input = io::stdin().lock();
        let mut buffer = vec![0; piece_bytes];
        loop {
            let piece = match input.read(&mut buffer) {
                Ok(0) => return,
                Ok(length) => Ok(Bytes::copy_from_slice(&buffer[..length])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = piece.is_err();
            if sender.blocking_send(piece).is_err() || failed {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// Calls `gone` when the reader of standard output has gone away, even while nothing is being written.
#[cfg(unix)]
pub fn watch_output(gone: impl FnOnce() + Send + 'static) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};

    std::thread::Builder::new().name("standard output".to_owned()).spawn(move || {
        let output = io::stdout();
        loop {
            // No flags are asked for: an error or a hang-up is reported all the same, and nothing else wakes the thread.
            let mut fds = [PollFd::new(&output, PollFlags::empty())];
            match poll(&mut fds, None) {
                Ok(_) if fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => return gone(),
                // A descriptor that cannot be watched: the next write will tell.
                Ok(_) => return,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
pub fn watch_output(_gone: impl FnOnce() + Send + 'static) -> io::Result<()> {
    Ok(())
}
