//! The filter line: one field, coloured, with completion, its mistake marked at its place, and what was kept behind it.
//!
//! Owns: the half-typed text and the list of completions. Never: decides what fits. Called by: the log's strip.

use std::time::Duration;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::{TextEditOutput, TextEditState};
use egui::{EventFilter, Id, Key, Modifiers, Pos2, Rect, Response, RichText, Stroke, TextEdit, Ui};

use super::completion::{Asked, Completions};
use super::{kept, syntax};
use crate::filter::Mistake;
use crate::ui::action::{Action, LogAction};
use crate::ui::state::{Ctx, Focus};
use crate::ui::theme;
use crate::ui::widgets::{self, row_list::TYPING_PAUSE};

/// Longer texts are cut in sentences about them.
const MOST_SHOWN: usize = 200;

#[derive(Default)]
pub struct FilterLine {
    text: String,
    /// What the state had last: it changes without us when another log is shown, and through a row's menu.
    taken: String,
    /// When the last key was pressed, while the text is not taken over yet.
    typed_at: Option<f64>,
    completions: Completions,
    kept: kept::Kept,
}

impl FilterLine {
    /// From right to left.
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if self.taken != ctx.state.filter_text {
            self.taken.clone_from(&ctx.state.filter_text);
            self.text.clone_from(&self.taken);
            self.typed_at = None;
            self.completions.close();
        }
        ui.spacing_mut().item_spacing.x = 2.0;
        if let Some(text) = self.kept.ui(ctx, ui, actions) {
            self.text = text;
            self.take(actions);
            actions.push(Action::Log(LogAction::CommitFilter));
        }
        if !self.text.is_empty() && widgets::icon(ui, "×", ctx.words.get("log.filter_clear")).clicked() {
            self.text.clear();
            self.take(actions);
        }
        self.field(ctx, ui, actions);
    }

    fn field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let id = Id::unique(super::FIELD);
        let focused = ui.memory(|memory| memory.has_focus(id));
        let asked = if focused { self.completions.keys(ui) } else { Asked::Nothing };
        let opens = asked == Asked::Open;
        let mut moved = asked.accepted().and_then(|at| self.accept(ui, id, at));
        let mistake = self.mistake(ctx).cloned();
        let output = self.edit(ctx, ui, id, mistake.is_some());
        let response: Response = output.response.response.clone();
        if let Some(mistake) = &mistake {
            squiggle(ctx, ui, &output, &self.text, mistake);
        }
        if ctx.state.focus == Some(Focus::Filter) {
            response.request_focus();
        }
        if response.has_focus() {
            let open = self.completions.is_open();
            let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            let filter = EventFilter { tab: open, escape: open, ..arrows };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        }
        let clicked = self.beneath(ctx, ui, &response, mistake.as_ref());
        if let Some(at) = clicked {
            moved = self.accept(ui, id, at);
            response.request_focus();
        }
        let now = ui.input(|input| input.time);
        let typed = output.response.response.changed() || moved.is_some();
        if typed {
            self.typed_at = Some(now);
        }
        if typed || opens {
            let cursor = moved.or_else(|| output.cursor_range.map(|range| range.primary.index.0));
            self.completions.offer(ctx, &self.text, byte_of(&self.text, cursor.unwrap_or(usize::MAX)), opens);
            ui.ctx().request_repaint();
        }
        self.settle(ui, &response, now, actions);
    }

    fn edit(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, id: Id, wrong: bool) -> TextEditOutput {
        let name = ctx.words.get("log.filter");
        let mut layouter = syntax::filter_layout(ctx, None);
        let width = ui.available_width();
        let output = ui
            .scope(|ui| {
                if wrong {
                    let edge = Stroke::new(1.0, ctx.theme.error);
                    ui.visuals_mut().selection.stroke = edge;
                    ui.visuals_mut().widgets.inactive.bg_stroke = edge;
                    ui.visuals_mut().widgets.hovered.bg_stroke = edge;
                }
                TextEdit::singleline(&mut self.text)
                    .id(id)
                    .font(theme::mono())
                    .layouter(&mut layouter)
                    .hint_text(RichText::new(ctx.words.get("log.filter_hint")).color(ctx.theme.dim))
                    .desired_width(width)
                    .margin(egui::Margin::symmetric(9, 4))
                    .show(ui)
            })
            .inner;
        let text = self.text.clone();
        output.response.response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
            info.current_text_value = Some(text.clone());
            info
        });
        output
    }

    /// The mistake in what stands in the line.
    fn mistake<'a>(&self, ctx: &Ctx<'a>) -> Option<&'a Mistake> {
        ctx.state.filter_mistake.as_ref().filter(|_| self.text == ctx.state.filter_text)
    }

    /// Completions and the sentence about a mistake, over the rows: neither moves them.
    fn beneath(&mut self, ctx: &Ctx<'_>, ui: &Ui, field: &Response, mistake: Option<&Mistake>) -> Option<usize> {
        let mistake = mistake.filter(|_| field.has_focus() && self.typed_at.is_none());
        let completing = self.completions.is_shown(field.has_focus());
        if !completing && mistake.is_none() {
            return None;
        }
        let mut clicked = None;
        let area = egui::Area::new(Id::unique("log_filter_beneath"))
            .order(egui::Order::Foreground)
            .fixed_pos(field.rect.left_bottom() + egui::vec2(0.0, 4.0));
        let shown = area.show(ui.ctx(), |ui| {
            egui::Frame::popup(ui.style()).inner_margin(6).show(ui, |ui| {
                ui.set_max_width(460.0_f32.min(ui.ctx().content_rect().right() - field.rect.left() - 24.0));
                if completing {
                    clicked = self.completions.list(ctx, ui);
                }
                if let Some(mistake) = mistake {
                    let text = ctx.words.filter_mistake(mistake);
                    ui.add(egui::Label::new(RichText::new(text).color(ctx.theme.error)).wrap());
                    ui.add(egui::Label::new(RichText::new(in_force(ctx)).color(ctx.theme.dim)).wrap());
                }
            });
        });
        self.completions.touched = shown.response.contains_pointer();
        clicked
    }

    /// Puts a completion in the place of what was typed; where the cursor goes, in characters.
    fn accept(&mut self, ui: &Ui, id: Id, at: usize) -> Option<usize> {
        let (text, cursor) = self.completions.accepted(&self.text, at)?;
        self.text = text;
        let cursor = self.text.get(..cursor).map_or(0, |before| before.chars().count());
        let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(cursor))));
        state.store(ui.ctx(), id);
        Some(cursor)
    }

    /// Takes the text over: after a pause in typing, with Enter, and when the field is left.
    fn settle(&mut self, ui: &Ui, response: &Response, now: f64, actions: &mut Vec<Action>) {
        if response.lost_focus() && !self.completions.touched {
            self.completions.close();
            let (escaped, entered) = ui.input(|input| (input.key_pressed(Key::Escape), input.key_pressed(Key::Enter)));
            if escaped && !self.text.is_empty() {
                self.text.clear();
            }
            self.take(actions);
            if entered {
                actions.push(Action::Log(LogAction::CommitFilter));
                // Arrows go on through what was found.
                ui.memory_mut(|memory| memory.request_focus(Id::unique(super::ROWS)));
            }
            return;
        }
        let Some(typed_at) = self.typed_at else { return };
        let left = TYPING_PAUSE.as_secs_f64() - (now - typed_at);
        if left <= 0.0 {
            self.take(actions);
        } else {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
        }
    }

    fn take(&mut self, actions: &mut Vec<Action>) {
        self.typed_at = None;
        if self.text != self.taken {
            self.taken.clone_from(&self.text);
            actions.push(Action::Log(LogAction::SetFilter(self.text.clone())));
        }
    }
}

