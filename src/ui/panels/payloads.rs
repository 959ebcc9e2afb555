//! Saved payloads: a row each with its name and Send. A click puts one into the composer.
//!
//! Owns: the name being typed. Called by: the sidebar.

use std::collections::BTreeSet;

use bytes::Bytes;
use egui::{Align2, Button, Event, Id, Key, Modifiers, Popup, Pos2, RichText, Sense, TextStyle, Ui, UiBuilder, Vec2};

use super::reuse;
use super::sidebar::{more_button, one_line};
use super::target::{self, Unsendable};
use crate::engine::Target;
use crate::model::{Draft, SavedPayload};
use crate::payload::{self, visible_text};
use crate::ui::action::{Action, Form, LibraryAction, SendAction};
use crate::ui::state::Ctx;
use crate::ui::widgets::{Field, FieldText};

/// Folders that the menu lists.
const MOST_FOLDERS: usize = 40;
/// The three dots at the end of a row.
pub(super) const MORE_WIDTH: f32 = 22.0;

/// To whom the rows send, found once a frame: it may take a walk through ten thousand peers.
pub struct Destination {
    target: Option<Target>,
    name: String,
    sendable: Result<(), Unsendable>,
}

impl Destination {
    pub fn of(ctx: &Ctx<'_>) -> Self {
        let target = target::current(ctx);
        let sendable = target::sendable(ctx, target.as_ref());
        let name = target.as_ref().map(|target| target::name(ctx, target)).unwrap_or_default();
        Self { target, name, sendable }
    }
}

#[derive(Default)]
pub struct Payloads {
    /// What gets other words, and what is typed.
    pub(super) renaming: Option<(Renamed, FieldText)>,
    /// The number of the newest name that was asked for (`State::naming`).
    asked: u64,
    /// The payload whose menu is open and its bytes, where they are always the same: found once, not in each frame.
    understood: Option<(Draft, Option<Bytes>)>,
}

/// What is said of a payload, by its place; or the path of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Renamed {
    Name(usize),
    /// The folder that a payload lies in.
    Into(usize),
    Remark(usize),
    Folder(String),
}

/// A row on its way to another place.
pub(super) struct Dragged(pub usize);

impl Payloads {
    /// Before the rows of a frame: opens the field for a name that was asked for.
    pub fn begin(&mut self, ctx: &Ctx<'_>, ui: &Ui) {
        let (number, index) = ctx.state.naming;
        if number == self.asked {
            return;
        }
        self.asked = number;
        if let Some(payload) = ctx.state.payloads.get(index) {
            self.edit(ui.ctx(), Renamed::Name(index), &payload.name);
        }
    }

    pub(super) fn edit(&mut self, ctx: &egui::Context, what: Renamed, text: &str) {
        self.renaming = Some((what, FieldText::new(text)));
        ctx.memory_mut(|memory| memory.request_focus(rename_id()));
    }

