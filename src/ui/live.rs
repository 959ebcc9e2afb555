//! The real `Feed`: the engine, the recorder, the log's reader, and jobs on threads of their own.
//!
//! Owns: all of them for as long as the window lives. Never waits in a frame; `finish` may, at the very end.

mod files;
mod jobs;
mod lists;
mod notes;
mod waker;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::action::ConnectionList;
use super::app;
use super::effects::{Done, Effects, Feed, Job, WindowOrder};
use crate::engine::{Busy, CloseHow, Engine, EngineSnapshot, Peers, Repeat, SequenceOrder, Source, Target};
use crate::filter::Filter;
use crate::model::{
    ConnectionId, EndpointId, EndpointSettings, Failure, ModbusTable, Rotation, RunId, SendId, Timestamp,
};
use crate::session::conversation::{Conversation, ConversationOrder, ConversationSnapshot};
use crate::session::{
    Clock, ConnectionsOrder, ConnectionsSnapshot, FindStep, Highlight, Log, LogState, LogView, Notes, Query, Recorder,
    RecorderHandle, RecorderOptions, RecorderStatus, SessionLibrary, ViewSnapshot,
};
use crate::workspace::{Folders, WorkspaceLock};

pub use files::read as read_workspace;
pub use waker::Waker;

/// Answers of jobs that may wait for the next frame.
const ANSWERS: usize = 256;
/// Closing takes no longer than 2 s together.
const CLOSE_SOCKETS: Duration = Duration::from_millis(900);
const FINISH_FILE: Duration = Duration::from_millis(900);

pub struct Live {
    runtime: Handle,
    waker: Waker,
    clock: Clock,
    engine: Engine,
    recorder: Option<Recorder>,
    last_status: RecorderStatus,
    log: Option<Arc<Log>>,
    view: Option<LogView>,
    conversation: Option<Conversation>,
    opened: Arc<Mutex<Option<Opened>>>,
    lists: lists::Lists,
    files: SyncSender<files::FileJob>,
    notes: SyncSender<notes::NoteJob>,
    done: SyncSender<Done>,
    landed: Receiver<Done>,
    quit: Arc<AtomicBool>,
    ctx: Option<egui::Context>,
    jobs: jobs::Jobs,
}

/// A session file that is shown instead of the live session.
pub(super) struct Opened {
    pub path: PathBuf,
    pub log: Arc<Log>,
    pub view: LogView,
    pub lists: lists::Lists,
}

impl Live {
    /// What templates of the workspace in use may read; later ones are told by the files thread.
    pub fn supply_from(&self, workspace: &std::path::Path, trusted: bool) {
        self.engine.set_supply(files::supply_of(workspace, trusted));
    }

    /// Starts recording and the engine. Where no file can be made the sockets work all the same, and the failure is
    /// returned beside it.
    pub fn start(
        runtime: Handle,
        folders: &Folders,
        lock: Option<WorkspaceLock>,
        ours: bool,
    ) -> Result<(Self, Option<Failure>), Failure> {
        let library = SessionLibrary::new(folders.sessions());
        let (recorder, handle, failure) = start_recorder(&library)?;
        let waker = Waker::default();
        let clock = handle.clock();
        let engine = Engine::start(runtime.clone(), handle, waker.as_fn());
        let log = recorder.log();
        let view = log.clone().map(|log| LogView::new(log, waker.as_fn()));
        let (done, landed) = sync_channel(ANSWERS);
        let opened = Arc::new(Mutex::new(None));
        let files = files::start(folders.clone(), lock, ours, engine.clone(), done.clone(), waker.clone());
        let notes = notes::start(done.clone(), waker.clone());
        let jobs = jobs::Jobs { library: library.folder.clone(), waker: waker.clone(), opened: opened.clone() };
        let live = Self {
            runtime,
            waker,
            clock,
            engine,
            last_status: recorder.status(),
            recorder: Some(recorder),
            log,
            view,
            conversation: None,
            opened,
            lists: Default::default(),
            files,
            notes,
            done,
            landed,
            quit: Arc::default(),
            ctx: None,
            jobs,
        };
        live.listen_to_signals();
        Ok((live, failure))
    }

    /// SIGTERM and Ctrl+C close the window; when it cannot, the program ends all the same.
    fn listen_to_signals(&self) {
        let (quit, waker) = (self.quit.clone(), self.waker.clone());
        self.runtime.spawn(async move {
            asked_to_end().await;
            quit.store(true, Ordering::Release);
            waker.looked();
            waker.wake();
            tokio::time::sleep(CLOSE_SOCKETS + FINISH_FILE).await;
            // What was recorded is in the file: whole blocks are handed over as events happen.
            std::process::exit(0);
        });
    }

    fn with_view<R>(&self, use_it: impl FnOnce(&LogView) -> R) -> Option<R> {
        let opened = self.opened.lock();
        match &*opened {
            Some(opened) => Some(use_it(&opened.view)),
            None => self.view.as_ref().map(use_it),
        }
    }

