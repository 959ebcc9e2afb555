//! A running session of the command line: recorder, engine and printer, started and ended in the right order.
//!
//! Ending, whatever the reason: sockets close, the recorder drains and finishes the file, the printer prints the rest,
//! the program exits. After a signal all of it takes 2 s at the most, even when standard output takes nothing more.
//! Called by: `listen`, `connect`, `send`.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Refusal;
use super::arguments::SessionArguments;
use super::frames::Frames;
use super::life::{Life, Seen};
use super::lines::Lines;
use super::printer::{Output, Printer, Style};
use super::signals::Signals;
use crate::engine::{EndpointState, Engine, EngineSnapshot};
use crate::model::{Doing, Encodings, EndpointId, EndpointSettings, Failure, Reason};
use crate::session::{Recorder, RecorderOptions, RecorderStatus};
use crate::words::{Language, Words};

/// Batches that the printer may lag behind the recorder.
const BATCHES_AHEAD: usize = 4;
/// The parts of the 2 s that an ending takes at most: closing sockets, printing the rest, finishing the file.
const CLOSE_LIMIT: Duration = Duration::from_millis(700);
const PRINT_LIMIT: Duration = Duration::from_millis(400);
const FINISH_LIMIT: Duration = Duration::from_millis(600);
/// How often it is looked whether the file still grows.
const LOOK_AT_RECORDING: Duration = Duration::from_millis(500);
/// Nobody asked to hurry: a slow disk may take its time.
const PATIENT_FINISH_LIMIT: Duration = Duration::from_secs(60);

/// What a command works with while its sockets are open.
pub struct Live {
    pub engine: Engine,
    changed: watch::Receiver<()>,
    seen: watch::Receiver<Seen>,
    unfinished: RefCell<Option<Refusal>>,
}

/// Why a session ended.
enum Ending {
    /// The command's own work is over.
    Work(Result<(), Refusal>),
    Signal,
    /// The time of --for is over, or the events of --events are printed.
    Limit,
    OutputGone,
}

/// Opens a session, lets `work` have it, and closes it.
pub fn run<W>(arguments: &SessionArguments, output: Output, encodings: Encodings, work: W) -> Result<(), Refusal>
where
    W: AsyncFnOnce(&Live) -> Result<(), Refusal>,
{
    // As many sockets as the system lets this program have; where it does not, the engine says so when they run out.
    let _ = crate::kernel::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("The system has no threads for the program: {error}."))?;
    let outcome = runtime.block_on(run_on_runtime(arguments, output, encodings, work));
    runtime.shutdown_background();
    outcome
}

async fn run_on_runtime<W>(
    arguments: &SessionArguments,
    output: Output,
    encodings: Encodings,
    work: W,
) -> Result<(), Refusal>
where
    W: AsyncFnOnce(&Live) -> Result<(), Refusal>,
{
    let signals = Signals::take().map_err(|error| format!("Signals cannot be received: {error}."))?;
    let recorder = start_recorder(arguments)?;
    let (recorder, handle, subscription) = recorder;
    let Some(subscription) = subscription else { return Err("The recorder gave no events to print.".to_owned()) };
    let style = Style {
        output: if arguments.json { Output::Json } else { output },
        verbose: arguments.verbose,
        events: arguments.events,
        lines: Lines::new(TimeZone::system(), encodings),
        frames: Frames::new(&arguments.frames),
    };
    let printer = Printer::start(subscription, style)
        .map_err(|error| format!("The system has no threads for the program: {error}."))?;
    let (wake, changed) = watch::channel(());
    let wake = Arc::new(move || {
        wake.send_replace(());
    });
    let engine = Engine::start(tokio::runtime::Handle::current(), handle, wake);
    let live = Live { engine, changed, seen: printer.seen(), unfinished: RefCell::new(None) };
    let ending = tokio::select! {
        biased;
        ending = until_it_ends(&live, &signals, arguments, work) => ending,
        never = tell_of_recording(&recorder) => match never {},
    };
    end(live, recorder, printer, &signals, ending).await
}