    pub fn row(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        index: usize,
        payload: &SavedPayload,
        to: &Destination,
        actions: &mut Vec<Action>,
    ) {
        let of = |what: &Renamed| matches!(what, Renamed::Name(at) | Renamed::Into(at) | Renamed::Remark(at) if *at == index);
        if self.renaming.as_ref().is_some_and(|(what, _)| of(what)) {
            return self.rename_field(ctx, ui, actions);
        }
        let mut place = ui.max_rect();
        let name = visible_text(&payload.name, 200);
        let id = Id::unique(("saved payload", index));
        let response = ui.interact(place, id, Sense::click_and_drag());
        response.dnd_set_drag_payload(Dragged(index));
        drop_on_row(ctx, ui, &response, index, payload, actions);
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(place, egui::CornerRadius::same(6), ctx.theme.raised);
        }
        let more = more_button(ctx, ui, Pos2::new(place.right() - MORE_WIDTH / 2.0, place.center().y), id, &name);
        place.max.x -= MORE_WIDTH;
        let body = TextStyle::Body.resolve(ui.style());
        let center = place.center().y;
        ui.painter().text(Pos2::new(place.left() + 6.0, center), Align2::LEFT_CENTER, "▸", body.clone(), ctx.theme.dim);
        let taken = if payload.shortcut.is_some() { 92.0 } else { 56.0 };
        let galley = one_line(ui, &name, body, ctx.theme.text, (place.width() - 20.0 - taken).max(20.0));
        ui.painter().galley(Pos2::new(place.left() + 20.0, center - galley.size().y / 2.0), galley, ctx.theme.text);
        if let Some(digit) = payload.shortcut {
            let at = Pos2::new(place.right() - 60.0, center);
            let small = TextStyle::Small.resolve(ui.style());
            ui.painter().text(at, Align2::RIGHT_CENTER, format!("Alt {digit}"), small, ctx.theme.dim);
        }
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        send_button(ctx, ui, index, payload, to, actions);
        if response.clicked() {
            actions.push(Action::Library(LibraryAction::Edit(index)));
        }
        response.context_menu(|ui| self.menu(ctx, ui, index, payload, to, actions));
        Popup::menu(&more).show(|ui| self.menu(ctx, ui, index, payload, to, actions));
        response.on_hover_text(tooltip(ctx, payload));
    }

    fn menu(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        index: usize,
        payload: &SavedPayload,
        to: &Destination,
        actions: &mut Vec<Action>,
    ) {
        if ui.button(ctx.words.get("sidebar.edit_payload")).clicked() {
            actions.push(Action::Library(LibraryAction::Edit(index)));
            ui.close();
        }
        if ui.button(ctx.words.get("sidebar.rename")).clicked() {
            self.edit(ui.ctx(), Renamed::Name(index), &payload.name);
            ui.close();
        }
        self.arranging(ctx, ui, index, payload, actions);
        ui.separator();
        match self.bytes_of(&payload.draft) {
            Some(bytes) => {
                let receiver = to.target.as_ref().and_then(|target| reuse::receiver_of(ctx, target));
                reuse::copy_as(ctx, ui, &bytes, receiver.as_ref(), actions);
            }
            None => {
                let response = ui.add_enabled(false, Button::new(ctx.words.get("library.copy_as")));
                response.on_disabled_hover_text(ctx.words.get("library.no_bytes"));
            }
        }
        ui.separator();
        if ui.button(ctx.words.get("sidebar.remove")).clicked() {
            actions.push(Action::Send(SendAction::RemovePayload(index)));
            ui.close();
        }
    }

    fn bytes_of(&mut self, draft: &Draft) -> Option<Bytes> {
        let known = self.understood.take().filter(|(of, _)| of == draft);
        let (of, bytes) = known.unwrap_or_else(|| {
            let compiled = payload::compile(draft).ok();
            (draft.clone(), compiled.and_then(|compiled| compiled.fixed().cloned()))
        });
        self.understood.insert((of, bytes)).1.clone()
    }

    /// The same as with the mouse, for the keyboard: order and shortcut.
    fn arranging(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        index: usize,
        payload: &SavedPayload,
        actions: &mut Vec<Action>,
    ) {
        let words = ctx.words;
        if ui.button(words.get("library.duplicate")).clicked() {
            actions.push(Action::Library(LibraryAction::Duplicate(index)));
            ui.close();
        }
        let same = |place: &usize| ctx.state.payloads[*place].folder == payload.folder;
        let above = (0..index).rev().find(same);
        let below = (index + 1..ctx.state.payloads.len()).find(same);
        for (key, to) in [("library.move_up", above), ("library.move_down", below.map(|place| place + 1))] {
            if ui.add_enabled(to.is_some(), Button::new(words.get(key))).clicked() {
                let folder = payload.folder.clone();
                actions.extend(to.map(|to| Action::Library(LibraryAction::Move { from: index, to, folder })));
                ui.close();
            }
        }
        self.move_to_folder(ctx, ui, index, payload, actions);
        if ui.button(words.get("library.edit_remark")).clicked() {
            self.edit(ui.ctx(), Renamed::Remark(index), &payload.remark);
            ui.close();
        }
        ui.menu_button(words.get("library.shortcut"), |ui| {
            let digits = std::iter::once(None).chain((1..=9).map(Some));
            for digit in digits {
                let name = match digit {
                    Some(digit) => shortcut_words(ctx, digit, index),
                    None => words.get("library.no_shortcut").to_owned(),
                };
                if ui.radio(payload.shortcut == digit, name).clicked() {
                    let payload = SavedPayload { shortcut: digit, ..payload.clone() };
                    actions.push(Action::Library(LibraryAction::Set(index, payload)));
                    ui.close();
                }
            }
        });
        import_button(ctx, ui, actions);
    }

    fn move_to_folder(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        index: usize,
        payload: &SavedPayload,
        actions: &mut Vec<Action>,
    ) {
        let words = ctx.words;
        ui.menu_button(words.get("library.move_to_folder"), |ui| {
            let folders: BTreeSet<&str> = ctx.state.payloads.iter().map(|payload| payload.folder.as_str()).collect();
            let folders = std::iter::once("").chain(folders.into_iter().filter(|folder| !folder.is_empty()));
            for folder in folders.take(MOST_FOLDERS) {
                let name =
                    if folder.is_empty() { words.get("library.top").to_owned() } else { visible_text(folder, 80) };
                if ui.radio(payload.folder == folder, name).clicked() {
                    let payload = SavedPayload { folder: folder.to_owned(), ..payload.clone() };
                    actions.push(Action::Library(LibraryAction::Set(index, payload)));
                    ui.close();
                }
            }
            if ui.button(words.get("library.new_folder")).clicked() {
                self.edit(ui.ctx(), Renamed::Into(index), &payload.folder);
                ui.close();
            }
        });
    }

    pub(super) fn rename_field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let Some((what, typed)) = &mut self.renaming else { return };
        let width = ui.available_width() - 20.0;
        let name = ctx.words.get(match what {
            Renamed::Name(_) => "sidebar.new_name",
            Renamed::Into(_) | Renamed::Folder(_) => "library.folder",
            Renamed::Remark(_) => "library.remark",
        });
        let field = Field { theme: ctx.theme, name, width, placeholder: name };
        let response = field.show(ui, rename_id(), typed);
        if !response.lost_focus() {
            return;
        }
        let escape = ui.input(|i| i.key_pressed(Key::Escape));
        let Some((what, typed)) = self.renaming.take().filter(|_| !escape) else { return };
        actions.extend(renamed(ctx, what, typed.text.trim().to_owned()));
    }
}

