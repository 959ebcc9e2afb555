//! What `apply` asks of the world outside the window's state, behind one trait: the program does it, tests record it.
//!
//! Owns: the orders and the answers that come back later. Never: how they are carried out (`live`).

use std::path::PathBuf;
use std::sync::Arc;

use super::action::{ConnectionList, SaveWhat};
use super::state::{EventFacts, OwnAddress};
use super::understood::{Pressed, Question, Understood};
use crate::engine::{Busy, CloseHow, EngineSnapshot, Peers, Repeat, SequenceOrder, Source, Target};
use crate::filter::Filter;
use crate::model::{
    ConnectionId, EndpointId, EndpointSettings, Failure, ModbusTable, Note, Rotation, RunId, SendId, SequenceReport,
    Timestamp,
};
use crate::payload::checksum::{Finder, Finding, Found};
use crate::payload::{Compiled, Mistake};
use crate::session::conversation::{ConversationOrder, ConversationSnapshot, Sides};
use crate::session::export::Progress;
use crate::session::{
    ConnectionsCsv, ConnectionsOrder, ConnectionsSnapshot, FindStep, Highlight, LogState, Notes, Query, RecorderStatus,
    SampleOf, SessionFile, ViewSnapshot,
};
use crate::workspace::{Imported, NotImported, Preferences, ThemeChoice, Unsent, Workspace, WorkspaceError};

/// Orders. None of them waits.
pub trait Effects {
    fn open(&mut self, id: EndpointId, settings: EndpointSettings) -> Result<(), Busy>;
    fn close(&mut self, id: EndpointId, peers: Peers);
    fn forget(&mut self, id: EndpointId);
    fn close_connection(&mut self, id: ConnectionId, how: CloseHow);
    fn close_peers(&mut self, id: EndpointId, how: CloseHow);
    fn send(&mut self, target: Target, source: Source, repeat: Option<Repeat>) -> Result<SendId, Busy>;
    fn stop_send(&mut self, id: SendId);
    fn retune(&mut self, id: EndpointId, settings: EndpointSettings);
    fn resume_replies(&mut self, id: EndpointId);
    fn set_register(&mut self, id: EndpointId, table: ModbusTable, address: u16, value: u16);
    /// Lets the engine know a client that was never opened, so that a sequence can make connections like it.
    fn list_closed(&mut self, id: EndpointId, settings: EndpointSettings) -> Result<(), Busy>;
    fn run_sequence(&mut self, order: SequenceOrder) -> Result<RunId, Busy>;
    fn stop_run(&mut self, id: RunId);

    /// To the reader of the log that is shown.
    fn show(&mut self, query: Query);
    fn select(&mut self, seq: Option<u64>, compared: Option<u64>);
    /// Which of the frames that end in the selected event is meant.
    fn select_frame(&mut self, index: Option<u32>);
    fn open_frames(&mut self, frames: &[(u64, u32)]);
    /// The newest chunks of an endpoint, for the form that asks how they are cut.
    fn sample(&mut self, of: Option<SampleOf>);
    fn find(&mut self, filter: Option<Filter>);
    fn find_step(&mut self, step: FindStep, from: Option<u64>);
    fn highlight(&mut self, rules: Arc<[Highlight]>);
    fn want(&mut self, first: u64, count: usize);
    /// When the session being recorded goes on in a new file.
    fn rotate(&mut self, rotation: Rotation);
    /// Follows a connection of the log that is shown, as its tab asks for it; `None`: the tab is not shown.
    fn follow(&mut self, order: Option<&ConversationOrder>);
    /// Connections of the log that is shown; `None`: nobody looks at this list.
    fn list_connections(&mut self, list: ConnectionList, order: Option<ConnectionsOrder>);
    fn want_connections(&mut self, list: ConnectionList, first: u64, count: usize);
    /// Leaves the opened file.
    fn show_live(&mut self);

