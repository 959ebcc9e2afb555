//! What several panels must know. Panels read it through `Ctx`; only `apply` writes it.

use std::sync::Arc;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use crate::engine::{EngineSnapshot, Repeat, SequenceTarget, Target};
use crate::filter::Mistake;
use crate::model::{
    ConnectionId, Draft, Encodings, EndpointId, EndpointSettings, EventKind, Failure, Flow, Framing, Framings,
    HighlightRule, Rotation, SavedFilter, SavedPayload, SendId, Sequence, TextEncoding, Timestamp, Verify,
};
use crate::session::conversation::{ConversationOrder, ConversationSnapshot};
use crate::session::export::Progress;
use crate::session::{
    ConnectionsOrder, ConnectionsSnapshot, LogState, Notes, Query, RecorderStatus, SessionFile, ViewSnapshot,
};
use crate::words::{Language, Words};
use crate::workspace::{Preferences, ThemeChoice};

use super::action::{Form, Tab};
use super::theme::Theme;

/// Shared by all panels of a frame.
pub struct Ctx<'a> {
    pub words: &'static Words,
    pub theme: &'a Theme,
    pub state: &'a State,
    /// The engine as it was when the frame began.
    pub engine: &'a EngineSnapshot,
    /// The rows that can be drawn.
    pub view: &'a ViewSnapshot,
    /// The place of an event among the shown rows (`Feed::place_of`).
    pub place_of: &'a dyn Fn(u64) -> Option<u64>,
    pub recorder: &'a RecorderStatus,
    /// The conversation that is followed while its tab is shown.
    pub conversation: &'a ConversationSnapshot,
    /// The table of connections, and those of an opened file by endpoint; empty while nobody shows them.
    pub connections: &'a ConnectionsSnapshot,
    pub outline: &'a ConnectionsSnapshot,
    pub now: Timestamp,
}