fn renamed(ctx: &Ctx<'_>, what: Renamed, text: String) -> Option<Action> {
    let folder = || text.trim_matches('/').to_owned();
    let set = |index: usize, change: &dyn Fn(SavedPayload) -> SavedPayload| {
        let payload = ctx.state.payloads.get(index)?.clone();
        Some(Action::Library(LibraryAction::Set(index, change(payload))))
    };
    match what {
        Renamed::Name(_) if text.is_empty() => None,
        Renamed::Name(index) => Some(Action::Send(SendAction::RenamePayload(index, text))),
        Renamed::Into(index) => set(index, &|payload| SavedPayload { folder: folder(), ..payload }),
        Renamed::Remark(index) => set(index, &|payload| SavedPayload { remark: text.clone(), ..payload }),
        Renamed::Folder(from) => Some(Action::Library(LibraryAction::RenameFolder { from, to: folder() })),
    }
}

/// "Alt 1", and whose it is now.
fn shortcut_words(ctx: &Ctx<'_>, digit: u8, but: usize) -> String {
    let owner =
        ctx.state.payloads.iter().enumerate().find(|(place, there)| there.shortcut == Some(digit) && *place != but);
    let sequence = || ctx.state.sequences.iter().find(|there| there.shortcut == Some(digit)).map(|there| &there.name);
    match owner.map(|(_, there)| &there.name).or_else(sequence) {
        Some(name) => ctx.words.fill("library.shortcut_of", &[("digit", &digit), ("name", &visible_text(name, 60))]),
        None => format!("Alt {digit}"),
    }
}

/// A dragged row lands before or behind this one, in its folder.
fn drop_on_row(
    ctx: &Ctx<'_>,
    ui: &Ui,
    row: &egui::Response,
    index: usize,
    payload: &SavedPayload,
    actions: &mut Vec<Action>,
) {
    let Some(pointer) = ui.ctx().pointer_interact_pos() else { return };
    let behind = pointer.y > row.rect.center().y;
    if row.dnd_hover_payload::<Dragged>().is_some_and(|dragged| dragged.0 != index) {
        let y = if behind { row.rect.bottom() } else { row.rect.top() };
        ui.painter().hline(row.rect.x_range(), y, egui::Stroke::new(2.0, ctx.theme.accent));
    }
    if let Some(dragged) = row.dnd_release_payload::<Dragged>()
        && dragged.0 != index
    {
        let (from, to, folder) = (dragged.0, index + usize::from(behind), payload.folder.clone());
        actions.push(Action::Library(LibraryAction::Move { from, to, folder }));
    }
}

