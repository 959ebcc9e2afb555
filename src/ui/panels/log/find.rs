//! The find bar beneath the filter line: what is looked for, how often it was found, the way from match to match.
//!
//! Owns: the half-typed text. Never: searches (that is the log's reader). Called by: the log.

use std::time::Duration;

use egui::{Align, Id, Key, Layout, Modifiers, RichText, TextEdit, Ui, Vec2};

use crate::session::{FindStep, Scope};
use crate::ui::action::{Action, FindAction};
use crate::ui::apply::searched;
use crate::ui::panels::tabs::strip;
use crate::ui::state::{Ctx, Focus};
use crate::ui::theme;
use crate::ui::widgets::{self, row_list::TYPING_PAUSE};

const HEIGHT: f32 = 36.0;
const FIELD: f32 = 300.0;

#[derive(Default)]
pub struct FindBar {
    text: String,
    /// What the state had last.
    taken: String,
    /// When the last key was pressed, while the text is not taken over yet.
    typed_at: Option<f64>,
}

impl FindBar {
    /// `first_shown`: the first row on screen, where a new search begins.
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, first_shown: Option<u64>, actions: &mut Vec<Action>) {
        if !ctx.state.find.open {
            self.typed_at = None;
            return;
        }
        if self.taken != ctx.state.find.text {
            self.taken.clone_from(&ctx.state.find.text);
            self.text.clone_from(&self.taken);
            self.typed_at = None;
        }
        strip(ctx, ui, HEIGHT, |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if widgets::icon(ui, "×", ctx.words.get("find.close")).clicked() {
                    actions.push(Action::Find(FindAction::Close));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    self.field(ctx, ui, first_shown, actions);
                    steps(ctx, ui, actions);
                    says(ctx, ui, self.typed_at.is_some());
                });
            });
        });
    }

    fn field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, first_shown: Option<u64>, actions: &mut Vec<Action>) {
        let id = Id::unique("log_find");
        let focused = ui.memory(|memory| memory.has_focus(id));
        let held = |ui: &mut Ui, modifiers| ui.input_mut(|input| input.consume_key(modifiers, Key::Enter));
        let previous = focused && held(ui, Modifiers::SHIFT);
        let next = focused && held(ui, Modifiers::NONE);
        let name = ctx.words.get("find.title");
        let wrong = ctx.state.find.mistake.as_ref().filter(|_| self.text == ctx.state.find.text);
        let mistake = wrong.is_some();
        let mut layouter = super::filter_layout(ctx, wrong.map(|mistake| mistake.at.clone()));
        let width = FIELD.min(ui.available_width() * 0.5).max(90.0);
        let response = ui
            .scope(|ui| {
                if mistake {
                    let edge = egui::Stroke::new(1.0, ctx.theme.error);
                    ui.visuals_mut().selection.stroke = edge;
                    ui.visuals_mut().widgets.inactive.bg_stroke = edge;
                }
                let field = TextEdit::singleline(&mut self.text)
                    .id(id)
                    .font(theme::mono())
                    .layouter(&mut layouter)
                    .hint_text(RichText::new(ctx.words.get("find.hint")).color(ctx.theme.dim))
                    .desired_width(width)
                    .margin(egui::Margin::symmetric(9, 4));
                ui.add(field)
            })
            .inner;
        let text = self.text.clone();
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
            info.current_text_value = Some(text.clone());
            info
        });
        if ctx.state.focus == Some(Focus::Find) {
            response.request_focus();
            select_all(ui, id, &self.text);
        }
        if response.lost_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            actions.push(Action::Find(FindAction::Close));
            // The keyboard goes on in the rows, at the match.
            ui.memory_mut(|memory| memory.request_focus(Id::unique(super::ROWS)));
            return;
        }
        let now = ui.input(|input| input.time);
        if response.changed() {
            self.typed_at = Some(now);
        }
        let stepped = next || previous;
        let left = self.typed_at.map(|typed_at| TYPING_PAUSE.as_secs_f64() - (now - typed_at));
        match left {
            Some(left) if left <= 0.0 || stepped || response.lost_focus() => self.search(ctx, first_shown, actions),
            Some(left) => ui.ctx().request_repaint_after(Duration::from_secs_f64(left)),
            None if stepped => {
                let step = if previous { FindStep::Previous } else { FindStep::Next };
                actions.push(Action::Find(FindAction::Step(step)));
            }
            None => {}
        }
    }

    /// From the match one is at, so that typing on narrows it down; else from what is on screen.
    fn search(&mut self, ctx: &Ctx<'_>, first_shown: Option<u64>, actions: &mut Vec<Action>) {
        self.typed_at = None;
        if self.text == self.taken {
            return;
        }
        self.taken.clone_from(&self.text);
        let at = ctx.view.find.current.map(|found| found.seq).filter(|seq| ctx.state.selected_event == Some(*seq));
        // The step goes to what stands after it.
        let from = at.or(first_shown).and_then(|seq| seq.checked_sub(1));
        actions.push(Action::Find(FindAction::Search { text: self.text.clone(), from }));
    }
}