fn start_recorder(
    arguments: &SessionArguments,
) -> Result<(Recorder, crate::session::RecorderHandle, Option<crate::session::Subscription>), Refusal> {
    if let Some(path) = arguments.record.as_deref().filter(|_| arguments.force) {
        make_way(path)?;
    }
    let options = RecorderOptions { path: arguments.record.clone(), keep_rows: false, subscription: BATCHES_AHEAD };
    let started = Recorder::start(options);
    if let Ok((recorder, ..)) = &started {
        recorder.set_rotation(arguments.rotation());
    }
    started.map_err(|failure| match failure.reason {
        Reason::FileExists => {
            let there = Words::of(Language::English).failure(&failure);
            format!("{there} Choose another file for --record, or replace it with --force.")
        }
        _ => sentence(&failure),
    })
}

/// Removes the file that --force replaces, unless another program is recording into it just now.
fn make_way(path: &Path) -> Result<(), Refusal> {
    let Ok(facts) = std::fs::symlink_metadata(path) else { return Ok(()) };
    let on = path.display();
    if facts.is_file() {
        let file = File::open(path).map_err(|error| format!("{on} cannot be opened: {error}."))?;
        if matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)) {
            return Err(format!("{on} is being recorded by another program. Choose another file for --record."));
        }
    }
    std::fs::remove_file(path).map_err(|error| format!("{on} cannot be replaced: {error}."))
}

