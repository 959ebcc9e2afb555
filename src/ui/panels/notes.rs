//! The notes tab: all notes and bookmarks in the order of their events; a click shows the event in the log.
//!
//! Owns: scroll, the half-typed search and what it found. Never: reads events (a job does, for the rows on screen).

mod search;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align, Align2, Id, Key, Layout, Modifiers, Pos2, Rect, Response, RichText, Sense, Stroke, TextEdit, Ui, Vec2,
    WidgetInfo,
};

use super::Panel;
use super::log::text::{Clock, socket_within};
use super::tabs::strip;
use crate::model::{EventKind, Note};
use crate::payload::visible_text;
use crate::ui::action::{Action, Form, NoteAction, ViewAction};
use crate::ui::state::{Ctx, EventFacts, Facts};
use crate::ui::theme;
use crate::ui::widgets::{self, row_list::RowList};

use search::Search;

const HEAD: f32 = 38.0;
const HEADER: f32 = 24.0;
const ROW: f32 = 28.0;
const SHOWN_BYTES: usize = 400;
const BUTTONS: f32 = 132.0;

/// Where the columns stand, from the left edge of the list.
#[derive(Clone, Copy)]
struct Columns {
    number: f32,
    time: f32,
    arrow: f32,
    /// No socket where there is no room for it, and buttons only on the row that is pointed at.
    narrow: bool,
    socket: f32,
    socket_chars: usize,
    text: f32,
}

impl Columns {
    fn new(ui: &Ui, width: f32) -> Self {
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0')).max(1.0);
        let narrow = width < 760.0;
        let socket_chars = 22;
        let number = 10.0;
        let time = number + if narrow { 8.0 } else { 10.0 } * char_width;
        let arrow = time + 17.5 * char_width;
        let socket = arrow + 24.0;
        let text = socket + if narrow { 0.0 } else { (socket_chars as f32 + 2.0) * char_width };
        Self { number, time, arrow, narrow, socket, socket_chars, text }
    }
}

pub struct NotesPanel {
    list: RowList,
    clock: Clock,
    typed: String,
    search: Search,
    opened: Option<PathBuf>,
    /// The row that keys act on, by seq.
    current: Option<u64>,
}

impl Default for NotesPanel {
    fn default() -> Self {
        Self {
            list: RowList::default(),
            clock: Clock::new(),
            typed: String::new(),
            search: Search::default(),
            opened: None,
            current: None,
        }
    }
}

impl Panel for NotesPanel {
    fn key(&self) -> &'static str {
        "notes"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let opened = ctx.state.opened_file.as_ref().map(|opened| opened.path.clone());
        if self.opened != opened {
            (self.opened, self.current) = (opened, None);
            self.list.to_start();
            self.search = Search::default();
        }
        let notes = &ctx.state.notes;
        if notes.by_seq.is_empty() {
            self.current = None;
            empty(ctx, ui, "notes.none", Some("notes.none_hint"));
            return;
        }
        if self.search.follow(notes, &self.typed, ctx.words.get("notes.bookmark")) {
            ui.ctx().request_repaint();
        }
        strip(ctx, ui, HEAD, |ui| self.head(ctx, ui));
        let columns = Columns::new(ui, ui.available_width());
        header(ctx, ui, columns);
        if self.search.found.is_empty() {
            empty(ctx, ui, "notes.not_found", None);
            return;
        }
        self.rows(ctx, ui, columns, actions);
    }
}

