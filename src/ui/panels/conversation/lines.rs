//! The lines of a conversation: scrolling, selecting lines and copying them, keeping one's place when they are broken anew.
//!
//! Owns: scroll and selection. Never: how a line looks (`paint`).

use std::ops::Range;
use std::time::Duration;

use egui::{Id, Rect, Response, Sense, Ui, WidgetInfo};

use super::paint::{self, Look};
use super::{Mode, paint::CONTENT};
use crate::model::{ConnectionId, TextEncoding};
use crate::session::conversation::{ConversationOrder, ConversationSnapshot, Line, OVERHANG, Shape};
use crate::ui::action::{Action, LogAction, Tab, ViewAction};
use crate::ui::panels::log::text::Clock;
use crate::ui::state::Ctx;
use crate::ui::theme::{self, LOG_ROW};
use crate::ui::widgets::row_list::{self, RowList, Shown};

const ROW: f32 = LOG_ROW - 3.0;
/// What the scroll bar takes, and the right margin.
const RIGHT: f32 = 20.0;
/// The width must stay the same for so long before lines are broken anew.
const RESIZE_PAUSE: f64 = 0.15;
const COLUMNS: std::ops::RangeInclusive<u16> = 16..=1000;

pub struct LinesView {
    list: RowList,
    /// First and last line of the selection, in the order in which they were chosen.
    selection: Option<(u64, u64)>,
    dragging: bool,
    of: Option<ConnectionId>,
    /// It was decided where to begin: at the end of what is live, at the start of what is over.
    placed: bool,
    shape: Option<Shape>,
    /// A width that is not taken over yet, and since when.
    resizing: Option<(Shape, f64)>,
    /// Lines there were when all was laid out last: a reader that begins anew must not scroll the list to its start.
    known: u64,
    /// The question for a line whose answer is waited for, and whether that line is to be selected.
    asked: Option<(u64, bool)>,
    copying: Option<u64>,
    first: u64,
    selected_event: Option<u64>,
}

impl Default for LinesView {
    fn default() -> Self {
        Self {
            list: RowList::new_following(),
            selection: None,
            dragging: false,
            of: None,
            placed: false,
            shape: None,
            resizing: None,
            known: 0,
            asked: None,
            copying: None,
            first: 0,
            selected_event: None,
        }
    }
}

/// What is shown in a frame.
pub struct Showing<'a, 'b> {
    pub ctx: &'a Ctx<'b>,
    pub snapshot: Option<&'a ConversationSnapshot>,
    pub mode: Mode,
    pub encoding: TextEncoding,
    pub clock: &'a Clock,
}

impl LinesView {
    pub fn top_line(&self) -> u64 {
        self.first
    }

    /// Selects a line and shows it.
    pub fn go_to(&mut self, line: u64, ui: &Ui) {
        self.selection = Some((line, line));
        self.list.reveal(line);
        ui.ctx().request_repaint();
    }

    pub fn ui(
        &mut self,
        showing: &Showing<'_, '_>,
        ui: &mut Ui,
        order: &mut ConversationOrder,
        actions: &mut Vec<Action>,
    ) {
        self.begin(showing, order);
        self.break_lines(showing, ui, order);
        self.take_answers(showing, ui, actions);
        // Before a click is heard: what that selects is in view, and is not known to the state before the next frame.
        self.reveal_selected_event(showing, ui, order);
        let snapshot = showing.snapshot.filter(|snapshot| snapshot.shape == order.shape);
        let (lines, ready) = snapshot.map_or((0, false), |snapshot| (snapshot.lines, snapshot.ready));
        if ready {
            self.known = lines;
        }
        if ready && lines == 0 {
            return paint::nothing(showing.ctx, ui, "conversation.silent", "conversation.silent_hint");
        }
        let shown = self.list(showing, ui, lines.max(self.known), actions);
        self.first = shown.first;
        order.at_end = self.list.following;
        order.want = (shown.first, shown.count);
        self.place(snapshot, ui);
        self.keyboard(showing, ui, &shown, lines, order, actions);
    }

    /// Another connection: nothing of the one before stays.
    fn begin(&mut self, showing: &Showing<'_, '_>, order: &ConversationOrder) {
        if self.of == order.connection {
            return;
        }
        *self = Self { of: order.connection, selected_event: None, ..Self::default() };
        let selected = showing.ctx.view.selected.as_ref();
        let is_in_it = selected.is_some_and(|row| Some(row.event.flow.connection) == order.connection);
        if !is_in_it {
            // What is selected elsewhere is not looked for here.
            self.selected_event = showing.ctx.state.selected_event;
        }
    }

