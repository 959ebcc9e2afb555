//! What panels ask for. `apply` carries it out after layout; nothing else changes shared state.

use std::path::PathBuf;

use crate::engine::{CloseHow, Peers, Repeat, Target};
use crate::model::{
    ConnectionId, Draft, EndpointId, EndpointSettings, HighlightRule, SavedFilter, SavedPayload, SendId, TextEncoding,
};
use crate::session::{FindStep, Scope};
use crate::words::Language;
use crate::workspace::ThemeChoice;

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Endpoint(EndpointAction),
    Send(SendAction),
    Log(LogAction),
    Find(FindAction),
    Session(SessionAction),
    Workspace(WorkspaceAction),
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
        settings: EndpointSettings,
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
        settings: EndpointSettings,
        place: usize,
        open: bool,
    },
    SetStartWithWorkspace(EndpointId, bool),
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
    Stop(SendId),
    SavePayload(SavedPayload),
    RemovePayload(usize),
    RenamePayload(usize, String),
    /// Puts a draft into the composer (`State::edited_draft`).
    Edit(Draft),
    /// To whom the composer and the saved payloads send.
    SetTarget(Option<Target>),
    /// Asks the system's dialog for a file to send; it arrives like `Edit`.
    ChooseFile,
    /// A job finds out the size of the file that the composer names (`State::file`).
    MeasureFile(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum LogAction {
    Select(Scope),
    SelectEvent(Option<u64>),
    /// A second event beside the selected one, to be compared with it.
    Compare(Option<u64>),
    /// Marks events by seq beside the selected one, for exporting just these.
    MarkEvents(Vec<std::ops::RangeInclusive<u64>>),
    /// The filter line's text, as typed; one that is no filter stays in the line and changes nothing.
    SetFilter(String),
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
    Step(FindStep),
}

#[derive(Clone, Debug, PartialEq)]
pub enum SessionAction {
    /// Asks the system's dialog for a path, then saves. `shown_only`: what the filter shows.
    SaveWithDialog {
        format: &'static str,
        shown_only: bool,
    },
    Save {
        format: &'static str,
        shown_only: bool,
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
}

/// What stands in the middle of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tab {
    #[default]
    Log,
    Conversation,
    Connections,
    Notes,
}

impl Tab {
    pub const ALL: [Self; 4] = [Self::Log, Self::Conversation, Self::Connections, Self::Notes];
}

impl Action {
    /// Bookkeeping of a panel that changes nothing a person sees by itself, so it needs no frame of its own.
    pub fn is_housekeeping(&self) -> bool {
        matches!(self, Action::Log(LogAction::Want { .. }))
    }
}
