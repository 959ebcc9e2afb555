//! The session file: every event of a session, as it happens, in a pcapng file that Wireshark opens.
//!
//! Owns: the recorder thread, the blocks, the rows in memory, the reader threads, matching, notes, import and export.
//! Never: sockets, the window. Never on a UI or tokio thread: file IO.
//! Called by: `engine` (the recorder's handle only), `ui` and `cli`.

mod clock;
mod connections;
pub mod conversation;
pub mod export;
mod import;
mod indexing;
pub mod lane;
mod library;
mod log;
mod matching;
mod notes;
mod pcapng;
mod reader;
mod recorder;
mod rows;
mod sentences;
mod view;

pub use clock::Clock;
pub use connections::{
    ConnectionColumn, ConnectionEntry, ConnectionLife, ConnectionSums, ConnectionsCsv, ConnectionsOrder,
    ConnectionsSnapshot, ConnectionsView, EndpointEntry, connections_csv, save_connections_csv,
};
pub use import::CAPTURE_EXTENSIONS;
pub use lane::{LaneReceiver, RecorderHandle};
pub use library::{SessionFile, SessionLibrary, files_of_session};
pub use log::{Log, LogState};
pub use notes::{MAX_NOTE_BYTES, NoteEdit, Notes};
pub use recorder::{Recorder, RecorderOptions, RecorderStatus, Subscription};
pub use view::FrameFacts;
pub use view::{Decoration, FindSnapshot, FindStep, Found, Highlight, LogView, Query, SampleOf, Scope, ViewSnapshot};