fn select_all(ui: &Ui, id: Id, text: &str) {
    let mut state = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let end = egui::text::CCursor::new(text.chars().count());
    state.cursor.set_char_range(Some(egui::text::CCursorRange::two(egui::text::CCursor::new(0), end)));
    state.store(ui.ctx(), id);
}

fn steps(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let steps = [("↑", "find.previous", FindStep::Previous), ("↓", "find.next", FindStep::Next)];
    for (glyph, key, step) in steps {
        let enabled = !ctx.state.find.text.is_empty() && ctx.state.find.mistake.is_none();
        let name = ctx.words.get(key);
        let button = egui::Button::new(glyph).min_size(Vec2::splat(26.0));
        let response = ui.add_enabled(enabled, button).on_hover_text(name).accessible_name(name);
        if response.clicked() {
            actions.push(Action::Find(FindAction::Step(step)));
        }
    }
}

/// How often it was found, and what else there is to say; in one line that is cut where room is short.
fn says(ctx: &Ctx<'_>, ui: &mut Ui, typing: bool) {
    let (words, state, find) = (ctx.words, ctx.state, &ctx.view.find);
    let label = |ui: &mut Ui, text: String, color| {
        ui.add(egui::Label::new(RichText::new(text).size(12.0).color(color)).truncate());
    };
    if let Some(mistake) = &state.find.mistake {
        return label(ui, words.filter_mistake(mistake), ctx.theme.error);
    }
    if typing || state.find.text.is_empty() {
        return;
    }
    let is_newest = searched(&state.find.text).is_ok_and(|filter| filter == find.filter);
    let searching = !is_newest || find.scanned < ctx.view.total;
    let mut parts = Vec::new();
    let found = if is_newest { find.found } else { 0 };
    match find.current.filter(|_| is_newest && found > 0) {
        Some(current) => {
            let (number, count) = (words.number(current.number), words.number(found));
            parts.push(words.fill("find.place", &[("number", &number), ("count", &count)]));
        }
        None if found > 0 => parts.push(words.fill("find.count", &[("count", &words.number(found))])),
        None if !searching => {
            // What is not shown is not searched either.
            let narrowed = super::filters(&state.query) || state.query.scope != Scope::All;
            parts.push(words.get(if narrowed { "find.none_shown" } else { "find.none" }).to_owned());
        }
        None => {}
    }
    if searching {
        let scanned = if is_newest { find.scanned.min(ctx.view.total) } else { 0 };
        let percent = (scanned * 100).checked_div(ctx.view.total).unwrap_or(0);
        parts.push(words.fill("find.searching", &[("percent", &percent)]));
    } else if find.wrapped && found > 0 {
        parts.push(words.get("find.wrapped").to_owned());
    }
    let color = if found == 0 && !searching { ctx.theme.outgoing } else { ctx.theme.dim };
    label(ui, parts.join(" · "), color);
}