async fn until_it_ends<W>(live: &Live, signals: &Signals, arguments: &SessionArguments, work: W) -> Ending
where
    W: AsyncFnOnce(&Live) -> Result<(), Refusal>,
{
    let limit = async {
        match arguments.for_time {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = signals.first() => Ending::Signal,
        () = live.seen_when(|seen| seen.output_gone) => Ending::OutputGone,
        () = live.seen_when(|seen| seen.enough) => Ending::Limit,
        outcome = work(live) => Ending::Work(outcome),
        () = limit => Ending::Limit,
    }
}

/// Says at once on standard error when the file does not grow: its gap row can only follow when it grows again.
async fn tell_of_recording(recorder: &Recorder) -> std::convert::Infallible {
    let mut told = None;
    loop {
        tokio::time::sleep(LOOK_AT_RECORDING).await;
        let failing = recorder.status().failing.map(|failure| failure.reason);
        if failing != told {
            let words = match recorder.status().failing {
                Some(failure) => sentence(&failure),
                None => "Recording goes on.".to_owned(),
            };
            let _ = writeln!(std::io::stderr().lock(), "sockscope: {words}");
            told = failing;
        }
    }
}

/// Closes the sockets, lets the printer and the recorder finish, and says how it went.
async fn end(
    live: Live,
    recorder: Recorder,
    printer: Printer,
    signals: &Signals,
    ending: Ending,
) -> Result<(), Refusal> {
    let recording = recorder.status().path;
    live.engine.shutdown(CLOSE_LIMIT).await;
    let Live { engine, mut seen, unfinished, .. } = live;
    drop(engine);
    let over = async { seen.wait_for(|seen| seen.over).await.map(|_| ()) };
    let hurried = async {
        signals.first().await;
        tokio::time::sleep(PRINT_LIMIT).await;
    };
    let stuck = tokio::select! {
        biased;
        _ = over => false,
        () = hurried => true,
    };
    if stuck {
        printer.abandon();
    }
    let finishing = tokio::task::spawn_blocking(move || recorder.finish(PATIENT_FINISH_LIMIT));
    let hurried = async {
        signals.first().await;
        tokio::time::sleep(FINISH_LIMIT).await;
    };
    let status = tokio::select! {
        biased;
        status = finishing => status.ok(),
        () = hurried => None,
    };
    verdict(ending, unfinished.into_inner(), printer.seen().borrow().output_failed.clone())
        .and(recording.map_or(Ok(()), |path| recorded(&path, status)))
}

fn verdict(ending: Ending, unfinished: Option<Refusal>, output_failed: Option<Refusal>) -> Result<(), Refusal> {
    match (output_failed, ending) {
        (Some(refusal), _) => Err(refusal),
        (None, Ending::Work(outcome)) => outcome,
        (None, Ending::Signal | Ending::Limit) => unfinished.map_or(Ok(()), Err),
        (None, Ending::OutputGone) => Ok(()),
    }
}

/// A file that lacks events is a file that said no.
fn recorded(path: &Path, status: Option<RecorderStatus>) -> Result<(), Refusal> {
    let on = path.display();
    match status {
        None => Err(format!("{on} could not be finished in time: its end may be missing.")),
        Some(status) if status.unrecorded_total > 0 => {
            let reason = status.failing.map(|failure| format!(" {}", sentence(&failure))).unwrap_or_default();
            Err(format!("{on} lacks {} events.{reason}", status.unrecorded_total))
        }
        Some(_) => Ok(()),
    }
}

impl Live {
    /// Opens an endpoint; waits where the engine has too many orders already.
    pub async fn open(&self, id: EndpointId, settings: &EndpointSettings) {
        while self.engine.open(id, settings.clone()).is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until the engine's snapshot answers.
    pub async fn snapshot_when<T>(&self, mut answer: impl FnMut(&EngineSnapshot) -> Option<T>) -> T {
        let mut changed = self.changed.clone();
        loop {
            changed.mark_unchanged();
            if let Some(answer) = answer(&self.engine.snapshot()) {
                return answer;
            }
            if changed.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits until what the printer has seen is so.
    pub async fn seen_when(&self, is_so: impl FnMut(&Seen) -> bool) {
        if self.seen.clone().wait_for(is_so).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub fn life(&self) -> Life {
        self.seen.borrow().life.clone()
    }

    /// Waits until an endpoint is open (or was, and is closed again), and says so if it cannot be.
    pub async fn opened(&self, id: EndpointId) -> Result<(), Failure> {
        self.snapshot_when(|snapshot| {
            let endpoint = snapshot.endpoint(id)?;
            match endpoint.state {
                EndpointState::Open | EndpointState::Paused | EndpointState::Closed => Some(Ok(())),
                EndpointState::Failed => Some(Err(endpoint.failure.clone().unwrap_or_else(|| {
                    Failure::new(Doing::Connect, endpoint.settings.uri().to_string(), Reason::Other)
                }))),
                EndpointState::Resolving | EndpointState::Connecting | EndpointState::Waiting => None,
            }
        })
        .await
    }

    /// What to say, with code 1, when the command is stopped before it is done; `None` when stopping it is fine.
    pub fn set_unfinished(&self, refusal: Option<Refusal>) {
        self.unfinished.replace(refusal);
    }

    /// After the end of a connection: waits until its last event is printed, however late that is.
    pub async fn ended_or_gone(&self, id: EndpointId) {
        tokio::select! {
            () = self.seen_when(|seen| seen.life.ended) => {}
            () = self.gone(id) => {
                // The snapshot is ahead of the recorder by a moment; the event says more than the state.
                let _ = timeout(Duration::from_secs(2), self.seen_when(|seen| seen.life.ended)).await;
            }
        }
    }

    async fn gone(&self, id: EndpointId) {
        self.snapshot_when(|snapshot| {
            let state = snapshot.endpoint(id)?.state;
            matches!(state, EndpointState::Closed | EndpointState::Failed).then_some(())
        })
        .await
    }
}

/// A failure in one line: what was tried, on what, why not, and what to try.
pub fn sentence(failure: &Failure) -> Refusal {
    let words = Words::of(Language::English);
    let hint = words.hint(failure);
    let sentence = words.failure(failure);
    if hint.is_empty() { sentence } else { format!("{sentence} {hint}") }
}