/// Everything that more than one panel needs.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The endpoints of the workspace, in its order; open or not.
    pub endpoints: Vec<Configured>,
    pub payloads: Vec<SavedPayload>,
    pub sequences: Vec<Sequence>,
    /// The sequence that its tab is to show; the number grows with every wish.
    pub shown_sequence: (u64, usize),
    /// The saved payload whose name is to be typed; the number grows with every question.
    pub naming: (u64, usize),
    /// What waits for answers to its `{{ask:…}}`.
    pub asking: Option<Asking>,
    /// What was answered the last time, by name; gone with the program.
    pub answered: BTreeMap<String, String>,
    /// Rows of the log are frames.
    pub show_frames: bool,
    /// Which of the frames that end in the selected event.
    pub selected_frame: Option<u32>,
    /// Frames whose chunks are shown beneath them, in order.
    pub opened_frames: Vec<(u64, u32)>,
    /// The selected event is a chunk beneath this one.
    pub selected_beneath: Option<(u64, u32)>,
    /// Framings of the endpoints of an opened file.
    pub file_framings: BTreeMap<EndpointId, Framing>,
    /// What the log shows: scope, chips, text.
    pub query: Query,
    pub selected_event: Option<u64>,
    /// Compared with the selected one.
    pub compared_event: Option<u64>,
    /// Events marked beside the selected one, by seq, in ascending order.
    pub marked: Vec<std::ops::RangeInclusive<u64>>,
    /// Of the marked ones only those count that the query shows.
    pub marked_shown_only: bool,
    /// The filter line as typed, and why it is no filter; the query keeps the last that was one.
    pub filter_text: String,
    pub filter_mistake: Option<Mistake>,
    /// Newest first.
    pub filter_history: Vec<String>,
    pub saved_filters: Vec<SavedFilter>,
    pub highlights: Vec<HighlightRule>,
    pub find: Find,
    /// Notes of the log that is shown, as they are now.
    pub notes: Arc<Notes>,
    pub noted: Noted,
    /// The event that the log is to show, and how often one was asked for.
    pub go_to: (u64, u64),
    pub tab: Tab,
    /// What the conversation tab asks for.
    pub conversation: ConversationOrder,
    pub connections: ConnectionsTable,
    /// Encodings of single connections of the log that is shown; live endpoints have theirs in their settings.
    pub connection_encodings: BTreeMap<ConnectionId, TextEncoding>,
    /// Encodings of the endpoints of an opened file, whose numbers are not those of the workspace.
    pub file_encodings: BTreeMap<EndpointId, TextEncoding>,
    pub paused: bool,
    pub local_time: bool,
    pub as_hex: bool,
    pub form: Form,
    /// Addresses of this computer for the bind list, refreshed when a form opens (never in a frame).
    pub own_addresses: Vec<OwnAddress>,
    /// Payload texts sent, newest last.
    pub history: Vec<String>,
    /// Short messages at the corner, newest last.
    pub toasts: Vec<Toast>,
    /// A session file is shown instead of the one being recorded.
    pub opened_file: Option<OpenedFile>,
    /// The workspace came from elsewhere: nothing starts until the person trusts it.
    pub inert_workspace: bool,
    pub workspace_path: Option<PathBuf>,

    pub language: Language,
    pub theme: ThemeChoice,
    pub zoom: f32,
    pub palette_open: bool,
    pub bytes_hidden: bool,
    /// Offsets beside bytes are decimal.
    pub decimal_offsets: bool,
    /// What a job found of two payloads, and the number of the question.
    pub difference: Option<(u64, Arc<crate::payload::Difference>)>,
    /// The answer to the checksum finder, and the number it was asked under; `None` in it: cancelled.
    pub found_checksums: Option<(u64, Option<Arc<Vec<crate::payload::checksum::Found>>>)>,
    /// Who gets the keyboard in the next frame; gone after it.
    pub focus: Option<Focus>,
    /// What the composer takes over; the number grows with every `SendAction::Edit`.
    pub edited_draft: (u64, Draft),
    /// What a job made of a draft that is too long for a frame.
    pub understood: Option<Arc<super::understood::Understood>>,
    /// What stands in the composer, and what it begins with.
    pub unsent: Arc<crate::workspace::Unsent>,
    /// Name and folder of the saved payload that it came from.
    pub edited_payload: Option<(String, String)>,
    /// A checksum that the composer takes over; the number grows with every `SendAction::SetChecksum`.
    pub edited_checksum: (u64, crate::model::Checksum),
    /// The path that the composer puts into a template; the number grows with each file chosen.
    pub template_file: (u64, String),
    /// The path that the HTTP service's form takes; the number grows with each file chosen.
    pub body_file: (u64, String),
    /// It is only offered: what the person typed stays.
    pub draft_is_offer: bool,
    /// The newest press of Send, for progress and Stop beside the button.
    pub last_send: Option<SendId>,
    /// Why the newest press of Send was not taken, in words.
    pub send_error: Option<String>,
    /// To whom the composer and the saved payloads send; `None`: the first that is there.
    pub target: Option<Target>,
    /// The size of the file named in the composer, found by a job.
    pub file: Option<MeasuredFile>,
    /// What the newest `EndpointAction::Create` became.
    pub last_created: Option<EndpointId>,

    pub saving: Saving,
    pub sessions: Sessions,
    pub rotation: Rotation,
    /// A dialog of the system's is open: its buttons wait.
    pub dialog_open: bool,
    /// The system has no file dialog, or gave none: say so and point at the path field.
    pub no_dialog: bool,

    /// What waits for the engine before it can go on.
    pub waiting: Waiting,
    /// A session that a crash left behind: the name of its file, and what opens it.
    pub crashed_offer: Option<(String, super::action::Action)>,
    /// Since when changes wait to be written.
    pub unsaved: Unsaved,
    /// Preferences of a newer version, kept as they are.
    pub other_preferences: Preferences,
    pub(super) next_endpoint: u32,
    pub(super) held_query: Option<Query>,
    pub(super) held_encodings: BTreeMap<ConnectionId, TextEncoding>,
}

/// A press of Send, or of Run, that asks something first.
#[derive(Clone, Debug, PartialEq)]
pub struct Asking {
    /// Names of what is asked, in order, and what was answered the last time.
    pub names: Vec<(String, String)>,
    pub then: Asked,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    Send { target: Target, draft: Draft, repeat: Option<Repeat> },
    Run { sequence: usize, on: SequenceTarget },
}

/// The find bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Find {
    pub open: bool,
    pub text: String,
    pub mistake: Option<Mistake>,
}

/// What the notes tab and the editor of a note know besides the notes.
#[derive(Clone, Debug, Default)]
pub struct Noted {
    pub facts: BTreeMap<u64, Facts>,
    /// Why the newest note was not written.
    pub failed: Option<Failure>,
}

/// When and where an event happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Facts {
    /// A job reads them.
    Asked,
    Known(EventFacts),
    /// There was no such event in the log when it had so many rows.
    Unknown {
        rows: u64,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct EventFacts {
    pub time: Timestamp,
    pub kind: EventKind,
    pub flow: Arc<Flow>,
}

/// The table of connections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectionsTable {
    pub order: ConnectionsOrder,
    /// What the threads behind the table and the outline were told last.
    pub told: (Option<ConnectionsOrder>, Option<ConnectionsOrder>),
}

