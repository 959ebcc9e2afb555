//! Everything a person can ask for by name: one row feeds the menus, the shortcuts, the palette and the list of keys.

use egui::{Key, KeyboardShortcut, Modifiers};

use super::action::{
    Action, EndpointAction, FindAction, Form, LibraryAction, LogAction, NoteAction, SessionAction, Tab, ViewAction,
};
use super::panels::selected_service;
use super::state::State;
use crate::session::{FindStep, Scope};
use crate::words::Language;
use crate::workspace::ThemeChoice;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    File,
    View,
    Help,
}

pub struct Command {
    /// Its words are `commands.<key>`.
    pub key: &'static str,
    pub menu: Menu,
    /// Commands of one group stand together in the menu.
    pub group: u8,
    pub shortcut: Option<KeyboardShortcut>,
    /// What it asks for; `None` while it makes no sense.
    pub action: fn(&State) -> Option<Action>,
    /// For those that are on or off.
    pub is_on: Option<fn(&State) -> bool>,
}

impl Menu {
    pub const ALL: [Menu; 3] = [Menu::File, Menu::View, Menu::Help];

    pub fn key(self) -> &'static str {
        match self {
            Menu::File => "top.file",
            Menu::View => "top.view",
            Menu::Help => "top.help",
        }
    }
}

const fn ctrl(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::COMMAND, key))
}

const fn ctrl_shift(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key))
}

const fn plain(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::NONE, key))
}

const fn command(
    key: &'static str,
    menu: Menu,
    group: u8,
    shortcut: Option<KeyboardShortcut>,
    action: fn(&State) -> Option<Action>,
) -> Command {
    Command { key, menu, group, shortcut, action, is_on: None }
}

const fn switch(
    key: &'static str,
    group: u8,
    shortcut: Option<KeyboardShortcut>,
    is_on: fn(&State) -> bool,
    action: fn(&State) -> Option<Action>,
) -> Command {
    Command { key, menu: Menu::View, group, shortcut, action, is_on: Some(is_on) }
}

const fn tab(
    key: &'static str,
    number: Key,
    is_on: fn(&State) -> bool,
    action: fn(&State) -> Option<Action>,
) -> Command {
    switch(key, 5, ctrl(number), is_on, action)
}

fn form(form: Form) -> Option<Action> {
    Some(Action::View(ViewAction::ShowForm(form)))
}

fn view(action: ViewAction) -> Option<Action> {
    Some(Action::View(action))
}

fn log(action: LogAction) -> Option<Action> {
    Some(Action::Log(action))
}

/// The selected event, unless something is open over it.
fn noted_event(state: &State) -> Option<u64> {
    state.selected_event.filter(|_| state.form == Form::None)
}