pub(super) fn import_button(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    if ui.add_enabled(!ctx.state.dialog_open, Button::new(ctx.words.get("library.import"))).clicked() {
        actions.push(Action::Library(LibraryAction::ImportWithDialog));
        ui.close();
    }
}

pub fn search_field(ctx: &Ctx<'_>, ui: &mut Ui, search: &mut FieldText) {
    let name = ctx.words.get("library.search");
    let field = Field { theme: ctx.theme, name, width: ui.available_width() - 12.0, placeholder: name };
    field.show(ui, Id::unique("saved payload search"), search);
}

/// Alt and a digit send the payload with this shortcut to the target of now.
pub fn by_shortcut(ctx: &Ctx<'_>, ui: &Ui, to: &Destination, actions: &mut Vec<Action>) {
    const DIGITS: [Key; 9] =
        [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
    // Of the presses of this frame: Alt may have been let go before the frame began.
    let with_alt = |event: &Event| matches!(event, Event::Key { modifiers, pressed: true, .. } if modifiers.alt);
    if ctx.state.form != Form::None || !ui.input(|input| input.events.iter().any(with_alt)) {
        return;
    }
    for payload in &ctx.state.payloads {
        let Some(key) = payload.shortcut.and_then(|digit| DIGITS.get(usize::from(digit).checked_sub(1)?)) else {
            continue;
        };
        if !ui.input_mut(|input| input.consume_key(Modifiers::ALT, *key)) {
            continue;
        }
        actions.push(match (&to.sendable, &to.target) {
            (Ok(()), Some(target)) => {
                let (target, draft) = (target.clone(), payload.draft.clone());
                Action::Send(SendAction::Send { target, draft, repeat: None })
            }
            (Err(why), _) => Action::Library(LibraryAction::NotSent(ctx.words.fill(why.key, &[("name", &why.name)]))),
            (Ok(()), None) => continue,
        });
    }
}

fn send_button(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    index: usize,
    payload: &SavedPayload,
    to: &Destination,
    actions: &mut Vec<Action>,
) {
    let place = ui.max_rect();
    let end = Pos2::new(place.right() - MORE_WIDTH, place.bottom());
    let right = egui::Rect::from_min_max(Pos2::new(end.x - 52.0, place.top()), end);
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(right).layout(layout).id_salt(("send payload", index)), |ui| {
        let text = RichText::new(ctx.words.get("composer.send")).text_style(TextStyle::Small).color(ctx.theme.text);
        let button = Button::new(text).fill(ctx.theme.raised).min_size(Vec2::new(0.0, 20.0));
        let enabled = to.sendable.is_ok();
        let response = ui.add_enabled(enabled, button);
        let name = visible_text(&payload.name, 200);
        let said = ctx.words.fill("sidebar.send_payload", &[("name", &name)]);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, &said));
        match (&to.sendable, &to.target) {
            (Ok(()), Some(target)) => {
                if response.clicked() {
                    let (target, draft) = (target.clone(), payload.draft.clone());
                    actions.push(Action::Send(SendAction::Send { target, draft, repeat: None }));
                }
                response.on_hover_text(ctx.words.fill("sidebar.send_to", &[("target", &to.name)]));
            }
            (Err(why), _) => {
                response.on_disabled_hover_text(ctx.words.fill(why.key, &[("name", &why.name)]));
            }
            (Ok(()), None) => {}
        }
    });
}

fn rename_id() -> Id {
    Id::unique("saved payload name")
}

fn tooltip(ctx: &Ctx<'_>, payload: &SavedPayload) -> String {
    let draft = &payload.draft;
    let text = format!("{}: {}", ctx.words.payload_format(draft.format), visible_text(&draft.text, 300));
    if payload.remark.is_empty() { text } else { format!("{}\n{text}", visible_text(&payload.remark, 300)) }
}
