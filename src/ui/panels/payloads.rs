//! Saved payloads: a row each with its name and Send. A click puts one into the composer.
//!
//! Owns: the name being typed. Called by: the sidebar.

use std::collections::BTreeSet;

use egui::{Align2, Button, Id, Key, Modifiers, Pos2, RichText, Sense, TextStyle, Ui, UiBuilder, Vec2};

use super::reuse;
use super::sidebar::one_line;
use super::target::{self, Unsendable};
use crate::engine::Target;
use crate::model::SavedPayload;
use crate::payload::{self, visible_text};
use crate::ui::action::{Action, Form, LibraryAction, SendAction};
use crate::ui::state::Ctx;
use crate::ui::widgets::{Field, FieldText};

/// Folders that the menu lists.
const MOST_FOLDERS: usize = 40;

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
    /// Which one gets other words, which of its words, and what is typed.
    renaming: Option<(usize, Part, FieldText)>,
    /// The number of the newest name that was asked for (`State::naming`).
    asked: u64,
}

/// What is said of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Name,
    Folder,
    Remark,
}

/// A row on its way to another place.
struct Dragged(usize);

impl Payloads {
    /// Before the rows of a frame: opens the field for a name that was asked for.
    pub fn begin(&mut self, ctx: &Ctx<'_>, ui: &Ui) {
        let (number, index) = ctx.state.naming;
        if number == self.asked {
            return;
        }
        self.asked = number;
        if let Some(payload) = ctx.state.payloads.get(index) {
            self.edit(ui.ctx(), index, Part::Name, &payload.name);
        }
    }

    fn edit(&mut self, ctx: &egui::Context, index: usize, part: Part, text: &str) {
        self.renaming = Some((index, part, FieldText::new(text)));
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
        if self.renaming.as_ref().is_some_and(|(of, ..)| *of == index) {
            self.rename_field(ctx, ui, index, actions);
            return;
        }
        let place = ui.max_rect();
        let name = visible_text(&payload.name, 200);
        let id = Id::unique(("saved payload", index));
        let response = ui.interact(place, id, Sense::click_and_drag());
        response.dnd_set_drag_payload(Dragged(index));
        drop_on_row(ctx, ui, &response, index, payload, actions);
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(place, egui::CornerRadius::same(6), ctx.theme.raised);
        }
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
            actions.push(Action::Send(SendAction::Edit(payload.draft.clone())));
        }
        response.context_menu(|ui| self.menu(ctx, ui, index, payload, to, actions));
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
            actions.push(Action::Send(SendAction::Edit(payload.draft.clone())));
            ui.close();
        }
        if ui.button(ctx.words.get("sidebar.rename")).clicked() {
            self.edit(ui.ctx(), index, Part::Name, &payload.name);
            ui.close();
        }
        self.arranging(ctx, ui, index, payload, actions);
        ui.separator();
        match payload::compile(&payload.draft).ok().and_then(|compiled| compiled.fixed().cloned()) {
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
            self.edit(ui.ctx(), index, Part::Remark, &payload.remark);
            ui.close();
        }
        ui.menu_button(words.get("library.shortcut"), |ui| {
            let digits = std::iter::once(None).chain((1..=9).map(Some));
            for digit in digits {
                let name =
                    digit.map_or(words.get("library.no_shortcut").to_owned(), |digit: u8| format!("Alt {digit}"));
                if ui.radio(payload.shortcut == digit, name).clicked() {
                    let payload = SavedPayload { shortcut: digit, ..payload.clone() };
                    actions.push(Action::Library(LibraryAction::Set(index, payload)));
                    ui.close();
                }
            }
        });
        if ui.add_enabled(!ctx.state.dialog_open, Button::new(words.get("library.import"))).clicked() {
            actions.push(Action::Library(LibraryAction::ImportWithDialog));
            ui.close();
        }
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
                self.edit(ui.ctx(), index, Part::Folder, &payload.folder);
                ui.close();
            }
        });
    }

    fn rename_field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, index: usize, actions: &mut Vec<Action>) {
        let Some((_, part, typed)) = &mut self.renaming else { return };
        let part = *part;
        let width = ui.available_width() - 20.0;
        let name = ctx.words.get(match part {
            Part::Name => "sidebar.new_name",
            Part::Folder => "library.folder",
            Part::Remark => "library.remark",
        });
        let field = Field { theme: ctx.theme, name, width, placeholder: name };
        let response = field.show(ui, rename_id(), typed);
        if !response.lost_focus() {
            return;
        }
        let escape = ui.input(|i| i.key_pressed(Key::Escape));
        let text = typed.text.trim().to_owned();
        self.renaming = None;
        let Some(payload) = ctx.state.payloads.get(index).filter(|_| !escape) else { return };
        match part {
            Part::Name if text.is_empty() => {}
            Part::Name => actions.push(Action::Send(SendAction::RenamePayload(index, text))),
            Part::Folder => {
                let folder = text.trim_matches('/').to_owned();
                actions.push(Action::Library(LibraryAction::Set(index, SavedPayload { folder, ..payload.clone() })));
            }
            Part::Remark => {
                let payload = SavedPayload { remark: text, ..payload.clone() };
                actions.push(Action::Library(LibraryAction::Set(index, payload)));
            }
        }
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

/// A folder; a click opens or closes it, and what is dropped on it lies in it.
pub fn folder_row(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    place: egui::Rect,
    path: &str,
    count: usize,
    open: bool,
    actions: &mut Vec<Action>,
) -> egui::Response {
    let response = ui.interact(place, Id::unique(("payload folder", path)), Sense::click());
    let dropping = response.dnd_hover_payload::<Dragged>().is_some();
    if response.hovered() || response.has_focus() || dropping {
        ui.painter().rect_filled(place, egui::CornerRadius::same(6), ctx.theme.raised);
    }
    if let Some(dragged) = response.dnd_release_payload::<Dragged>() {
        let to = ctx.state.payloads.len();
        actions.push(Action::Library(LibraryAction::Move { from: dragged.0, to, folder: path.to_owned() }));
    }
    let name = visible_text(path.rsplit('/').next().unwrap_or(path), 200);
    let (body, center) = (TextStyle::Body.resolve(ui.style()), place.center().y);
    let glyph = if open { "⏷" } else { "⏵" };
    ui.painter().text(Pos2::new(place.left() + 4.0, center), Align2::LEFT_CENTER, glyph, body.clone(), ctx.theme.dim);
    let galley = one_line(ui, &name, body.clone(), ctx.theme.text, (place.width() - 60.0).max(20.0));
    ui.painter().galley(Pos2::new(place.left() + 20.0, center - galley.size().y / 2.0), galley, ctx.theme.text);
    let at = Pos2::new(place.right() - 6.0, center);
    ui.painter().text(at, Align2::RIGHT_CENTER, ctx.words.number(count as u64), body, ctx.theme.dim);
    let said = ctx.words.fill("library.folder_said", &[("name", &name), ("count", &count)]);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, open, &said));
    response
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
    if ctx.state.form != Form::None || !ui.input(|input| input.modifiers.alt) {
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
    let right = egui::Rect::from_min_max(Pos2::new(place.right() - 52.0, place.top()), place.max);
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
