//! Automatic replies of an endpoint: rules in their order, each on or off with its hits. What is changed counts at once.
//!
//! Owns: the rules as they are edited. Never: replies itself (the engine does). Called by: the shell, while its form is open.

mod rule;
mod trial;

use egui::{Id, Label, Modal, RichText, ScrollArea, Ui, Vec2, WidgetInfo};

use super::Panel;
use crate::model::{EndpointId, EndpointSettings, ReplyRule};
use crate::payload::visible_text;
use crate::ui::action::{Action, EndpointAction, Form, ViewAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{self, plain_button, problem};

const WIDTH: f32 = 720.0;
const HITS: f32 = 80.0;
/// The hits and three buttons, with the gaps between them.
const BESIDE: f32 = HITS + 3.0 * 30.0 + 5.0 * 6.0;
/// A rule costs up to 1 MiB where somebody means harm.
const MOST_RULES: usize = 200;

#[derive(Default)]
pub struct Replies {
    open: Option<EndpointId>,
    rules: Vec<Edited>,
    /// Grows with every rule, so that a field keeps its id while others move or go.
    lines: u64,
    /// The rule whose fields are shown.
    shown: Option<u64>,
    /// The rule that was deleted last, and where it stood.
    deleted: Option<(usize, Edited)>,
}

struct Edited {
    line: u64,
    rule: ReplyRule,
    numbers: rule::Numbers,
}

enum Ask {
    Changed,
    Show,
    Up,
    Down,
    Delete,
}

impl Panel for Replies {
    fn key(&self) -> &'static str {
        "replies"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let Form::Replies(id) = ctx.state.form else {
            self.open = None;
            return;
        };
        let Some(endpoint) = ctx.state.endpoint(id) else {
            actions.push(Action::View(ViewAction::HideForm));
            return;
        };
        if self.open.replace(id) != Some(id) {
            let rules = endpoint.settings.replies.clone();
            self.rules = rules.into_iter().map(|rule| edited(&mut self.lines, rule)).collect();
            self.shown = self.rules.first().map(|rule| rule.line);
            self.deleted = None;
        }
        let screen = ui.ctx().content_rect().size();
        let frame = egui::Frame::popup(ui.style()).inner_margin(16);
        let modal = Modal::new(Id::unique("replies")).frame(frame).show(ui.ctx(), |ui| {
            ui.set_width(WIDTH.min(screen.x - 64.0));
            ui.spacing_mut().item_spacing.y = 8.0;
            let most = screen.y - 140.0;
            ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
                self.content(ctx, ui, id, &endpoint.settings, actions);
            });
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                widgets::primary(ui, ctx.theme, ctx.words.get("replies.close")).clicked()
            })
            .inner
        });
        if modal.inner || modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

impl Replies {
    fn content(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        id: EndpointId,
        settings: &EndpointSettings,
        actions: &mut Vec<Action>,
    ) {
        let words = ctx.words;
        let name = visible_text(&settings.name.clone().unwrap_or_else(|| settings.uri().to_string()), 60);
        ui.label(RichText::new(words.fill("replies.title", &[("name", &name)])).font(theme::semibold(15.0)));
        ui.add(Label::new(RichText::new(words.get("replies.what")).color(ctx.theme.dim)).wrap());
        self.paused(ctx, ui, id, actions);
        if self.rules.is_empty() {
            ui.label(RichText::new(words.get("replies.none")).color(ctx.theme.dim));
        }
        let mut asked = None;
        let count = self.rules.len();
        for at in 0..count {
            if let Some(ask) = self.line(ctx, ui, id, at, count) {
                asked = Some((at, ask));
            }
        }
        let mut changed = matches!(asked, Some((_, Ask::Changed | Ask::Up | Ask::Down | Ask::Delete)));
        if let Some((at, ask)) = asked {
            self.carry_out(at, &ask);
        }
        changed |= self.undo(ctx, ui);
        if count < MOST_RULES && plain_button(ui, ctx.theme, words.get("replies.add"), "").clicked() {
            self.rules.push(edited(&mut self.lines, ReplyRule::default()));
            self.shown = self.rules.last().map(|rule| rule.line);
            changed = true;
        }
        if changed {
            let replies = self.rules.iter().map(|edited| edited.rule.clone()).collect();
            let settings = EndpointSettings { replies, ..settings.clone() };
            actions.push(Action::Endpoint(EndpointAction::Retune(id, settings.into())));
        }
    }