    /// Starts a job on a thread of its own; its `Done` comes back through `Feed::landed`.
    fn start(&mut self, job: Job);
    fn window(&mut self, order: WindowOrder);
}

/// What the window reads anew each frame.
pub trait Feed: Effects {
    fn engine(&self) -> Arc<EngineSnapshot>;
    fn view(&self) -> Arc<ViewSnapshot>;
    /// Where the first shown row at or after this event stands among the shown ones; `None`: there is none, or not yet.
    fn place_of(&self, seq: u64) -> Option<u64>;
    /// Notes of the log that is shown.
    fn notes(&self) -> Arc<Notes>;
    fn connections(&self, list: ConnectionList) -> Arc<ConnectionsSnapshot>;
    fn recorder(&self) -> RecorderStatus;
    fn conversation(&self) -> Arc<ConversationSnapshot>;
    /// The file that is shown instead of the live session.
    fn opened(&self) -> Option<(PathBuf, LogState)>;
    fn now(&self) -> Timestamp;
    /// Jobs that ended since the last call.
    fn landed(&mut self) -> Vec<Done>;
    /// A signal asked the program to end.
    fn asked_to_quit(&self) -> bool;
    /// Where the window is to be told that something is new.
    fn wake_through(&mut self, ctx: egui::Context);
    /// Closes the sockets and finishes the file; the only call that may wait, at the very end.
    fn finish(&mut self);
}

#[derive(Clone, Debug, PartialEq)]
pub enum WindowOrder {
    Copy(String),
    SetTheme(ThemeChoice),
    SetZoom(f32),
    Close,
}

/// Work that reads or writes files, asks the system, or waits for the person's answer in a dialog.
#[derive(Clone, Debug)]
pub enum Job {
    SaveLog {
        query: Query,
        format: &'static str,
        path: PathBuf,
        /// Write over a file that is there; otherwise `Done::Exists` asks first.
        replace: bool,
        progress: Arc<Progress>,
    },
    SaveConversation {
        connection: ConnectionId,
        sides: Sides,
        path: PathBuf,
        /// As in `SaveLog`.
        replace: bool,
        progress: Arc<Progress>,
    },
    /// The table of connections as CSV; `now`: until when open ones live, `None` for an opened file.
    CopyConnections {
        order: ConnectionsOrder,
        now: Option<Timestamp>,
    },
    SaveConnections {
        order: ConnectionsOrder,
        now: Option<Timestamp>,
        path: PathBuf,
    },
    /// What came of a run, as a JUnit file; `replace` as in `SaveLog`.
    SaveReport {
        path: PathBuf,
        report: Arc<SequenceReport>,
        replace: bool,
    },
    ListSessions,
    DeleteSession(PathBuf),
    OpenSession(PathBuf),
    OpenWorkspace(PathBuf),
    /// `as_new`: the person named a new file; otherwise it is the debounced saving of the one in use.
    SaveWorkspace {
        path: PathBuf,
        workspace: Workspace,
        as_new: bool,
        /// As in `SaveLog`, for a new file.
        replace: bool,
    },
    SavePreferences(Preferences),
    /// What stands in the composer, for the next start.
    SaveUnsent(Arc<Unsent>),
    /// Trusts what the window shows, which is what the person looked at: it is written first.
    TrustWorkspace {
        path: PathBuf,
        workspace: Workspace,
    },
    OwnAddresses,
    /// Changes the note of an event, after all that was asked for before.
    Annotate {
        seq: u64,
        change: NoteChange,
        time: Timestamp,
    },
    /// When and where events happened. `opened`: the file that is shown, so that an answer about another log is dropped.
    ReadFacts {
        opened: Option<PathBuf>,
        seqs: Vec<u64>,
    },
    /// The size of a file that is to be sent; the text is its path as typed.
    MeasureFile(String),
    /// The person chose this file for a template: it may be read, wherever it lies.
    PickFile(PathBuf),
    /// Payloads out of a file of another program.
    ImportPayloads(PathBuf),
    /// A draft that is too long for a frame.
    Understand(Box<Question>),
    /// The same of one that is sent without having been shown.
    Compile(Box<Pressed>),
    /// Two payloads that are too much for a frame.
    Compare {
        number: u64,
        before: bytes::Bytes,
        after: bytes::Bytes,
    },
    /// Which checksums fit frames that are too long for a frame of the window.
    FindChecksum {
        number: u64,
        finder: Finder,
        finding: Arc<Finding>,
    },
    AskPath {
        what: Ask,
        suggested: PathBuf,
    },
}

