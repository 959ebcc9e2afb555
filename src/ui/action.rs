//! What panels ask for. `apply` carries it out after layout; nothing else changes shared state.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::engine::{CloseHow, Peers, Repeat, SequenceTarget, Target};
use crate::model::{
    ConnectionId, Draft, EndpointId, EndpointSettings, Framing, HighlightRule, ModbusTable, Note, Rotation, RunId,
    SavedFilter, SavedPayload, SendId, Sequence, Step, TextEncoding,
};
use crate::payload::checksum::{Finder, Finding};
use crate::session::conversation::{ConversationOrder, Sides};
use crate::session::{ConnectionsOrder, FindStep, SampleOf, Scope};
use crate::words::Language;
use crate::workspace::ThemeChoice;

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Endpoint(EndpointAction),
    Send(SendAction),
    Log(LogAction),
    Find(FindAction),
    Note(NoteAction),
    Conversation(ConversationAction),
    Session(SessionAction),
    Workspace(WorkspaceAction),
    Sequence(SequenceAction),
    Library(LibraryAction),
    Connections(ConnectionsAction),
    View(ViewAction),
    /// Puts text on the clipboard.
    Copy(String),
    /// Takes a toast away before its time.
    DismissToast(usize),
    Quit,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EndpointAction {
    /// Adds an endpoint to the workspace and opens it. `replaces`: an edited endpoint that is closed first.
    Create {
        settings: Box<EndpointSettings>,
        replaces: Option<EndpointId>,
    },
    /// Opens a closed or failed endpoint again.
    Open(EndpointId),
    Close(EndpointId, Peers),
    ClosePeers(EndpointId, CloseHow),
    CloseConnection(ConnectionId, CloseHow),
    /// Closes it and takes it out of the workspace; can be undone from the toast.
    Remove(EndpointId),
    /// Undoes `Remove`: back to its place in the list, open again where it was open.
    Restore {
        settings: Box<EndpointSettings>,
        place: usize,
        open: bool,
    },
    SetStartWithWorkspace(EndpointId, bool),
    /// Framing, replies and whatever else needs no new socket.
    Retune(EndpointId, Box<EndpointSettings>),
    /// Lets replies act again that rested because two endpoints of ours answered each other.
    ResumeReplies(EndpointId),
    /// Of the Modbus service; coils and inputs are 0 or 1.
    SetRegister {
        endpoint: EndpointId,
        table: ModbusTable,
        address: u16,
        value: u16,
    },
    /// A listener with echo and a client to it, in one click.
    EchoDemo,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SendAction {
    Send {
        target: Target,
        draft: Draft,
        repeat: Option<Repeat>,
    },
    /// The same once the person answered what its `{{ask:…}}` ask.
    SendAnswered {
        target: Target,
        draft: Draft,
        repeat: Option<Repeat>,
        asks: BTreeMap<String, String>,
    },
    Stop(SendId),
    SavePayload(SavedPayload),
    RemovePayload(usize),
    RenamePayload(usize, String),
    /// Puts a draft into the composer (`State::edited_draft`).
    Edit(Draft),
    /// The composer takes this checksum and keeps the rest (`State::edited_checksum`).
    SetChecksum(crate::model::Checksum),
    /// To whom the composer and the saved payloads send.
    SetTarget(Option<Target>),
    /// Asks the system's dialog for a file to send; it arrives like `Edit`.
    ChooseFile,
    /// The same for a file that a template reads; it arrives as `State::template_file`.
    ChooseTemplateFile,
    /// The same for the body of an HTTP service; it arrives as `State::body_file`.
    ChooseBodyFile,
    /// The person lets templates read this file, wherever it lies.
    PickFile(PathBuf),
    /// A job makes out what a long draft is (`State::understood`).
    Understand(Box<super::understood::Question>),
    /// What stands in the composer now, to be kept for the next start.
    Unsent(std::sync::Arc<crate::workspace::Unsent>),
    /// A job finds out the size of the file that the composer names (`State::file`).
    MeasureFile(String),
}

/// The saved payloads, by their place in the workspace.
#[derive(Clone, Debug, PartialEq)]
pub enum LibraryAction {
    /// Takes the place of the one that is there: name, folder, remark, shortcut. A shortcut is taken from whoever had it.
    Set(usize, SavedPayload),
    /// To stand where `to` stands now (or at the end), in this folder.
    Move {
        from: usize,
        to: usize,
        folder: String,
    },
    Duplicate(usize),
    /// Puts it into the composer; saving it there names it again (`State::edited_payload`).
    Edit(usize),
    /// What lies in one folder, and below, lies in another.
    RenameFolder {
        from: String,
        to: String,
    },
    /// With all that lies in it.
    RemoveFolder(String),
    /// Undoes `RemoveFolder`: each to the place that it had, first ones first.
    PutBack(Vec<(usize, SavedPayload)>),
    /// Keeps what was recorded or sent under a name of its own, and asks for a better one (`State::naming`).
    Keep(SavedPayload),
    /// Undoes `SendAction::RemovePayload`.
    Insert(usize, SavedPayload),
    /// Undoes `Keep` and an import.
    Forget(Vec<SavedPayload>),
    ImportWithDialog,
    Import(PathBuf),
    /// Alt and a digit were pressed and nothing can be sent; why, in words.
    NotSent(String),
}

/// Sequences of the workspace, by their place in it, and their runs.
#[derive(Clone, Debug, PartialEq)]
pub enum SequenceAction {
    /// A new one, or one that takes the place of another.
    Save {
        sequence: Sequence,
        replaces: Option<usize>,
    },
    Remove(usize),
    /// Undoes `Remove`.
    Insert(usize, Sequence),
    Duplicate(usize),
    /// To stand at this place among the sequences.
    Move {
        from: usize,
        to: usize,
    },
    /// A path counts from 0 at each level.
    RemoveStep {
        sequence: usize,
        step: Vec<usize>,
    },
    /// Undoes `RemoveStep`, as long as the sequence at this place has the same name.
    InsertStep {
        sequence: usize,
        name: String,
        path: Vec<usize>,
        step: Box<Step>,
    },
    /// Its tab shows this one (`State::shown_sequence`).
    Show(usize),
    /// A shortcut was pressed and it cannot be run; why, in words.
    NotRun(String),
    /// Saving begins anew: what an earlier attempt said is gone.
    BeginReport,
    /// Asks the system's dialog for a path; it arrives in `State::saving`.
    ChooseReport {
        suggested: PathBuf,
    },
    /// Writes what came of a run as a JUnit file.
    SaveReport {
        run: RunId,
        path: PathBuf,
        /// The person agreed to write over a file that is there.
        replace: bool,
    },
    /// Asks first for what its payloads ask.
    Run {
        sequence: usize,
        on: SequenceTarget,
    },
    RunAnswered {
        sequence: usize,
        on: SequenceTarget,
        asks: BTreeMap<String, String>,
    },
    Stop(RunId),
}

#[derive(Clone, Debug, PartialEq)]
pub enum LogAction {
    Select(Scope),
    SelectEvent(Option<u64>),
    /// A frame: the seq of the chunk it ends in, and which of the frames that end there.
    SelectFrame {
        seq: u64,
        index: u32,
    },
    /// Shows the chunks of a frame beneath it, or hides them.
    OpenFrame {
        frame: (u64, u32),
        open: bool,
    },
    /// A chunk beneath a frame, by its seq.
    SelectChunk {
        seq: u64,
        frame: (u64, u32),
    },
    /// Rows are frames instead of chunks.
    ShowFrames(bool),
    /// How one endpoint's streams are taken apart; of an opened file it is forgotten with the file.
    SetFraming(EndpointId, Framing),
    /// Chunks that the framing form shows a sample of.
    Sample(Option<SampleOf>),
    /// A second event beside the selected one, to be compared with it.
    Compare(Option<u64>),
    /// Marks events by seq beside the selected one, for exporting just these.
    MarkEvents(Vec<std::ops::RangeInclusive<u64>>),
    /// The same for those between two events that are shown now, which only the log's reader can list: changing the
    /// filter unmarks them.
    MarkShown(std::ops::RangeInclusive<u64>),
    /// The filter line's text, as typed; one that is no filter stays in the line and changes nothing.
    SetFilter(String),
    /// Puts the filter in force into the history.
    CommitFilter,
    /// The selected event was read just now, and the filter asks for its time.
    FollowSelected,
    ToggleReceived,
    ToggleSent,
    ToggleState,
    ToggleErrors,
    /// Holds the view; recording goes on.
    Pause(bool),
    SetLocalTime(bool),
    ShowAsHex(bool),
    /// Rows that the log is about to draw: places in the matched rows.
    Want {
        first: u64,
        count: usize,
    },
    /// How one endpoint's content is shown as text.
    SetEncoding(EndpointId, TextEncoding),
    /// The same for one connection; `None`: as its endpoint.
    SetConnectionEncoding(ConnectionId, Option<TextEncoding>),
    /// Rules for colours, in their order.
    SetHighlights(Vec<HighlightRule>),
    SetSavedFilters(Vec<SavedFilter>),
    /// A job finds checksums; the answer is `State::found_checksums`.
    FindChecksum {
        number: u64,
        finder: Finder,
        finding: std::sync::Arc<Finding>,
    },
    /// A job compares two payloads that are too much for a frame; the answer is `State::difference`.
    FindDifference {
        number: u64,
        before: bytes::Bytes,
        after: bytes::Bytes,
    },
}

/// The find bar.
#[derive(Clone, Debug, PartialEq)]
pub enum FindAction {
    /// Opens it, or puts the keyboard into it.
    Open,
    Close,
    /// As typed, in the filter language; one that is no filter stays in the bar and finds nothing.
    SetText(String),
    /// The same, and goes to the first match after this event.
    Search {
        text: String,
        from: Option<u64>,
    },
    Step(FindStep),
}

/// Notes and bookmarks on events, by seq. What is written is carried out in the order in which it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum NoteAction {
    /// Sets a bookmark, or takes away what is there; a note with words can be brought back from the toast.
    ToggleBookmark(u64),
    Write {
        seq: u64,
        text: String,
    },
    Remove(u64),
    /// Undoes `Remove`.
    Restore(Note),
    /// Shows the event in the log.
    GoTo(u64),
    /// The notes tab shows notes on these events: a job reads when and where they happened.
    WantFacts(Vec<u64>),
}