    /// How the lines are to be broken; a width that is being dragged is waited for.
    fn break_lines(&mut self, showing: &Showing<'_, '_>, ui: &Ui, order: &mut ConversationOrder) {
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0')).max(1.0);
        let cells =
            (((ui.available_width() - CONTENT - RIGHT) / char_width) as u16).clamp(*COLUMNS.start(), *COLUMNS.end());
        let wanted = match showing.mode {
            Mode::Text => Shape::Text { encoding: showing.encoding, columns: cells.saturating_sub(OVERHANG) },
            Mode::Raw => Shape::Raw { columns: cells },
            Mode::Hex => Shape::Hex { bytes: if cells >= paint::hex_cells(16) { 16 } else { 8 } },
        };
        let now = ui.input(|input| input.time);
        let only_width = |shape: Shape| match (shape, wanted) {
            (Shape::Text { encoding: a, .. }, Shape::Text { encoding: b, .. }) => a == b,
            (Shape::Raw { .. }, Shape::Raw { .. }) | (Shape::Hex { .. }, Shape::Hex { .. }) => true,
            _ => false,
        };
        let shape = match self.shape {
            Some(shape) if shape != wanted && only_width(shape) => {
                let since = self.resizing.filter(|(to, _)| *to == wanted).map_or(now, |(_, since)| since);
                self.resizing = Some((wanted, since));
                if now - since < RESIZE_PAUSE {
                    ui.ctx().request_repaint_after(Duration::from_secs_f64(RESIZE_PAUSE - (now - since)));
                    shape
                } else {
                    wanted
                }
            }
            _ => wanted,
        };
        if self.shape.is_some_and(|before| before != shape) {
            // The event at the top is to stay there, and lines have other numbers.
            let top = showing.snapshot.and_then(|snapshot| line_at(snapshot, self.first)).map(|line| line.seq);
            self.selection = None;
            self.known = 0;
            if let Some(seq) = top.filter(|_| !self.list.following) {
                self.ask(order, seq, false);
            }
        }
        if self.shape != Some(shape) {
            (self.shape, self.resizing) = (Some(shape), None);
        }
        order.shape = shape;
    }

    fn ask(&mut self, order: &mut ConversationOrder, seq: u64, select: bool) {
        order.reveal = (order.reveal.0 + 1, Some(seq));
        self.asked = Some((order.reveal.0, select));
    }

    fn take_answers(&mut self, showing: &Showing<'_, '_>, ui: &Ui, actions: &mut Vec<Action>) {
        let Some(snapshot) = showing.snapshot.filter(|snapshot| Some(snapshot.shape) == self.shape) else { return };
        if let Some((_, select)) = self.asked.filter(|(number, _)| *number == snapshot.revealed.0) {
            self.asked = None;
            if let Some(line) = snapshot.revealed.1 {
                self.placed = true;
                if select {
                    self.go_to(line, ui);
                } else {
                    self.list.put(line, 0.0, snapshot.lines);
                    ui.ctx().request_repaint();
                }
            }
        }
        if self.copying == Some(snapshot.copied.0)
            && let Some(text) = &snapshot.copied.1
        {
            self.copying = None;
            actions.push(Action::Copy(text.to_string()));
        }
    }

    /// Where to begin, once that is known.
    fn place(&mut self, snapshot: Option<&ConversationSnapshot>, ui: &Ui) {
        if let Some(snapshot) = snapshot.filter(|snapshot| !self.placed && snapshot.lines > 0) {
            self.placed = true;
            if snapshot.end.is_some() || !snapshot.live {
                self.list.to_start();
                ui.ctx().request_repaint();
            }
        }
    }

    fn list(&mut self, showing: &Showing<'_, '_>, ui: &mut Ui, lines: u64, actions: &mut Vec<Action>) -> Shown {
        let ctx = showing.ctx;
        let place = ui.available_rect_before_wrap();
        let name = ctx.words.get("conversation.lines");
        let selected = self.selection.map(|(a, b)| a.min(b)..a.max(b) + 1).unwrap_or_default();
        let first = self.list.position.top_row;
        let snapshot = showing.snapshot.filter(|snapshot| Some(snapshot.shape) == self.shape);
        let (mut clicked, mut menu): (Option<(u64, bool)>, Vec<MenuChoice>) = (None, Vec::new());
        let shown = self.list.show(ui, Id::unique("conversation_lines"), name, lines, ROW, |ui, at, rect, list| {
            let Some(line) = snapshot.and_then(|snapshot| line_at(snapshot, at)) else {
                return paint::loading(ctx, ui.painter(), rect);
            };
            let response = ui.interact(rect, Id::unique(("conversation_line", at)), Sense::CLICK);
            let is_selected = selected.contains(&at);
            let look = Look { selected: is_selected, hovered: response.hovered(), top: at == first };
            paint::line(showing, ui.painter(), rect, line, look);
            response.widget_info(|| {
                WidgetInfo::selected(egui::Role::ListItem, true, is_selected, paint::spoken(showing, line))
            });
            if response.clicked() || (response.secondary_clicked() && !is_selected) {
                list.request_focus();
                clicked = Some((at, ui.input(|input| input.modifiers.shift)));
            }
            response.context_menu(|ui| menu.extend(line_menu(ctx, ui, line)));
        });
        if let Some((at, extends)) = clicked {
            let from = self.selection.filter(|_| extends).map_or(at, |(from, _)| from);
            self.select(ctx, snapshot, (from, at), actions);
        }
        self.drag(ui, &shown.response, place, lines);
        for choice in menu {
            match choice {
                MenuChoice::Copy => self.copying = Some(0),
                MenuChoice::Do(action) => actions.push(*action),
            }
        }
        shown
    }