/// What becomes of the note on an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteChange {
    Write(String),
    /// A bookmark where nothing is; otherwise what is there goes.
    Toggle,
    Remove,
    Restore(Note),
}

/// What a system dialog is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    SaveLog {
        format: &'static str,
        what: SaveWhat,
    },
    SaveConversation,
    OpenSession,
    OpenWorkspace,
    SaveWorkspace,
    PayloadFile,
    PayloadImport,
    TemplateFile,
    /// The body of an HTTP answer.
    BodyFile,
    SaveConnections,
    SaveReport,
}

/// What came of a job.
#[derive(Debug)]
pub enum Done {
    Saved {
        path: PathBuf,
        result: Result<u64, Failure>,
        cancelled: bool,
    },
    /// So many bytes of a conversation.
    ConversationSaved {
        path: PathBuf,
        result: Result<u64, Failure>,
        cancelled: bool,
    },

    ConnectionsCopied(ConnectionsCsv),
    ConnectionsSaved {
        path: PathBuf,
        result: Result<u64, Failure>,
    },
    ReportSaved {
        path: PathBuf,
        result: Result<(), Failure>,
    },
    /// Nothing was written: a file of this name is there.
    Exists {
        path: PathBuf,
    },
    Listed {
        folder: PathBuf,
        result: Result<Vec<SessionFile>, Failure>,
    },
    Deleted {
        path: PathBuf,
        result: Result<(), Failure>,
    },
    /// On success it is shown from now on.
    SessionOpened {
        path: PathBuf,
        result: Result<(), Failure>,
    },
    WorkspaceOpened {
        path: PathBuf,
        result: Result<(Workspace, bool), WorkspaceError>,
    },
    WorkspaceSaved {
        path: PathBuf,
        as_new: bool,
        result: Result<(), Failure>,
    },
    /// Not written: another window has this workspace open.
    WorkspaceInUse {
        path: PathBuf,
    },
    PreferencesSaved(Result<(), Failure>),
    Trusted(Result<(), Failure>),
    OwnAddresses(Vec<OwnAddress>),
    /// A note was written or removed, or not.
    Annotated {
        seq: u64,
        change: NoteChange,
        /// What stood there before.
        old: Option<Arc<Note>>,
        result: Result<(), Failure>,
    },
    /// Of the events asked for, those that are in the log, which has so many rows.
    Facts {
        opened: Option<PathBuf>,
        asked: Vec<u64>,
        found: Vec<(u64, EventFacts)>,
        rows: u64,
    },
    Measured {
        path: String,
        size: Result<u64, Failure>,
    },
    Understood(Arc<Understood>),
    Compiled {
        pressed: Box<Pressed>,
        compiled: Result<Compiled, Mistake>,
    },
    Compared {
        number: u64,
        difference: Arc<crate::payload::Difference>,
    },
    ChecksumsFound {
        number: u64,
        /// `None`: cancelled.
        found: Option<Vec<Found>>,
    },
    PayloadsImported {
        path: PathBuf,
        result: Result<Imported, NotImported>,
    },
    /// `None`: cancelled; `no_dialog`: the answer came too fast for a person, so there is no dialog here.
    PathChosen {
        what: Ask,
        path: Option<PathBuf>,
        no_dialog: bool,
    },
}