/// Which events are saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaveWhat {
    #[default]
    All,
    /// What the filter shows.
    Shown,
    /// Those of them that are marked.
    Marked,
}

/// The conversation tab.
#[derive(Clone, Debug, PartialEq)]
pub enum ConversationAction {
    /// What it is about to draw.
    Order(ConversationOrder),
    /// Saving begins anew: what an earlier attempt said is gone.
    BeginSave,
    /// Asks the system's dialog for a path; it arrives in `State::saving`.
    ChooseFile { suggested: PathBuf },
    /// Writes the bytes of one side, or of both, to a file.
    Save {
        connection: ConnectionId,
        sides: Sides,
        path: PathBuf,
        /// The person agreed to write over a file that is there.
        replace: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum SessionAction {
    /// Asks the system's dialog for a path, then saves.
    SaveWithDialog {
        format: &'static str,
        what: SaveWhat,
    },
    Save {
        format: &'static str,
        what: SaveWhat,
        path: PathBuf,
        /// The person agreed to write over a file that is there.
        replace: bool,
    },
    CancelSave,
    OpenWithDialog,
    Open(PathBuf),
    /// Back to the session being recorded.
    ShowLive,
    Delete(PathBuf),
    RefreshList,
    /// When the session being recorded goes on in a new file.
    SetRotation(Rotation),
    /// The session that a crash left behind is not wanted now; it stays in the list.
    DismissCrashed,
}

#[derive(Clone, Debug, PartialEq)]
pub enum WorkspaceAction {
    OpenWithDialog,
    Open(PathBuf),
    SaveAsWithDialog,
    SaveAs {
        path: PathBuf,
        /// The person agreed to write over a file that is there.
        replace: bool,
    },
    /// The person trusts this workspace on this computer.
    Trust,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ViewAction {
    ShowForm(Form),
    ShowTab(Tab),
    HideForm,
    SetLanguage(Language),
    SetTheme(ThemeChoice),
    SetZoom(f32),
    ShowPalette(bool),
    ShowBytes(bool),
    SetDecimalOffsets(bool),
    FocusComposer,
    FocusFilter,
}

/// The table of connections, and the list of an opened file's.
#[derive(Clone, Debug, PartialEq)]
pub enum ConnectionsAction {
    /// Sorts the table and narrows it to a text.
    Arrange(ConnectionsOrder),
    /// Rows that a list is about to draw: places in its order.
    Want {
        list: ConnectionList,
        first: u64,
        count: usize,
    },
    /// The whole table as CSV, in its order: on the clipboard, or in a file that the system's dialog asks for.
    CopyCsv,
    SaveCsvWithDialog,
}

/// Who lists connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionList {
    /// The tab.
    Table,
    /// The sidebar, for an opened file.
    Outline,
}

/// What is open over the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Form {
    #[default]
    None,
    Listen,
    Connect,
    Udp,
    /// Settings of an endpoint that is there already.
    Edit(EndpointId),
    SaveLog,
    Sessions,
    OpenWorkspace,
    SaveWorkspace,
    About,
    Shortcuts,
    /// Rules for colours, and filters with names.
    Highlights,
    /// The filter language.
    FilterHelp,
    /// The note on an event.
    Note(u64),
    /// Framing, decoder and verified checksum of an endpoint.
    Framing(EndpointId),
    /// Automatic replies of an endpoint.
    Replies(EndpointId),
    /// What its service answers: registers of a Modbus server, the HTTP answer.
    Service(EndpointId),
    /// Which checksums fit some bytes.
    ChecksumFinder,
    /// What the `{{ask:…}}` of a payload or a sequence ask (`State::asking`).
    Ask,
}

/// What stands in the middle of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tab {
    #[default]
    Log,
    Conversation,
    Connections,
    Notes,
    Sequences,
}

impl Tab {
    pub const ALL: [Self; 5] = [Self::Log, Self::Conversation, Self::Connections, Self::Notes, Self::Sequences];
}

impl Action {
    /// Bookkeeping of a panel that changes nothing a person sees by itself, so it needs no frame of its own.
    pub fn is_housekeeping(&self) -> bool {
        matches!(
            self,
            Action::Log(LogAction::Want { .. })
                | Action::Note(NoteAction::WantFacts(_))
                | Action::Send(SendAction::Unsent(_) | SendAction::Understand(_))
                | Action::Conversation(ConversationAction::Order(_))
                | Action::Connections(ConnectionsAction::Want { .. })
        )
    }
}