    /// What brings the rule that was deleted last back.
    fn undo(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) -> bool {
        let Some((at, _)) = &self.deleted else { return false };
        let at = *at;
        let clicked = ui.horizontal(|ui| {
            let text = ctx.words.fill("replies.deleted", &[("number", &(at + 1))]);
            ui.label(RichText::new(text).color(ctx.theme.dim));
            plain_button(ui, ctx.theme, ctx.words.get("replies.undo"), "").clicked()
        });
        let Some((at, rule)) = self.deleted.take_if(|_| clicked.inner) else { return false };
        self.shown = Some(rule.line);
        self.rules.insert(at.min(self.rules.len()), rule);
        true
    }

    /// Two endpoints of ours answered each other without end.
    fn paused(&self, ctx: &Ctx<'_>, ui: &mut Ui, id: EndpointId, actions: &mut Vec<Action>) {
        if !ctx.engine.endpoint(id).is_some_and(|status| status.replies_paused) {
            return;
        }
        problem(ui, ctx.theme, ctx.words.get("replies.paused"));
        if plain_button(ui, ctx.theme, ctx.words.get("replies.resume"), "").clicked() {
            actions.push(Action::Endpoint(EndpointAction::ResumeReplies(id)));
        }
    }

    /// One rule: its line, and its fields where it is the one that is shown.
    fn line(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, id: EndpointId, at: usize, count: usize) -> Option<Ask> {
        let words = ctx.words;
        let edited = self.rules.get_mut(at)?;
        let number = at + 1;
        let named = |key: &str| words.fill(key, &[("number", &number)]);
        let is_shown = self.shown == Some(edited.line);
        let mut asked = None;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let mut on = !edited.rule.off;
            let check = ui.checkbox(&mut on, "");
            let label = named("replies.on");
            check.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, on, &label));
            if check.changed() {
                edited.rule.off = !on;
                asked = Some(Ask::Changed);
            }
            let width = (ui.available_width() - BESIDE).max(80.0);
            let text = rule::summary(words, &edited.rule);
            let color = if edited.rule.off { ctx.theme.dim } else { ctx.theme.text };
            let button = egui::Button::selectable(is_shown, RichText::new(&text).color(color));
            let button = button.truncate().min_size(Vec2::new(width, 26.0)).right_text("");
            // Justified, so that every line has its counters in the same place.
            let layout = egui::Layout::top_down_justified(egui::Align::Min);
            let shown = ui.allocate_ui_with_layout(Vec2::new(width, 26.0), layout, |ui| ui.add(button));
            let response = shown.inner;
            if response.accessible_name(format!("{} {text}", named("replies.rule"))).clicked() {
                asked = Some(Ask::Show);
            }
            let status = ctx.engine.endpoint(id).and_then(|status| status.replies.get(at).copied());
            let hits = status.map_or(0, |status| status.hits);
            let hits = words.count("count.hits", hits);
            ui.add_sized(Vec2::new(HITS, 26.0), Label::new(RichText::new(hits).color(ctx.theme.dim)));
            let buttons = [("↑", "replies.up", at > 0, Ask::Up), ("↓", "replies.down", at + 1 < count, Ask::Down)];
            for (glyph, key, enabled, ask) in buttons {
                if icon(ui, glyph, &named(key), enabled) {
                    asked = Some(ask);
                }
            }
            if icon(ui, "×", &named("replies.delete"), true) {
                asked = Some(Ask::Delete);
            }
        });
        if is_shown {
            let line = edited.line;
            ui.indent(("reply", line), |ui| {
                if rule::fields(ctx, ui, line, &mut edited.rule, &mut edited.numbers) {
                    asked = Some(Ask::Changed);
                }
                trial::on_selected(ctx, ui, id, &edited.rule);
            });
        }
        asked
    }

    fn carry_out(&mut self, at: usize, ask: &Ask) {
        match ask {
            Ask::Changed => {}
            Ask::Show => {
                let line = self.rules.get(at).map(|rule| rule.line);
                self.shown = if self.shown == line { None } else { line };
            }
            Ask::Up if at > 0 => self.rules.swap(at, at - 1),
            Ask::Down if at + 1 < self.rules.len() => self.rules.swap(at, at + 1),
            Ask::Up | Ask::Down => {}
            Ask::Delete => self.deleted = Some((at, self.rules.remove(at))),
        }
    }
}

fn edited(lines: &mut u64, rule: ReplyRule) -> Edited {
    *lines += 1;
    Edited { line: *lines, numbers: rule::Numbers::of(&rule), rule }
}

fn icon(ui: &mut Ui, glyph: &str, name: &str, enabled: bool) -> bool {
    let button = egui::Button::new(glyph).min_size(Vec2::splat(26.0));
    ui.add_enabled(enabled, button).on_hover_text(name).accessible_name(name).clicked()
}
