//! Jobs that touch session files or ask the person in a dialog of the system's.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Opened, Waker};
use crate::model::{Doing, Draft, Failure, PayloadFormat, Reason};
use crate::session::{
    CAPTURE_EXTENSIONS, Log, LogView, SessionLibrary, connections_csv, conversation, export, save_connections_csv,
};
use crate::ui::effects::{Ask, Done, Job};
use crate::ui::state::{EventFacts, OwnAddress};

/// A person needs longer to cancel a dialog; what answers faster was none.
const NO_DIALOG: Duration = Duration::from_millis(300);

/// What is too different for this is compared place by place.
const LONGEST_COMPARISON: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub struct Jobs {
    pub library: PathBuf,
    pub waker: Waker,
    pub opened: Arc<Mutex<Option<Opened>>>,
}

impl Jobs {
    /// Runs a job to its end; `log` is the one that was shown when it was asked for.
    pub fn run(&self, job: Job, log: Option<Arc<Log>>) -> Option<Done> {
        let library = SessionLibrary::new(&self.library);
        Some(match job {
            Job::SaveLog { path, replace: false, .. } if path.exists() => Done::Exists { path },
            Job::SaveLog { query, format, path, progress, .. } => {
                let path = std::path::absolute(&path).unwrap_or(path);
                let (log, format) = (log?, export::format(format)?);
                let result = export::save(&log, &query, format, &path, &progress);
                let cancelled = result.is_err() && progress.cancel.load(Ordering::Acquire);
                Done::Saved { path, result, cancelled }
            }
            Job::SaveConversation { path, replace: false, .. } if path.exists() => Done::Exists { path },
            Job::SaveConversation { connection, sides, path, progress, .. } => {
                let path = std::path::absolute(&path).unwrap_or(path);
                let result = conversation::save_raw(&*log?, connection, sides, &path, &progress);
                let cancelled = result.is_err() && progress.cancel.load(Ordering::Acquire);
                Done::ConversationSaved { path, result, cancelled }
            }
            Job::CopyConnections { order, now } => Done::ConnectionsCopied(connections_csv(&*log?, &order, now)),
            Job::SaveConnections { order, now, path } => {
                let path = std::path::absolute(&path).unwrap_or(path);
                let result = save_connections_csv(&*log?, &order, now, &path);
                Done::ConnectionsSaved { path, result }
            }
            Job::SaveReport { path, replace: false, .. } if path.exists() => Done::Exists { path },
            Job::SaveReport { path, report, .. } => {
                let path = std::path::absolute(&path).unwrap_or(path);
                Done::ReportSaved { result: crate::workspace::save_junit(&path, &[&*report]), path }
            }
            Job::ListSessions => Done::Listed { folder: self.library.clone(), result: library.list() },
            Job::DeleteSession(path) => Done::Deleted { result: library.delete(&path), path },
            Job::OpenSession(path) => {
                let path = std::path::absolute(&path).unwrap_or(path);
                let result = Log::open_session(&path).map(|log| {
                    let view = LogView::new(log.clone(), self.waker.as_fn());
                    *self.opened.lock() = Some(Opened { path: path.clone(), log, view, lists: Default::default() });
                });
                Done::SessionOpened { path, result }
            }
            Job::ReadFacts { opened, seqs } => facts(&*log?, opened, seqs),
            Job::OwnAddresses => Done::OwnAddresses(own_addresses()),
            Job::MeasureFile(path) => Done::Measured { size: measure(&path), path },
            Job::ImportPayloads(path) => Done::PayloadsImported { result: crate::workspace::import(&path), path },
            Job::FindChecksum { number, finder, finding } => {
                Done::ChecksumsFound { number, found: finder.run(&finding) }
            }
            Job::Understand(question) => Done::Understood(Arc::new(crate::ui::understood::understand(*question))),
            Job::Compile(pressed) => {
                let compiled = crate::payload::compile(&pressed.draft);
                Done::Compiled { pressed, compiled }
            }
            Job::Compare { number, before, after } => {
                let until = Instant::now() + LONGEST_COMPARISON;
                let difference = Arc::new(crate::payload::difference(&before, &after, Some(until)));
                Done::Compared { number, difference }
            }
            // These go to the thread of files, or begin on the window's own.
            Job::OpenWorkspace(_)
            | Job::SaveWorkspace { .. }
            | Job::SavePreferences(_)
            | Job::SaveUnsent(_)
            | Job::TrustWorkspace { .. }
            | Job::Annotate { .. }
            | Job::PickFile(_)
            | Job::AskPath { .. } => return None,
        })
    }
}