impl NotesPanel {
    fn head(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let name = ctx.words.get("notes.search");
        let field = TextEdit::singleline(&mut self.typed)
            .id(Id::unique("notes_search"))
            .hint_text(RichText::new(name).color(ctx.theme.dim))
            .desired_width(260.0)
            .margin(egui::Margin::symmetric(8, 4));
        let response = ui.add(field);
        let text = self.typed.clone();
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(egui::Role::TextInput, true, name);
            info.current_text_value = Some(text.clone());
            info
        });
        if response.changed() {
            self.list.to_start();
            ui.ctx().request_repaint();
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (found, all) = (self.search.found.len() as u64, ctx.state.notes.by_seq.len() as u64);
            let text = if self.typed.is_empty() {
                ctx.words.count("count.notes", all)
            } else {
                let numbers = (ctx.words.number(found), ctx.words.number(all));
                ctx.words.fill("log.matches", &[("matched", &numbers.0), ("total", &numbers.1)])
            };
            ui.label(RichText::new(text).color(ctx.theme.dim));
        });
    }

    fn rows(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, columns: Columns, actions: &mut Vec<Action>) {
        let mut unknown = BTreeSet::new();
        let (found, clock, current) = (&self.search.found, &self.clock, &mut self.current);
        let (name, rows) = (ctx.words.get("tabs.notes"), found.len() as u64);
        let shown = self.list.show(ui, Id::unique("note_rows"), name, rows, ROW, |ui, at, rect, list| {
            let Some(seq) = usize::try_from(at).ok().and_then(|at| found.get(at)) else { return };
            let Some(note) = ctx.state.notes.by_seq.get(seq) else { return };
            let facts = match ctx.state.noted.facts.get(seq) {
                Some(Facts::Known(facts)) => Some(facts),
                Some(Facts::Asked) => None,
                Some(Facts::Unknown { rows }) if *rows >= ctx.view.total => None,
                _ => {
                    unknown.insert(*seq);
                    None
                }
            };
            let row = NoteRow { ctx, columns, clock, note, facts, is_current: *current == Some(*seq) };
            if row.ui(ui, rect, list, actions) {
                *current = Some(*seq);
            }
        });
        if !unknown.is_empty() {
            actions.push(Action::Note(NoteAction::WantFacts(unknown.into_iter().collect())));
        }
        self.keyboard(ui, &shown, actions);
    }

    fn keyboard(&mut self, ui: &Ui, shown: &widgets::row_list::Shown, actions: &mut Vec<Action>) {
        let found = &self.search.found;
        if shown.step != 0 {
            let at = match self.current.map(|seq| found.partition_point(|other| *other < seq)) {
                Some(at) => at.saturating_add_signed(shown.step as isize),
                None => usize::try_from(shown.first).unwrap_or(0),
            };
            let at = at.min(found.len().saturating_sub(1));
            self.current = found.get(at).copied();
            self.list.reveal(at as u64);
            ui.ctx().request_repaint();
        }
        let Some(seq) = self.current.filter(|_| shown.response.has_focus()) else { return };
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Enter) {
            actions.push(Action::Note(NoteAction::GoTo(seq)));
        } else if pressed(Key::F2) {
            actions.push(Action::View(ViewAction::ShowForm(Form::Note(seq))));
        } else if pressed(Key::Delete) {
            actions.push(Action::Note(NoteAction::Remove(seq)));
        }
    }
}

/// One note on screen.
struct NoteRow<'a, 'b> {
    ctx: &'a Ctx<'b>,
    columns: Columns,
    clock: &'a Clock,
    note: &'a Arc<Note>,
    facts: Option<&'a EventFacts>,
    is_current: bool,
}

impl NoteRow<'_, '_> {
    /// `true`: keys act on it from now on.
    fn ui(&self, ui: &mut Ui, rect: Rect, list: &Response, actions: &mut Vec<Action>) -> bool {
        let (ctx, seq) = (self.ctx, self.note.seq);
        let response = ui.interact(rect, Id::unique(("note", seq)), Sense::CLICK);
        if self.is_current {
            ui.painter().rect_filled(rect, 0.0, ctx.theme.selection);
        } else if ui.rect_contains_pointer(rect) {
            ui.painter().rect_filled(rect, 0.0, ctx.theme.raised);
        }
        let texts = self.paint(ui, rect);
        response.widget_info(|| WidgetInfo::selected(egui::Role::ListItem, true, self.is_current, texts.join("  ")));
        let go = || Action::Note(NoteAction::GoTo(seq));
        let edit = || Action::View(ViewAction::ShowForm(Form::Note(seq)));
        let remove = || Action::Note(NoteAction::Remove(seq));
        if response.clicked() {
            actions.push(go());
        }
        if response.clicked() || response.secondary_clicked() {
            list.request_focus();
        }
        response.context_menu(|ui| {
            let entries = [("notes.go_to", go()), ("notes.edit", edit()), ("notes.remove", remove())];
            for (key, action) in entries {
                if ui.button(ctx.words.get(key)).clicked() {
                    actions.push(action);
                    ui.close();
                }
            }
        });
        if self.has_buttons(ui, rect) {
            self.buttons(ui, rect, edit(), remove(), actions);
        }
        response.clicked() || response.secondary_clicked()
    }

    fn buttons(&self, ui: &mut Ui, rect: Rect, edit: Action, remove: Action, actions: &mut Vec<Action>) {
        let (words, number) = (self.ctx.words, self.ctx.words.number(self.note.seq));
        let layout = Layout::right_to_left(Align::Center);
        let place = rect.shrink2(Vec2::new(8.0, 0.0));
        ui.scope_builder(egui::UiBuilder::new().max_rect(place).layout(layout).id_salt(self.note.seq), |ui| {
            for (key, name, action) in
                [("notes.remove_short", "notes.remove_of", remove), ("notes.edit_short", "notes.edit_of", edit)]
            {
                let name = words.fill(name, &[("number", &number)]);
                let button = widgets::small_button(ui, self.ctx.theme, words.get(key));
                if button.accessible_name(name).clicked() {
                    actions.push(action);
                }
            }
        });
    }

