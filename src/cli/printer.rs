//! The thread that prints events as the recorder hands them over.
//!
//! It lags behind the recorder by a bounded number of batches at most: a slow standard output therefore slows the sockets
//! down and never loses an event. Nothing else of the command line writes to standard output while it runs.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::frames::{Frames, Item};
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
    /// Frames are printed in place of chunks.
    pub frames: Option<Frames>,
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
            print_all(&subscription, &seen, style);
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

fn print_all(subscription: &Mutex<Option<Subscription>>, seen: &watch::Sender<Seen>, mut style: Style) {
    let mut output = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let mut frames = style.frames.take();
    let mut printed = 0;
    loop {
        // The lock is held while waiting, but never while printing: that is when `abandon` is needed.
        let gap = frames.as_ref().and_then(Frames::gap);
        let Some(batch) = next(subscription, gap) else { break };
        let left = style.events.map_or(usize::MAX, |events| usize::try_from(events - printed).unwrap_or(usize::MAX));
        let (items, events) = items(&batch, left, frames.as_mut());
        let outcome = if seen.borrow().output_gone || items.is_empty() {
            Ok(())
        } else {
            print_batch(&mut output, &items, &style)
        };
        printed += items.len() as u64;
        seen.send_modify(|seen| {
            for recorded in &batch[..events] {
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

/// The next events; none after a pause of `gap`; `None` at the end.
fn next(subscription: &Mutex<Option<Subscription>>, gap: Option<Duration>) -> Option<Arc<[Recorded]>> {
    let subscription = subscription.lock();
    let subscription = subscription.as_ref()?;
    match gap {
        None => subscription.recv().ok(),
        Some(gap) => match subscription.recv_timeout(gap) {
            Err(RecvTimeoutError::Timeout) => Some(Arc::default()),
            batch => batch.ok(),
        },
    }
}

/// What is to be printed, at most `most`, and of how many events that is.
fn items(batch: &[Recorded], most: usize, frames: Option<&mut Frames>) -> (Vec<Item>, usize) {
    let Some(frames) = frames else {
        let events = batch.len().min(most);
        let item = |recorded: &Recorded| Item { recorded: recorded.clone(), frame: None };
        return (batch[..events].iter().map(item).collect(), events);
    };
    let mut items = Vec::new();
    if batch.is_empty() {
        frames.paused(&mut items);
    }
    let mut events = 0;
    for recorded in batch {
        if items.len() >= most {
            break;
        }
        frames.take(recorded, &mut items);
        events += 1;
    }
    items.truncate(most);
    (items, events)
}

fn print_batch(output: &mut impl Write, items: &[Item], style: &Style) -> io::Result<()> {
    for Item { recorded, frame } in items {
        let remarks = frame.as_ref().map(|frame| frame.text()).unwrap_or_default();
        match style.output {
            Output::Lines => writeln!(output, "{}{remarks}", style.lines.line(recorded))?,
            Output::Json => {
                let object = export::json_object(recorded);
                let object = match frame {
                    Some(frame) => frame.json(object),
                    None => object,
                };
                writeln!(output, "{object}")?;
            }
            Output::Nothing => {}
            Output::Bytes => match (&recorded.event.what, frame) {
                (What::Received(_), Some(_)) => writeln!(output, "{}{remarks}", style.lines.content(&recorded.event))?,
                (What::Received(bytes), None) => output.write_all(bytes)?,
                _ => {}
            },
        }
        if style.verbose && style.output != Output::Lines {
            let _ = writeln!(io::stderr().lock(), "{}{remarks}", style.lines.line(recorded));
        }
    }
    output.flush()
}