    fn shown_log(&self) -> Option<Arc<Log>> {
        self.opened.lock().as_ref().map(|opened| opened.log.clone()).or_else(|| self.log.clone())
    }
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    let _ = tokio::signal::ctrl_c().await;
}

fn start_recorder(library: &SessionLibrary) -> Result<(Recorder, RecorderHandle, Option<Failure>), Failure> {
    let start = |path| {
        let options = RecorderOptions { path, keep_rows: true, subscription: 0 };
        Recorder::start(options).map(|(recorder, handle, _)| (recorder, handle))
    };
    match library.new_path().and_then(|path| start(Some(path))) {
        Ok((recorder, handle)) => Ok((recorder, handle, None)),
        Err(failure) => start(None).map(|(recorder, handle)| (recorder, handle, Some(failure))),
    }
}

impl Effects for Live {
    fn open(&mut self, id: EndpointId, settings: EndpointSettings) -> Result<(), Busy> {
        self.engine.open(id, settings)
    }

    fn close(&mut self, id: EndpointId, peers: Peers) {
        self.engine.close(id, peers);
    }

    fn forget(&mut self, id: EndpointId) {
        self.engine.forget(id);
    }

    fn close_connection(&mut self, id: ConnectionId, how: CloseHow) {
        self.engine.close_connection(id, how);
    }

    fn close_peers(&mut self, id: EndpointId, how: CloseHow) {
        self.engine.close_peers(id, how);
    }

    fn send(&mut self, target: Target, source: Source, repeat: Option<Repeat>) -> Result<SendId, Busy> {
        self.engine.send(target, source, repeat)
    }

    fn stop_send(&mut self, id: SendId) {
        self.engine.stop_send(id);
    }

    fn retune(&mut self, id: EndpointId, settings: EndpointSettings) {
        self.engine.retune(id, settings);
    }

    fn resume_replies(&mut self, id: EndpointId) {
        self.engine.resume_replies(id);
    }

    fn set_register(&mut self, id: EndpointId, table: ModbusTable, address: u16, value: u16) {
        self.engine.set_register(id, table, address, value);
    }

    fn run_sequence(&mut self, order: SequenceOrder) -> Result<RunId, Busy> {
        self.engine.run_sequence(order)
    }

    fn stop_run(&mut self, id: RunId) {
        self.engine.stop_run(id);
    }

    fn show(&mut self, query: Query) {
        self.with_view(|view| view.set_query(query));
    }

    fn select_frame(&mut self, index: Option<u32>) {
        self.with_view(|view| view.select_frame(index));
    }

    fn select(&mut self, seq: Option<u64>, compared: Option<u64>) {
        self.with_view(|view| view.select(seq, compared));
    }

    fn find(&mut self, filter: Option<Filter>) {
        self.with_view(|view| view.find(filter));
    }

    fn find_step(&mut self, step: FindStep, from: Option<u64>) {
        self.with_view(|view| view.find_step(step, from));
    }

    fn highlight(&mut self, rules: Arc<[Highlight]>) {
        self.with_view(|view| view.highlight(rules));
    }

    fn want(&mut self, first: u64, count: usize) {
        self.with_view(|view| view.want(first, count));
    }

    fn rotate(&mut self, rotation: Rotation) {
        if let Some(recorder) = &self.recorder {
            recorder.set_rotation(rotation);
        }
    }

    fn follow(&mut self, order: Option<&ConversationOrder>) {
        // The thread of one that is let go ends by itself.
        let (Some(order), Some(log)) = (order, order.and_then(|_| self.shown_log())) else {
            self.conversation = None;
            return;
        };
        match &self.conversation {
            Some(conversation) if conversation.is_of(&log) => conversation.order(order),
            _ => self.conversation = Some(Conversation::new(log, order.clone(), self.waker.as_fn())),
        }
    }

    fn list_connections(&mut self, list: ConnectionList, order: Option<ConnectionsOrder>) {
        let mut opened = self.opened.lock();
        match &mut *opened {
            Some(opened) => {
                // Nobody sees those of the live session now.
                self.lists = Default::default();
                opened.lists.show(list, order, &opened.log, None, &self.waker);
            }
            None => {
                if let Some(log) = &self.log {
                    self.lists.show(list, order, log, Some(self.clock), &self.waker);
                }
            }
        }
    }

    fn want_connections(&mut self, list: ConnectionList, first: u64, count: usize) {
        let opened = self.opened.lock();
        opened.as_ref().map_or(&self.lists, |opened| &opened.lists).want(list, first, count);
    }

    fn show_live(&mut self) {
        if let Some(opened) = self.opened.lock().take() {
            // Ending its thread may wait for a read: not in a frame.
            self.runtime.spawn_blocking(move || drop(opened));
        }
    }

