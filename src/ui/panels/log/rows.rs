//! The rows on screen: which of them, the keyboard, and what stands around them. One row is drawn in `drawing`.

use std::sync::Arc;

use egui::{Align2, Id, Key, Pos2, Rect, Sense, Stroke, Ui, UiBuilder, Vec2};

use super::drawing::{Columns, Drawing};
use super::notices::{Marked, MarkedAsk};
use super::{LogPanel, ROWS, filter, filters, middle, place, selection, text};
use crate::model::Recorded;
use crate::session::{Decoration, ViewSnapshot};
use crate::ui::action::{Action, FindAction, Form, LogAction, ViewAction};
use crate::ui::apply::asks_selected_time;
use crate::ui::state::Ctx;
use crate::ui::theme::{self, LOG_ROW};
use crate::ui::widgets::{self, row_list};

const HEADER: f32 = 24.0;
/// Rows beyond the screen that are asked for, so that a small scroll finds them there.
const AHEAD: u64 = 60;

impl LogPanel {
    pub(super) fn rows(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let columns = Columns::new(ui, ui.available_width());
        header(ctx, ui, columns);
        self.selection.follow(ctx);
        let marked = Marked::of(ctx, ui, self.selection.refused);
        let rest = ui.available_rect_before_wrap();
        let mut place = rest;
        place.max.y -= marked.as_ref().map_or(0.0, Marked::height);
        let mut above = ui.new_child(UiBuilder::new().max_rect(place).id_salt("log_rows"));
        self.list(ctx, &mut above, place, columns, actions);
        if let Some(marked) = marked {
            let strip = Rect::from_min_max(Pos2::new(rest.left(), place.bottom()), rest.max);
            let mut beneath = ui.new_child(UiBuilder::new().max_rect(strip).id_salt("log_marked"));
            self.marked(ctx, &mut beneath, marked, actions);
        }
        ui.advance_cursor_after_rect(rest);
    }

    fn marked(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, marked: Marked, actions: &mut Vec<Action>) {
        match marked.show(ctx, ui) {
            Some(MarkedAsk::Unmark) => actions.push(Action::Log(LogAction::MarkEvents(Vec::new()))),
            Some(MarkedAsk::Save) => actions.push(Action::View(ViewAction::ShowForm(Form::SaveLog))),
            Some(MarkedAsk::Copy) => self.copy(ctx, ui, actions),
            None => {}
        }
    }

    fn list(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, columns: Columns, actions: &mut Vec<Action>) {
        if ctx.view.matched == 0 {
            nothing(ctx, ui, place, actions);
        }
        if self.go_to.apply(ctx, ui, &mut self.list, actions) {
            // The place that was looked at before is left.
            self.place = place::Place::of(&ctx.state.query);
        }
        self.place.apply(ctx, ui, &mut self.list);
        self.go_to_found(ctx, ui, actions);
        let bar = &ctx.view.find.bar;
        self.list.marks = (ctx.state.find.open && !bar.is_empty()).then(|| (bar.clone(), ctx.theme.found));
        let (list, clock) = (&mut self.list, &self.clock);
        let drawing = Drawing { ctx, columns, clock };
        let rows = rows_to_show(ctx.view, list.following);
        let name = ctx.words.get("log.rows");
        let asked = actions.len();
        let shown = list.show(ui, Id::unique(ROWS), name, rows, LOG_ROW, |ui, place, rect, list| {
            drawing.row(ui, place, rect, list, actions);
        });
        self.first_shown = row_at(ctx.view, shown.first).map(|row| row.seq);
        // What is wanted next is the true end, not the one that is shown.
        let following = list.following;
        self.follow_clicks(ctx, actions.get(asked..).unwrap_or_default());
        let first = if following { ctx.view.matched.saturating_sub(shown.count as u64) } else { shown.first };
        let want = wanted(first.saturating_sub(AHEAD), shown.count as u64 + 2 * AHEAD, self.selection.wanted.as_ref());
        if want != self.wanted || row_at(ctx.view, shown.first).is_none() {
            self.wanted = want;
            actions.push(Action::Log(LogAction::Want { first: want.0, count: want.1 }));
        }
        self.show_selected(ctx, ui);
        actions.extend(selected_was_read(ctx));
        self.place.remember(ctx, &self.list, &shown);
        self.keyboard(ctx, ui, &shown, actions);
        self.newer(ctx, ui, place, &shown);
    }