    fn has_buttons(&self, ui: &Ui, rect: Rect) -> bool {
        !self.columns.narrow || self.is_current || ui.rect_contains_pointer(rect)
    }

    /// Number, time, socket and the note's first line; they are what a screen reader says too.
    fn paint(&self, ui: &Ui, rect: Rect) -> Vec<String> {
        let (ctx, theme, columns) = (self.ctx, self.ctx.theme, self.columns);
        let number = format!("#{}", self.note.seq);
        let (time, socket) = match self.facts {
            Some(facts) => (self.clock.time(facts.time, ctx.state.local_time), socket_of(facts)),
            None => (String::new(), String::new()),
        };
        let (text, is_words) = first_line(ctx, self.note);
        let at = |x: f32| Pos2::new(rect.left() + x, rect.center().y);
        let clipped = |from: f32, to: f32| {
            let buttons = if self.has_buttons(ui, rect) { BUTTONS } else { 8.0 };
            let right = (rect.left() + to - 4.0).min(rect.right() - buttons);
            let clip = Rect::from_x_y_ranges(rect.left() + from..=right, rect.y_range());
            ui.painter().with_clip_rect(clip.intersect(ui.clip_rect()))
        };
        let mono = |from: f32, to: f32, text: &str, color| {
            widgets::mono_text(&clipped(from, to), at(from), Align2::LEFT_CENTER, text, color);
        };
        mono(columns.number, columns.time, &number, theme.dim);
        mono(columns.time, columns.arrow, &time, theme.dim);
        if let Some(facts) = self.facts {
            let (arrow, color) = match facts.kind {
                EventKind::Received => ("↓", theme.incoming),
                EventKind::Sent => ("↑", theme.outgoing),
                kind if kind.is_error() => ("▲", theme.error),
                _ => ("◆", theme.dim),
            };
            mono(columns.arrow, columns.socket, arrow, color);
        }
        if !columns.narrow {
            mono(columns.socket, columns.text, &socket_within(&socket, columns.socket_chars), theme.text);
        }
        let color = if is_words { theme.text } else { theme.dim };
        let painter = clipped(columns.text, f32::MAX);
        let mut job = LayoutJob::simple_singleline(text.clone(), theme::body(), color);
        job.wrap = TextWrapping::truncate_at_width((painter.clip_rect().right() - at(columns.text).x).max(0.0));
        widgets::paint_job(&painter, at(columns.text), Align2::LEFT_CENTER, job, color);
        [number, time, socket, text].into_iter().filter(|text| !text.is_empty()).collect()
    }
}

fn header(ctx: &Ctx<'_>, ui: &mut Ui, columns: Columns) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEADER), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, ctx.theme.line));
    for (key, x) in [
        ("notes.event", columns.number),
        ("log.time", columns.time),
        ("log.socket", columns.socket),
        ("notes.text", columns.text),
    ] {
        if key == "log.socket" && columns.narrow {
            continue;
        }
        let at = Pos2::new(rect.left() + x, rect.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, ctx.words.get(key), theme::mono(), ctx.theme.dim);
    }
}

fn socket_of(facts: &EventFacts) -> String {
    match facts.flow.peer {
        Some(peer) => peer.to_string(),
        None => visible_text(&facts.flow.endpoint_uri, 200),
    }
}

/// The first line that says something; without words it is a bookmark.
fn first_line(ctx: &Ctx<'_>, note: &Note) -> (String, bool) {
    let mut lines = note.text.lines().filter(|line| !line.trim().is_empty());
    let Some(first) = lines.next() else { return (ctx.words.get("notes.bookmark").to_owned(), false) };
    let mut text = visible_text(first.trim(), SHOWN_BYTES);
    if lines.next().is_some() && !text.ends_with('…') {
        text.push_str(" …");
    }
    (text, true)
}

fn empty(ctx: &Ctx<'_>, ui: &mut Ui, key: &str, hint: Option<&str>) {
    let rect = ui.available_rect_before_wrap();
    let size = Vec2::new(rect.width().min(440.0), 96.0).min(rect.size());
    let place = Rect::from_center_size(rect.center(), size);
    let layout = Layout::top_down(Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(place).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.label(RichText::new(ctx.words.get(key)).font(theme::medium(15.0)));
        if let Some(hint) = hint {
            ui.add(egui::Label::new(RichText::new(ctx.words.get(hint)).color(ctx.theme.dim)).wrap());
        }
    });
}