    fn select(
        &mut self,
        ctx: &Ctx<'_>,
        snapshot: Option<&ConversationSnapshot>,
        selection: (u64, u64),
        actions: &mut Vec<Action>,
    ) {
        self.selection = Some(selection);
        let line = snapshot.and_then(|snapshot| line_at(snapshot, selection.1));
        if let Some(seq) = line.map(|line| line.seq).filter(|_| selection.0 == selection.1) {
            self.selected_event = Some(seq);
            if ctx.state.selected_event != Some(seq) {
                actions.push(Action::Log(LogAction::SelectEvent(Some(seq))));
            }
        }
        // The bytes that open beneath must not cover it.
        self.list.reveal(selection.1);
    }

    fn drag(&mut self, ui: &Ui, response: &Response, place: Rect, lines: u64) {
        if !response.dragged() || !response.dragged_by(egui::PointerButton::Primary) {
            self.dragging = false;
            return;
        }
        let (Some(pointer), Some(origin)) =
            (response.interact_pointer_pos(), ui.input(|input| input.pointer.press_origin()))
        else {
            return;
        };
        let at = |y: f32| {
            let down =
                f64::from(y.clamp(place.top(), place.bottom() - 1.0) - place.top()) + self.list.position.remainder;
            (self.list.position.top_row + (down / f64::from(ROW)) as u64).min(lines.saturating_sub(1))
        };
        let head = at(pointer.y);
        let anchor = match self.selection.filter(|_| self.dragging) {
            Some((anchor, _)) => anchor,
            None => at(origin.y),
        };
        self.dragging = true;
        self.selection = Some((anchor, head));
        // Beyond an edge the list moves along.
        let beyond = if pointer.y < place.top() {
            head.checked_sub(1)
        } else if pointer.y > place.bottom() {
            Some((head + 1).min(lines.saturating_sub(1)))
        } else {
            None
        };
        if let Some(line) = beyond {
            self.list.reveal(line);
            ui.ctx().request_repaint_after(Duration::from_millis(33));
        }
    }

    fn keyboard(
        &mut self,
        showing: &Showing<'_, '_>,
        ui: &Ui,
        shown: &Shown,
        lines: u64,
        order: &mut ConversationOrder,
        actions: &mut Vec<Action>,
    ) {
        if shown.step != 0 && lines > 0 {
            let (anchor, head) = self.selection.unwrap_or((shown.first, shown.first));
            let to =
                if self.selection.is_some() { head.saturating_add_signed(shown.step).min(lines - 1) } else { head };
            let extends = ui.input(|input| input.modifiers.shift);
            let snapshot = showing.snapshot.filter(|snapshot| Some(snapshot.shape) == self.shape);
            self.select(showing.ctx, snapshot, (if extends { anchor } else { to }, to), actions);
            ui.ctx().request_repaint();
        }
        let entered = shown.response.has_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if entered && self.selection.is_some() && showing.ctx.state.selected_event.is_some() {
            actions.push(Action::View(ViewAction::ShowTab(Tab::Log)));
        }
        let from_menu = self.copying == Some(0);
        if (from_menu || row_list::copy_pressed(ui, &shown.response))
            && let Some(lines) = self.selected_lines()
        {
            order.copy = (order.copy.0 + 1, lines);
            self.copying = Some(order.copy.0);
        } else if from_menu {
            self.copying = None;
        }
    }

    fn selected_lines(&self) -> Option<Range<u64>> {
        self.selection.map(|(a, b)| a.min(b)..a.max(b) + 1)
    }

    /// An event that was selected elsewhere is shown here.
    fn reveal_selected_event(&mut self, showing: &Showing<'_, '_>, ui: &Ui, order: &mut ConversationOrder) {
        let selected = showing.ctx.state.selected_event;
        if self.selected_event == selected {
            return;
        }
        self.selected_event = selected;
        if let Some(seq) = selected {
            self.ask(order, seq, true);
            ui.ctx().request_repaint();
        }
    }
}

enum MenuChoice {
    Copy,
    Do(Box<Action>),
}

fn line_menu(ctx: &Ctx<'_>, ui: &mut Ui, line: &Line) -> Vec<MenuChoice> {
    let mut chosen = Vec::new();
    if ui.button(ctx.words.get("conversation.copy")).clicked() {
        chosen.push(MenuChoice::Copy);
        ui.close();
    }
    if ui.button(ctx.words.get("conversation.show_in_log")).clicked() {
        chosen.push(MenuChoice::Do(Box::new(Action::Log(LogAction::SelectEvent(Some(line.seq))))));
        chosen.push(MenuChoice::Do(Box::new(Action::View(ViewAction::ShowTab(Tab::Log)))));
        ui.close();
    }
    chosen
}

fn line_at(snapshot: &ConversationSnapshot, line: u64) -> Option<&Line> {
    let index = usize::try_from(line.checked_sub(snapshot.first_line)?).ok()?;
    snapshot.rows.get(index).map(AsRef::as_ref)
}