    /// The bytes open beneath a row that was just selected: it must not be what they push out of view.
    fn show_selected(&mut self, ctx: &Ctx<'_>, ui: &Ui) {
        if self.selected == ctx.state.selected_event {
            return;
        }
        self.selected = ctx.state.selected_event;
        let place = selected_place(ctx).or_else(|| {
            let found = ctx.view.find.current.filter(|found| ctx.state.find.open && Some(found.seq) == self.selected);
            found.map(|found| found.place)
        });
        if let Some(place) = place {
            self.list.reveal(place);
            ui.ctx().request_repaint();
        }
    }

    /// The answer to a step of the find bar: that row is selected, and in view.
    fn go_to_found(&mut self, ctx: &Ctx<'_>, ui: &Ui, actions: &mut Vec<Action>) {
        let find = &ctx.view.find;
        let answer = find.current.map(|found| (find.step, found.seq));
        if answer.is_none() || self.answered == answer {
            return;
        }
        self.answered = answer;
        let Some(found) = find.current.filter(|_| ctx.state.find.open) else { return };
        actions.push(Action::Log(match found.frame {
            Some(index) => LogAction::SelectFrame { seq: found.seq, index },
            None => LogAction::SelectEvent(Some(found.seq)),
        }));
        let page = self.list.page();
        let top = self.list.position.top_row;
        if (top..top + page).contains(&found.place) {
            self.list.reveal(found.place);
        } else {
            // Far away: with some rows above it to see where one is.
            self.list.put(found.place, (page / 3) as f64 * f64::from(LOG_ROW), ctx.view.matched);
        }
        ui.ctx().request_repaint();
    }

    /// Where the next Shift and arrow go on from.
    fn follow_clicks(&mut self, ctx: &Ctx<'_>, asked: &[Action]) {
        for action in asked {
            let range = match action {
                Action::Log(LogAction::MarkEvents(ranges)) => ranges.first().zip(ranges.last()),
                Action::Log(LogAction::MarkShown(range)) => Some((range, range)),
                _ => None,
            };
            let Some((first, last)) = range else { continue };
            let (first, last) = (*first.start(), *last.end());
            self.selection.ended_at(if ctx.state.selected_event == Some(first) { last } else { first });
        }
    }

    fn keyboard(&mut self, ctx: &Ctx<'_>, ui: &Ui, shown: &row_list::Shown, actions: &mut Vec<Action>) {
        if shown.step != 0 && ctx.view.matched > 0 {
            let at = selected_place(ctx)
                .map_or(shown.first, |place| place.saturating_add_signed(shown.step).min(ctx.view.matched - 1));
            if let Some(select) = select_at(ctx.view, at) {
                actions.push(Action::Log(select));
                self.list.reveal(at);
                ui.ctx().request_repaint();
            }
        }
        if shown.response.has_focus() && ctx.state.show_frames {
            actions.extend(opened_by_key(ctx, ui).into_iter().map(Action::Log));
        }
        if shown.extend != 0
            && let Some((place, marks)) = self.selection.extend(ctx, shown.extend, shown.first)
        {
            actions.extend(marks.into_iter().map(Action::Log));
            self.list.reveal(place);
            ui.ctx().request_repaint();
        }
        if row_list::copy_pressed(ui, &shown.response) {
            self.copy(ctx, ui, actions);
        }
        let focused = shown.response.has_focus();
        if focused && ctx.view.matched > 0 && ui.input_mut(|input| input.consume_key(egui::Modifiers::COMMAND, Key::A))
        {
            actions.push(Action::Log(selection::all(ctx.state)));
        }
        // Esc takes the keyboard away from what has it.
        let had_focus = focused || shown.response.lost_focus();
        if had_focus
            && ui.input(|input| input.key_pressed(Key::Escape))
            && let Some(undone) = escaped(ctx)
        {
            actions.push(undone);
            shown.response.request_focus();
        }
    }

    fn copy(&mut self, ctx: &Ctx<'_>, ui: &Ui, actions: &mut Vec<Action>) {
        let text = if ctx.state.marked.is_empty() {
            selected_row(ctx).map(|row| text::whole_row(ctx.words, &self.clock, row, ctx.state, usize::MAX, "\t"))
        } else {
            self.selection.copied(ctx, &self.clock)
        };
        actions.extend(text.map(Action::Copy));
        // Where it was refused, that is said.
        ui.ctx().request_repaint();
    }

    /// While scrolled up: how many rows are below, and the way back to them.
    fn newer(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, shown: &row_list::Shown) {
        let below = ctx.view.matched.saturating_sub(shown.first + shown.count as u64);
        if self.list.following || below == 0 {
            return;
        }
        // A file does not grow: what is below is only further down.
        let key = if ctx.state.opened_file.is_some() { "log.more_below" } else { "log.new_below" };
        let text = format!("↓ {}", ctx.words.fill(key, &[("events", &ctx.words.number(below))]));
        let galley = ui.painter().layout_no_wrap(text.clone(), theme::body(), ctx.theme.text);
        let size = Vec2::new(galley.size().x + 2.0 * ui.spacing().button_padding.x + 2.0, 26.0);
        let rect = Rect::from_min_size(place.right_bottom() - size - Vec2::new(24.0, 12.0), size);
        if ui.put(rect, egui::Button::new(text).fill(ctx.theme.raised)).clicked() {
            self.list.to_end();
            ui.ctx().request_repaint();
        }
    }
}