    fn start(&mut self, job: Job) {
        match job {
            Job::OpenWorkspace(path) => self.file_job(files::FileJob::Open(path)),
            Job::SaveWorkspace { path, workspace, as_new, replace } => {
                self.file_job(files::FileJob::Save { path, workspace, as_new, replace });
            }
            Job::PickFile { file, workspace } => self.file_job(files::FileJob::Picked { file, workspace }),
            Job::SaveUnsent(unsent) => self.file_job(files::FileJob::Unsent(unsent)),
            Job::SavePreferences(preferences) => self.file_job(files::FileJob::Preferences(Box::new(preferences))),
            Job::TrustWorkspace { path, workspace } => self.file_job(files::FileJob::Trust { path, workspace }),
            Job::Annotate { seq, change, time } => {
                let log = self.shown_log();
                if let Err(refused) = self.notes.try_send(notes::NoteJob::Change { log, seq, change, time }) {
                    // Its queue is full: the disk hangs.
                    if let Some(answer) = notes::refused(refused) {
                        let _ = self.done.try_send(answer);
                    }
                    self.waker.wake();
                }
            }
            Job::AskPath { what, suggested } => {
                let (done, waker) = (self.done.clone(), self.waker.clone());
                // The dialog begins on this thread and is waited for on another.
                let dialog = jobs::dialog(what, suggested);
                self.runtime.spawn(async move {
                    let answer = dialog.await;
                    let _ = done.try_send(answer);
                    waker.wake();
                });
            }
            other => {
                let (jobs, log) = (self.jobs.clone(), self.shown_log());
                let (done, waker) = (self.done.clone(), self.waker.clone());
                self.runtime.spawn_blocking(move || {
                    if let Some(answer) = jobs.run(other, log) {
                        let _ = done.send(answer);
                        waker.wake();
                    }
                });
            }
        }
    }

    fn window(&mut self, order: WindowOrder) {
        if let Some(ctx) = &self.ctx {
            app::carry_out(ctx, order);
        }
    }
}

impl Live {
    fn file_job(&self, job: files::FileJob) {
        // The thread takes them at once; were its queue full, the next change writes the newest state anyway.
        let _ = self.files.try_send(job);
    }
}

impl Feed for Live {
    fn engine(&self) -> Arc<EngineSnapshot> {
        self.engine.snapshot()
    }

    fn view(&self) -> Arc<ViewSnapshot> {
        self.with_view(LogView::snapshot).unwrap_or_default()
    }

    fn place_of(&self, seq: u64) -> Option<u64> {
        self.with_view(|view| view.place_of(seq)).flatten()
    }

    fn notes(&self) -> Arc<Notes> {
        self.shown_log().map(|log| log.notes()).unwrap_or_default()
    }

    fn connections(&self, list: ConnectionList) -> Arc<ConnectionsSnapshot> {
        let opened = self.opened.lock();
        opened.as_ref().map_or(&self.lists, |opened| &opened.lists).snapshot(list)
    }

    fn recorder(&self) -> RecorderStatus {
        self.recorder.as_ref().map_or_else(|| self.last_status.clone(), Recorder::status)
    }

    fn conversation(&self) -> Arc<ConversationSnapshot> {
        let log = self.shown_log();
        let shown = self.conversation.as_ref().filter(|shown| log.is_some_and(|log| shown.is_of(&log)));
        shown.map(Conversation::snapshot).unwrap_or_default()
    }

    fn opened(&self) -> Option<(PathBuf, LogState)> {
        self.opened.lock().as_ref().map(|opened| (opened.path.clone(), opened.log.state()))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn landed(&mut self) -> Vec<Done> {
        self.waker.looked();
        self.landed.try_iter().collect()
    }

    fn asked_to_quit(&self) -> bool {
        self.quit.load(Ordering::Acquire)
    }

    fn wake_through(&mut self, ctx: egui::Context) {
        self.waker.through(ctx.clone());
        self.ctx = Some(ctx);
    }

    fn finish(&mut self) {
        // Notes on their way reach the recorder before it ends.
        let (noted, wait_noted) = sync_channel(1);
        if self.notes.try_send(notes::NoteJob::End(noted)).is_ok() {
            let _ = wait_noted.recv_timeout(Duration::from_millis(150));
        }
        let (written, wait) = sync_channel(1);
        self.file_job(files::FileJob::End(written));
        let engine = self.engine.clone();
        self.runtime.block_on(async move { engine.shutdown(CLOSE_SOCKETS).await });
        if let Some(recorder) = self.recorder.take() {
            self.last_status = recorder.finish(FINISH_FILE);
            // A session in which nothing happened is not worth a file.
            if let (0, Some(path)) = (self.last_status.events, &self.last_status.path) {
                let _ = SessionLibrary::new(&self.jobs.library).delete(path);
            }
        }
        let _ = wait.recv_timeout(Duration::from_millis(150));
    }
}