/// What the log goes on showing while the line holds a mistake.
pub fn in_force(ctx: &Ctx<'_>) -> String {
    let filter = crate::payload::visible_text(ctx.state.query.filter.text(), MOST_SHOWN);
    if filter.is_empty() {
        return ctx.words.get("log.filter_in_force_all").to_owned();
    }
    ctx.words.fill("log.filter_in_force", &[("filter", &filter)])
}

fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// Beneath exactly the characters that are wrong; where something is missing at the end, behind them.
fn squiggle(ctx: &Ctx<'_>, ui: &Ui, output: &TextEditOutput, text: &str, mistake: &Mistake) {
    let x = |byte: usize| {
        let before = text.get(..byte).map_or(0, |before| before.chars().count());
        output.galley_pos.x + output.galley.pos_from_cursor(CCursor::new(before)).left()
    };
    let (left, right) = (x(mistake.at.start), x(mistake.at.end));
    let right = right.max(left + 7.0);
    let bottom = output.galley_pos.y + output.galley.rect.bottom();
    let mut points = Vec::new();
    let mut at = left;
    // No more of it than the field shows.
    let (first, last) = (output.text_clip_rect.left(), output.text_clip_rect.right());
    while at <= right {
        if (first..=last).contains(&at) {
            let up = points.len() % 2 == 0;
            points.push(Pos2::new(at, if up { bottom } else { bottom - 2.5 }));
        }
        at += 2.5;
    }
    let clip = output.text_clip_rect.expand2(egui::vec2(8.0, 4.0));
    let painter = ui.painter().with_clip_rect(clip.intersect(Rect::EVERYTHING));
    painter.add(egui::Shape::line(points, Stroke::new(1.3, ctx.theme.error)));
}

/// Consumes a key of the keyboard, whatever has it.
pub(super) fn pressed(ui: &Ui, key: Key) -> bool {
    ui.input_mut(|input| input.consume_key(Modifiers::NONE, key))
}