/// Right opens the selected frame, Left closes it, also from one of its chunks.
fn opened_by_key(ctx: &Ctx<'_>, ui: &Ui) -> Vec<LogAction> {
    let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
    let (left, right) = (pressed(Key::ArrowLeft), pressed(Key::ArrowRight));
    let state = ctx.state;
    let own = state.selected_event.zip(state.selected_frame);
    match (own, state.selected_beneath) {
        (Some(frame), _) if right || left => vec![LogAction::OpenFrame { frame, open: right }],
        (None, Some(frame)) if left => {
            vec![LogAction::OpenFrame { frame, open: false }, LogAction::SelectFrame { seq: frame.0, index: frame.1 }]
        }
        _ => Vec::new(),
    }
}

fn header(ctx: &Ctx<'_>, ui: &mut Ui, columns: Columns) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEADER), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, ctx.theme.line));
    let middle = rect.center().y;
    let word = |key, x, align| {
        let at = Pos2::new(rect.left() + x, middle);
        ui.painter().text(at, align, ctx.words.get(key), theme::mono(), ctx.theme.dim);
    };
    word("log.time", columns.time, Align2::LEFT_CENTER);
    if columns.has_delta() {
        word("log.delta", columns.delta, Align2::LEFT_CENTER);
    }
    word("log.socket", columns.socket, Align2::LEFT_CENTER);
    word("log.size", columns.size_end, Align2::RIGHT_CENTER);
    word("log.content", columns.content, Align2::LEFT_CENTER);
    if let Some(text) = filter::progress(ctx).filter(|_| filter::is_narrow(rect.width())) {
        let galley = ui.painter().layout_no_wrap(text, theme::small(), ctx.theme.dim);
        let at = Pos2::new(rect.right() - galley.size().x - 8.0, middle - galley.size().y / 2.0);
        ui.painter().rect_filled(Rect::from_min_size(at, galley.size()).expand(3.0), 0.0, ctx.theme.background);
        ui.painter().galley(at, galley, ctx.theme.dim);
    }
}

fn nothing(ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, actions: &mut Vec<Action>) {
    let searching = ctx.view.query != ctx.state.query || ctx.view.scanned < ctx.view.total;
    if searching || place.height() < 100.0 {
        return;
    }
    middle(ui, place, |ui| {
        ui.label(egui::RichText::new(ctx.words.get("log.nothing")).font(theme::medium(15.0)));
        if filters(&ctx.state.query) {
            ui.label(egui::RichText::new(ctx.words.get("log.nothing_hint")).color(ctx.theme.dim));
            if widgets::button(ui, ctx.words.get("log.clear")).clicked() {
                actions.extend(clear_filter(ctx));
            }
        }
    });
}

/// The selected row was not there when the filter asked when it was; now it is.
fn selected_was_read(ctx: &Ctx<'_>) -> Option<Action> {
    let query = &ctx.state.query;
    let selected = ctx.view.selected.as_ref().filter(|row| ctx.state.selected_event == Some(row.seq))?;
    let missing = query.selected_time != Some(selected.event.time) && asks_selected_time(&query.filter);
    missing.then_some(Action::Log(LogAction::FollowSelected))
}

/// Rows to ask for, from a place on and how many: those around the screen, and the marked ones while both fit.
fn wanted(first: u64, count: u64, marked: Option<&std::ops::RangeInclusive<u64>>) -> (u64, usize) {
    let around = (first, first.saturating_add(count));
    let both = marked.map(|marked| (around.0.min(*marked.start()), around.1.max(marked.end().saturating_add(1))));
    let (from, to) = both.filter(|(from, to)| to - from <= selection::MOST_COPIED).unwrap_or(around);
    (from, usize::try_from(to - from).unwrap_or(0))
}

/// What Esc undoes first: marks, the find bar, the filter.
fn escaped(ctx: &Ctx<'_>) -> Option<Action> {
    let state = ctx.state;
    if !state.marked.is_empty() {
        Some(Action::Log(LogAction::MarkEvents(Vec::new())))
    } else if state.compared_event.is_some() {
        Some(Action::Log(LogAction::Compare(None)))
    } else if state.find.open {
        Some(Action::Find(FindAction::Close))
    } else {
        (!state.filter_text.is_empty()).then(|| Action::Log(LogAction::SetFilter(String::new())))
    }
}

