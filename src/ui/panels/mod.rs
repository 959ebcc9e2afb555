//! One file a panel. A panel keeps its own view state (half-typed fields, scroll, widths), reads shared state through
//! `Ctx` and asks for changes by `Action`. `registry` lists them all: layout, guard and tests walk it.

mod about;
mod ask;
mod banners;
mod bytes;
mod checksum_finder;
mod composer;
mod connections;
mod conversation;
mod draft_editor;
mod example_bytes;
mod filter_help;
mod first_minute;
mod forms;
mod framing;
mod highlights;
mod log;
mod note_editor;
mod notes;
mod palette;
mod pattern_editor;
mod payload_folders;
mod payloads;
mod replies;
mod reuse;
mod rotation;
mod save_log;
mod sequences;
mod service;
mod sessions;
mod sidebar;
mod status;
mod tabs;
mod target;
mod toasts;
mod top_bar;
mod workspace;

use egui::Ui;

use super::action::{Action, Tab};
use super::state::Ctx;

pub use banners::Banners;
pub use log::LOG_HEAD;
pub use service::selected as selected_service;
pub use top_bar::{Anchor, anchor, set_anchor};

pub trait Panel {
    /// Names it in the registry, in messages about it and in the tests.
    fn key(&self) -> &'static str;
    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>);
}

/// Where a panel stands in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Top,
    Status,
    /// Below the top bar, as high as what it has to say; nothing most of the time.
    Banner,
    Left,
    Composer,
    Bytes,
    /// The strip above the middle.
    Tabs,
    /// What stands in the middle while this tab is chosen.
    Middle(Tab),
    /// In the middle of the log while there is no event at all.
    FirstMinute,
    /// Draws itself over the rest (`Area`, `Modal`), and nothing when it has nothing to show.
    Over,
}

pub struct Entry {
    pub place: Place,
    pub panel: Box<dyn Panel>,
    /// It panicked: not drawn again until the person asks for it.
    pub broken: bool,
}

/// All panels, in the order in which they are laid out.
pub fn registry() -> Vec<Entry> {
    let entry = |place, panel| Entry { place, panel, broken: false };
    vec![
        entry(Place::Top, Box::<top_bar::TopBar>::default() as Box<dyn Panel>),
        entry(Place::Status, Box::<status::Status>::default()),
        entry(Place::Banner, Box::<banners::Banners>::default()),
        entry(Place::Left, Box::<sidebar::Sidebar>::default()),
        entry(Place::Composer, Box::<composer::Composer>::default()),
        entry(Place::Bytes, Box::<bytes::BytesPanel>::default()),
        entry(Place::Tabs, Box::<tabs::Tabs>::default()),
        entry(Place::Middle(Tab::Log), Box::<log::LogPanel>::default()),
        entry(Place::Middle(Tab::Conversation), Box::<conversation::ConversationPanel>::default()),
        entry(Place::Middle(Tab::Connections), Box::<connections::ConnectionsPanel>::default()),
        entry(Place::Middle(Tab::Notes), Box::<notes::NotesPanel>::default()),
        entry(Place::Middle(Tab::Sequences), Box::<sequences::SequencesPanel>::default()),
        entry(Place::FirstMinute, Box::<first_minute::FirstMinute>::default()),
        entry(Place::Over, Box::<forms::Forms>::default()),
        entry(Place::Over, Box::<save_log::SaveLog>::default()),
        entry(Place::Over, Box::<note_editor::NoteEditor>::default()),
        entry(Place::Over, Box::<sessions::SessionsDialog>::default()),
        entry(Place::Over, Box::<workspace::WorkspaceDialog>::default()),
        entry(Place::Over, Box::<about::About>::default()),
        entry(Place::Over, Box::<highlights::Highlights>::default()),
        entry(Place::Over, Box::<filter_help::FilterHelp>::default()),
        entry(Place::Over, Box::<replies::Replies>::default()),
        entry(Place::Over, Box::<ask::Ask>::default()),
        entry(Place::Over, Box::<framing::FramingForm>::default()),
        entry(Place::Over, Box::<service::ServicePanel>::default()),
        entry(Place::Over, Box::<checksum_finder::ChecksumFinder>::default()),
        entry(Place::Over, Box::<palette::Palette>::default()),
        entry(Place::Over, Box::<toasts::Toasts>::default()),
    ]
}