/// When and where these events happened, as far as they are in the log.
fn facts(log: &Log, opened: Option<PathBuf>, asked: Vec<u64>) -> Done {
    let rows = log.state().rows;
    let read = |seq: u64| {
        let row = log.row_of(seq);
        let recorded = (row < rows && log.seq_of(row) == seq).then(|| log.read(row).ok()).flatten()?;
        let event = recorded.event;
        Some((seq, EventFacts { time: event.time, kind: event.kind(), flow: event.flow }))
    };
    let found = asked.iter().filter_map(|seq| read(*seq)).collect();
    // What is gone or cannot be read is not asked for again with every row that comes.
    let may_come = asked.iter().any(|seq| log.row_of(*seq) >= rows);
    let rows = if may_come { rows } else { u64::MAX };
    Done::Facts { opened, asked, found, rows }
}

/// Addresses of this computer: loopback first, then by interface.
pub fn own_addresses() -> Vec<OwnAddress> {
    let mut addresses: Vec<OwnAddress> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .map(|interface| OwnAddress { address: interface.ip(), interface: interface.name })
        .collect();
    addresses.sort_by_key(|own| (!own.address.is_loopback(), own.interface.clone(), own.address));
    addresses
}

/// The size of a plain file.
fn measure(path: &str) -> Result<u64, Failure> {
    let draft = Draft { format: PayloadFormat::File, text: path.to_owned(), ..Draft::default() };
    let file = crate::payload::file_path(&draft).unwrap_or_else(|_| path.into());
    match std::fs::metadata(&file) {
        Ok(about) if about.is_file() => Ok(about.len()),
        Ok(_) => Err(Failure::new(Doing::ReadFile, path, Reason::NotAFile)),
        Err(error) => Err(Failure::of_file(Doing::ReadFile, &file, &error)),
    }
}

/// Begins a dialog. Must be called on the window's thread.
pub fn dialog(what: Ask, suggested: PathBuf) -> impl Future<Output = Done> + Send + use<> {
    let mut dialog = rfd::AsyncFileDialog::new();
    let folder = if suggested.is_dir() { Some(suggested.as_path()) } else { suggested.parent() };
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        dialog = dialog.set_directory(folder);
    }
    let name = suggested.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (dialog, saves) = match what {
        Ask::SaveLog { format, .. } => {
            let extension = export::format(format).map_or("", |format| format.extension);
            (dialog.set_file_name(name).add_filter(format, &[extension]), true)
        }
        Ask::SaveConversation => (dialog.set_file_name(name), true),
        Ask::SaveConnections => (dialog.set_file_name(name).add_filter("CSV", &["csv"]), true),
        Ask::SaveReport => (dialog.set_file_name(name).add_filter("JUnit", &["xml"]), true),
        Ask::SaveWorkspace => (dialog.set_file_name(name).add_filter("Sockscope", &["toml"]), true),
        Ask::PayloadFile | Ask::PayloadImport | Ask::TemplateFile | Ask::BodyFile => (dialog, false),
        Ask::OpenSession => (dialog.add_filter("pcapng, pcap", &CAPTURE_EXTENSIONS), false),
        Ask::OpenWorkspace => (dialog.add_filter("Sockscope", &["toml"]), false),
    };
    let begun = Instant::now();
    let saving = saves.then(|| dialog.clone().save_file());
    let opening = (!saves).then(|| dialog.pick_file());
    async move {
        let file = match (saving, opening) {
            (Some(saving), _) => saving.await,
            (None, Some(opening)) => opening.await,
            (None, None) => None,
        };
        let path = file.map(|file| file.path().to_path_buf());
        let no_dialog = path.is_none() && begun.elapsed() < NO_DIALOG;
        Done::PathChosen { what, path, no_dialog }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Recorder, RecorderOptions};

    #[test]
    fn only_events_that_may_still_come_are_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().join("session.pcapng"));
        let options = RecorderOptions { path, keep_rows: true, subscription: 0 };
        let (recorder, _handle, _) = Recorder::start(options).unwrap();
        let log = recorder.log().unwrap();
        let rows = |asked: Vec<u64>| match facts(&log, None, asked) {
            Done::Facts { rows, .. } => rows,
            _ => panic!("facts were asked for"),
        };
        assert_eq!(rows(vec![1]), 0, "it may come");
        assert_eq!(rows(vec![]), u64::MAX);
    }
}