pub static COMMANDS: &[Command] = &[
    command("listen", Menu::File, 0, ctrl(Key::L), |_| form(Form::Listen)),
    command("connect", Menu::File, 0, ctrl(Key::N), |_| form(Form::Connect)),
    command("udp", Menu::File, 0, ctrl(Key::U), |_| form(Form::Udp)),
    command("echo_demo", Menu::File, 0, None, |_| Some(Action::Endpoint(EndpointAction::EchoDemo))),
    command("save_log", Menu::File, 1, ctrl(Key::S), |_| form(Form::SaveLog)),
    command("sessions", Menu::File, 1, ctrl(Key::O), |_| form(Form::Sessions)),
    command("open_session", Menu::File, 1, None, |state| {
        (!state.dialog_open).then_some(Action::Session(SessionAction::OpenWithDialog))
    }),
    command("show_live", Menu::File, 1, None, |state| {
        state.opened_file.is_some().then_some(Action::Session(SessionAction::ShowLive))
    }),
    command("open_workspace", Menu::File, 2, None, |_| form(Form::OpenWorkspace)),
    command("save_workspace_as", Menu::File, 2, None, |_| form(Form::SaveWorkspace)),
    command("import_payloads", Menu::File, 2, None, |state| {
        (!state.dialog_open).then_some(Action::Library(LibraryAction::ImportWithDialog))
    }),
    command("quit", Menu::File, 3, None, |_| Some(Action::Quit)),
    command("palette", Menu::View, 0, ctrl(Key::K), |state| view(ViewAction::ShowPalette(!state.palette_open))),
    command("filter", Menu::View, 0, ctrl_shift(Key::F), |_| view(ViewAction::FocusFilter)),
    command("find", Menu::View, 0, ctrl(Key::F), |_| Some(Action::Find(FindAction::Open))),
    command("find_next", Menu::View, 0, plain(Key::F3), |_| Some(Action::Find(FindAction::Step(FindStep::Next)))),
    command("find_previous", Menu::View, 0, Some(KeyboardShortcut::new(Modifiers::SHIFT, Key::F3)), |_| {
        Some(Action::Find(FindAction::Step(FindStep::Previous)))
    }),
    command("composer", Menu::View, 0, ctrl(Key::E), |_| view(ViewAction::FocusComposer)),
    command("show_all", Menu::View, 0, None, |state| {
        (state.query.scope != Scope::All).then_some(Action::Log(LogAction::Select(Scope::All)))
    }),
    command("checksum_finder", Menu::View, 0, None, |_| form(Form::ChecksumFinder)),
    command("service", Menu::View, 0, None, |state| form(Form::Service(selected_service(state)?))),
    command("note", Menu::View, 6, ctrl_shift(Key::M), |state| form(Form::Note(noted_event(state)?))),
    command("bookmark", Menu::View, 6, ctrl(Key::M), |state| {
        Some(Action::Note(NoteAction::ToggleBookmark(noted_event(state)?)))
    }),
    command("highlights", Menu::View, 0, None, |_| form(Form::Highlights)),
    tab("tab_log", Key::Num1, |state| state.tab == Tab::Log, |_| view(ViewAction::ShowTab(Tab::Log))),
    tab(
        "tab_conversation",
        Key::Num2,
        |state| state.tab == Tab::Conversation,
        |_| view(ViewAction::ShowTab(Tab::Conversation)),
    ),
    tab(
        "tab_connections",
        Key::Num3,
        |state| state.tab == Tab::Connections,
        |_| view(ViewAction::ShowTab(Tab::Connections)),
    ),
    tab("tab_notes", Key::Num4, |state| state.tab == Tab::Notes, |_| view(ViewAction::ShowTab(Tab::Notes))),
    tab("tab_sequences", Key::Num5, |state| state.tab == Tab::Sequences, |_| view(ViewAction::ShowTab(Tab::Sequences))),
    switch("pause", 1, ctrl(Key::P), |state| state.paused, |state| log(LogAction::Pause(!state.paused))),
    switch("as_hex", 1, ctrl(Key::H), |state| state.as_hex, |state| log(LogAction::ShowAsHex(!state.as_hex))),
    switch("frames", 1, None, |state| state.show_frames, |state| log(LogAction::ShowFrames(!state.show_frames))),
    switch("local_time", 1, None, |state| state.local_time, |state| log(LogAction::SetLocalTime(!state.local_time))),
    switch(
        "bytes",
        1,
        ctrl(Key::B),
        |state| !state.bytes_hidden,
        |state| view(ViewAction::ShowBytes(state.bytes_hidden)),
    ),
    switch(
        "theme_system",
        2,
        None,
        |state| state.theme == ThemeChoice::System,
        |_| view(ViewAction::SetTheme(ThemeChoice::System)),
    ),
    switch(
        "theme_dark",
        2,
        None,
        |state| state.theme == ThemeChoice::Dark,
        |_| view(ViewAction::SetTheme(ThemeChoice::Dark)),
    ),
    switch(
        "theme_light",
        2,
        None,
        |state| state.theme == ThemeChoice::Light,
        |_| view(ViewAction::SetTheme(ThemeChoice::Light)),
    ),
    switch(
        "english",
        3,
        None,
        |state| state.language == Language::English,
        |_| view(ViewAction::SetLanguage(Language::English)),
    ),
    switch(
        "chinese",
        3,
        None,
        |state| state.language == Language::Chinese,
        |_| view(ViewAction::SetLanguage(Language::Chinese)),
    ),
    command("zoom_in", Menu::View, 4, None, |state| view(ViewAction::SetZoom(state.zoom + 0.1))),
    command("zoom_out", Menu::View, 4, None, |state| view(ViewAction::SetZoom(state.zoom - 0.1))),
    command("zoom_reset", Menu::View, 4, None, |_| view(ViewAction::SetZoom(1.0))),
    command("shortcuts", Menu::Help, 0, plain(Key::F1), |_| form(Form::Shortcuts)),
    command("filter_help", Menu::Help, 0, None, |_| form(Form::FilterHelp)),
    command("about", Menu::Help, 0, None, |_| form(Form::About)),
];

/// Keys that egui or a panel handles itself, for the list of keys: (words key, keys).
pub static OTHER_KEYS: &[(&str, &str)] = &[
    ("keys.send", "Ctrl Enter"),
    ("keys.zoom", "Ctrl + − 0"),
    ("keys.copy_row", "Ctrl C"),
    ("keys.mark_rows", "Shift ↑ ↓"),
    ("keys.mark_all", "Ctrl A"),
    ("keys.escape", "Esc"),
];

/// `Ctrl K`, for buttons and menus.
pub fn shortcut_text(shortcut: KeyboardShortcut) -> String {
    let mut text = String::new();
    for (held, name) in [
        (shortcut.modifiers.command || shortcut.modifiers.ctrl, "Ctrl "),
        (shortcut.modifiers.shift, "Shift "),
        (shortcut.modifiers.alt, "Alt "),
    ] {
        if held {
            text.push_str(name);
        }
    }
    text.push_str(shortcut.logical_key.name());
    text
}

pub fn words_key(command: &Command) -> String {
    format!("commands.{}", command.key)
}

/// Takes the shortcuts out of this frame's input and says what they ask for.
pub fn pressed(ctx: &egui::Context, state: &State) -> Vec<Action> {
    // Those with Shift first: the others would take them too.
    let with_shift = |command: &&Command| command.shortcut.is_some_and(|shortcut| shortcut.modifiers.shift);
    let (first, then): (Vec<_>, Vec<_>) = COMMANDS.iter().partition(with_shift);
    first
        .into_iter()
        .chain(then)
        .filter_map(|command| {
            let shortcut = command.shortcut?;
            ctx.input_mut(|input| input.consume_shortcut(&shortcut)).then(|| (command.action)(state))?
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_and_shortcuts_are_used_once() {
        let keys: BTreeSet<_> = COMMANDS.iter().map(|command| command.key).collect();
        assert_eq!(keys.len(), COMMANDS.len());
        let shortcuts: Vec<_> = COMMANDS.iter().filter_map(|command| command.shortcut).map(shortcut_text).collect();
        assert_eq!(shortcuts.iter().collect::<BTreeSet<_>>().len(), shortcuts.len());
    }
}