/// A session file, or a capture of another program, that is shown in place of the live session.
#[derive(Clone, Debug, Default)]
pub struct OpenedFile {
    pub path: PathBuf,
    pub log: LogState,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredFile {
    /// As it was typed.
    pub path: String,
    pub size: Result<u64, Failure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Composer,
    Filter,
    Find,
}

/// Saving the log to a file.
#[derive(Clone, Debug, Default)]
pub struct Saving {
    /// Where the folder of exports is, and the name to begin with (no extension).
    pub suggested: PathBuf,
    /// What the dialog brought; the number grows so that the field notices.
    pub chosen: (u64, Option<PathBuf>),
    pub running: Option<SaveRunning>,
    pub failed: Option<Failure>,
    /// The report of a run that was saved since saving began.
    pub report: Option<PathBuf>,
    /// This file is there already: only a second press writes over it.
    pub exists: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub struct SaveRunning {
    pub path: PathBuf,
    pub progress: Arc<Progress>,
}

impl SaveRunning {
    /// Events written and to be written.
    pub fn done(&self) -> (u64, u64) {
        (self.progress.done.load(Ordering::Relaxed), self.progress.total.load(Ordering::Relaxed))
    }
}

/// The files of the session folder.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    /// `None` until the folder was read.
    pub list: Option<Arc<[SessionFile]>>,
    pub folder: PathBuf,
    pub failed: Option<Failure>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsaved {
    pub workspace: Option<Timestamp>,
    pub preferences: Option<Timestamp>,
    /// The text of the composer.
    pub unsent: Option<Timestamp>,
}

/// Steps that need the engine's answer to an earlier one.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// Listeners of echo demos that are to get a client.
    pub echo: Vec<EndpointId>,
    /// Edited endpoints that open again once their old socket is closed.
    pub reopen: VecDeque<EndpointId>,
}

impl State {
    pub fn endpoint(&self, id: EndpointId) -> Option<&Configured> {
        self.endpoints.iter().find(|endpoint| endpoint.id == id)
    }

    /// How content is shown as text, everywhere.
    pub fn encodings(&self) -> Encodings {
        let endpoints = if self.opened_file.is_some() {
            self.file_encodings.clone()
        } else {
            let own = self.endpoints.iter().filter(|endpoint| endpoint.settings.shown_as != TextEncoding::default());
            own.map(|endpoint| (endpoint.id, endpoint.settings.shown_as)).collect()
        };
        let connections = self.connection_encodings.clone();
        Encodings { everywhere: TextEncoding::default(), endpoints, connections }
    }

    /// How streams are taken apart into frames.
    pub fn framings(&self) -> Framings {
        let endpoints = if self.opened_file.is_some() {
            self.file_framings.clone()
        } else {
            let own = self.endpoints.iter().filter(|endpoint| endpoint.settings.framing != Framing::None);
            own.map(|endpoint| (endpoint.id, endpoint.settings.framing.clone())).collect()
        };
        Framings { everywhere: Framing::None, endpoints }
    }

    /// Checksums that received frames carry.
    pub fn verified(&self) -> BTreeMap<EndpointId, Verify> {
        let own = self.endpoints.iter().filter(|_| self.opened_file.is_none());
        own.filter_map(|endpoint| Some((endpoint.id, endpoint.settings.verify.clone()?))).collect()
    }

    /// How the content of a connection is shown as text; that of its endpoint unless it has its own.
    pub fn encoding_of(&self, flow: &Flow) -> TextEncoding {
        let endpoint = || match self.opened_file {
            Some(_) => self.file_encodings.get(&flow.endpoint).copied(),
            None => self.endpoint(flow.endpoint).map(|endpoint| endpoint.settings.shown_as),
        };
        self.connection_encodings.get(&flow.connection).copied().or_else(endpoint).unwrap_or_default()
    }

    /// Nothing is recorded, configured or opened yet: the window teaches.
    pub fn is_first_minute(&self, view: &ViewSnapshot) -> bool {
        view.total == 0 && self.opened_file.is_none()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Configured {
    pub id: EndpointId,
    pub settings: EndpointSettings,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAddress {
    pub address: std::net::IpAddr,
    pub interface: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    pub text: String,
    pub is_error: bool,
    pub until: Timestamp,
    /// What the button of the toast does (Undo).
    pub undo: Option<Arc<super::action::Action>>,
}
