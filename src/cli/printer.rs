//! The thread that prints events as the recorder hands them over.
//!
//! It lags behind the recorder by a bounded number of batches at most: a slow standard output therefore slows the sockets
//! down and never loses an event. Nothing else of the command line writes to standard output while it runs.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::life::Seen;
use super::lines::Lines;
use super::standard;
use crate::model::{Recorded, What};
use crate::session::{Subscription, export};

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// One line per event, for people.
    Lines,
    /// One JSON object per event.
    Json,
    /// The peer's bytes only.
    Bytes,
    /// Nothing: the command prints a result of its own at the end.
    Nothing,
}

pub struct Style {
    pub output: Output,
    /// One line per event on standard error as well (with `Output::Bytes` and `Output::Nothing`).
    pub verbose: bool,
    /// Print so many events and no more.
    pub events: Option<u64>,
    pub lines: Lines,
}

/// A handle on the thread.
pub struct Printer {
    subscription: Arc<Mutex<Option<Subscription>>>,
    seen: watch::Sender<Seen>,
}

impl Printer {
    pub fn start(subscription: Subscription, style: Style) -> io::Result<Self> {
        let seen = watch::Sender::new(Seen::default());
        let gone = seen.clone();
        standard::watch_output(move || gone.send_modify(|seen| seen.output_gone = true))?;
        let printer = Self { subscription: Arc::new(Mutex::new(Some(subscription))), seen };
        let (subscription, seen) = (printer.subscription.clone(), printer.seen.clone());
        std::thread::Builder::new().name("printer".to_owned()).spawn(move || {
            print_all(&subscription, &seen, &style);
            seen.send_modify(|seen| seen.over = true);
        })?;
        Ok(printer)
    }

    pub fn seen(&self) -> watch::Receiver<Seen> {
        self.seen.subscribe()
    }

    /// Lets go of the recorder although standard output takes nothing more, so that the file can be finished in time.
    pub fn abandon(&self) {
        if let Some(mut subscription) = self.subscription.try_lock_for(Duration::from_millis(200)) {
            subscription.take();
        }
    }
}

fn print_all(subscription: &Mutex<Option<Subscription>>, seen: &watch::Sender<Seen>, style: &Style) {
    let mut output = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let mut printed = 0;
    loop {
        // The lock is held while waiting, but never while printing: that is when `abandon` is needed.
        let batch = subscription.lock().as_ref().and_then(|subscription| subscription.recv().ok());
        let Some(batch) = batch else { break };
        let left = style.events.map_or(usize::MAX, |events| usize::try_from(events - printed).unwrap_or(usize::MAX));
        let batch = &batch[..batch.len().min(left)];
        let outcome =
            if seen.borrow().output_gone || batch.is_empty() { Ok(()) } else { print_batch(&mut output, batch, style) };
        printed += batch.len() as u64;
        seen.send_modify(|seen| {
            for recorded in batch {
                seen.life.note(&recorded.event);
            }
            seen.printed = printed;
            seen.enough = style.events == Some(printed);
            match outcome {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => seen.output_gone = true,
                Err(error) => {
                    seen.output_gone = true;
                    seen.output_failed = Some(standard::output_refusal(&error));
                }
            }
        });
    }
    // What a failed write left in the buffer is not tried again when the writer is dropped.
    let _ = output.into_parts();
}

fn print_batch(output: &mut impl Write, batch: &[Recorded], style: &Style) -> io::Result<()> {
    for recorded in batch {
        match style.output {
            Output::Lines => writeln!(output, "{}", style.lines.line(recorded))?,
            Output::Json => writeln!(output, "{}", export::json_object(recorded))?,
            Output::Bytes => {
                if let What::Received(bytes) = &recorded.event.what {
                    output.write_all(bytes)?;
                }
            }
            Output::Nothing => {}
        }
        if style.verbose && style.output != Output::Lines {
            let _ = writeln!(io::stderr().lock(), "{}", style.lines.line(recorded));
        }
    }
    output.flush()
}