pub(super) fn clear_filter(ctx: &Ctx<'_>) -> Vec<Action> {
    let query = &ctx.state.query;
    let mut changes = Vec::new();
    if !ctx.state.filter_text.is_empty() {
        changes.push(LogAction::SetFilter(String::new()));
    }
    let chips = [
        (query.received, LogAction::ToggleReceived),
        (query.sent, LogAction::ToggleSent),
        (query.state, LogAction::ToggleState),
        (query.errors, LogAction::ToggleErrors),
    ];
    changes.extend(chips.into_iter().filter(|(on, _)| !on).map(|(_, toggle)| toggle));
    changes.into_iter().map(Action::Log).collect()
}

/// The row at a place of the matched rows, where the cache has it.
pub(super) fn row_at(view: &ViewSnapshot, place: u64) -> Option<&Arc<Recorded>> {
    let index = usize::try_from(place.checked_sub(view.first)?).ok()?;
    view.rows.get(index)?.as_ref()
}

/// What is drawn on that row besides what it says.
pub(super) fn decoration_at(view: &ViewSnapshot, place: u64) -> Option<&Decoration> {
    let index = usize::try_from(place.checked_sub(view.first)?).ok()?;
    view.decorations.get(index)
}

/// The place of an event among the shown ones; `None` where it is not shown.
pub(super) fn place_of_event(ctx: &Ctx<'_>, seq: u64) -> Option<u64> {
    let index = ctx.view.rows.iter().position(|row| row.as_ref().is_some_and(|row| row.seq == seq));
    index.map(|index| ctx.view.first + index as u64).or_else(|| (ctx.place_of)(seq))
}

/// How far down the log is drawn. While it follows fast traffic the newest rows are read a moment after they are counted:
/// the end of what was read is shown then, instead of rows that are never there in time.
fn rows_to_show(view: &ViewSnapshot, following: bool) -> u64 {
    let read = view.first + view.rows.len() as u64;
    let has_screenful = view.rows.len() as u64 >= AHEAD.min(view.matched);
    if following && has_screenful && read < view.matched { read } else { view.matched }
}

pub(super) fn is_unreadable(view: &ViewSnapshot, place: u64) -> bool {
    let index = place.checked_sub(view.first).and_then(|index| usize::try_from(index).ok());
    index.is_some_and(|index| matches!(view.rows.get(index), Some(None)))
}

pub fn selected_row<'a>(ctx: &Ctx<'a>) -> Option<&'a Arc<Recorded>> {
    let seq = ctx.state.selected_event?;
    let index = selected_place(ctx).and_then(|place| usize::try_from(place - ctx.view.first).ok());
    let shown = index.filter(|_| ctx.state.selected_frame.is_some() || !ctx.view.query.frames);
    let own = || ctx.view.selected.as_ref().filter(|row| row.seq == seq);
    shown.and_then(|index| ctx.view.rows.get(index)?.as_ref()).or_else(own)
}

pub(super) fn selected_place(ctx: &Ctx<'_>) -> Option<u64> {
    let seq = ctx.state.selected_event?;
    let is_it = |place: &u64| row_at(ctx.view, *place).is_some_and(|row| row.seq == seq) && is_selected(ctx, *place);
    (ctx.view.first..ctx.view.first + ctx.view.rows.len() as u64).find(is_it)
}

/// The chunk of a frame may be selected too: then all frames that end in it are.
pub(super) fn is_selected(ctx: &Ctx<'_>, place: u64) -> bool {
    let Some(row) = row_at(ctx.view, place) else { return false };
    let frame = decoration_at(ctx.view, place).and_then(|decoration| decoration.frame.as_ref());
    let (index, beneath) = (ctx.state.selected_frame, ctx.state.selected_beneath);
    ctx.state.selected_event == Some(row.seq)
        && beneath == decoration_at(ctx.view, place).and_then(|decoration| decoration.beneath)
        && (index.is_none() || index == frame.map(|facts| facts.index))
}

/// Selects what stands at a place: an event, or a frame.
pub(super) fn select_at(view: &ViewSnapshot, place: u64) -> Option<LogAction> {
    let seq = row_at(view, place)?.seq;
    let decoration = decoration_at(view, place);
    if let Some(frame) = decoration.and_then(|decoration| decoration.beneath) {
        return Some(LogAction::SelectChunk { seq, frame });
    }
    let frame = decoration.and_then(|decoration| decoration.frame.as_ref());
    Some(match frame {
        Some(facts) => LogAction::SelectFrame { seq, index: facts.index },
        None => LogAction::SelectEvent(Some(seq)),
    })
}
