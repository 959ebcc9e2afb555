//! Rules for colours, and filters kept under a name: adding, editing, ordering, deleting. What is typed counts at once.
//!
//! Owns: the texts being typed. Never: which rows fit. Called by: the shell, while its form is open.

use egui::{Id, Label, Modal, RichText, ScrollArea, Sense, Stroke, TextEdit, Ui, Vec2, WidgetInfo};

use crate::filter::{Filter, Mistake};
use crate::model::{HighlightColor, HighlightRule, SavedFilter};
use crate::ui::action::{Action, Form, LogAction, ViewAction};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

const WIDTH: f32 = 640.0;
/// What a field takes beside the width of its text.
const FIELD_MARGINS: f32 = 18.0;
/// Where the filters of rules and of saved filters begin.
const RULE_INDENT: f32 = 80.0;
const SAVED_INDENT: f32 = 174.0;
/// More rules than this cost more than they show. A workspace holds more of both: whoever adds a rule or keeps a filter, here
/// or elsewhere, stays within it.
pub const MOST_RULES: usize = 100;
pub const MOST_SAVED: usize = 200;

#[derive(Default)]
pub struct Highlights {
    open: bool,
    rules: Vec<Edited<HighlightRule>>,
    saved: Vec<Edited<SavedFilter>>,
    /// Grows with every line, so that a field keeps its id while others move or go.
    lines: u64,
    /// A line that was just added gets the keyboard.
    fresh: Option<u64>,
}

struct Edited<T> {
    line: u64,
    value: T,
    mistake: Option<Mistake>,
}

/// What a line of the dialog asks for.
enum Ask {
    Changed,
    Up,
    Down,
    Delete,
}

trait HasFilter {
    fn filter(&mut self) -> &mut String;
}

impl HasFilter for HighlightRule {
    fn filter(&mut self) -> &mut String {
        &mut self.filter
    }
}

impl HasFilter for SavedFilter {
    fn filter(&mut self) -> &mut String {
        &mut self.filter
    }
}

impl Panel for Highlights {
    fn key(&self) -> &'static str {
        "highlights"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if ctx.state.form != Form::Highlights {
            self.open = false;
            return;
        }
        if !std::mem::replace(&mut self.open, true) {
            self.take_over(ctx);
        }
        let screen = ui.ctx().content_rect().size();
        let modal = Modal::new(Id::unique("highlights")).frame(egui::Frame::popup(ui.style()).inner_margin(16)).show(
            ui.ctx(),
            |ui| {
                ui.set_width(WIDTH.min(screen.x - 64.0));
                ui.spacing_mut().item_spacing.y = 8.0;
                let most = screen.y - 140.0;
                ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
                    self.rules(ctx, ui, actions);
                    ui.add_space(8.0);
                    self.saved(ctx, ui, actions);
                });
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                    widgets::primary(ui, ctx.theme, ctx.words.get("highlights.close")).clicked()
                })
                .inner
            },
        );
        if modal.inner || modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

impl Highlights {
    fn take_over(&mut self, ctx: &Ctx<'_>) {
        self.rules = ctx.state.highlights.iter().map(|rule| edited(&mut self.lines, rule.clone())).collect();
        self.saved = ctx.state.saved_filters.iter().map(|saved| edited(&mut self.lines, saved.clone())).collect();
    }

    fn rules(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let words = ctx.words;
        heading(ctx, ui, "highlights.title", "highlights.what");
        if self.rules.is_empty() {
            ui.label(RichText::new(words.get("highlights.none")).color(ctx.theme.dim));
        }
        let mut asked = None;
        let count = self.rules.len();
        for (at, rule) in self.rules.iter_mut().enumerate() {
            let focus = self.fresh == Some(rule.line);
            if let Some(ask) = rule_line(ctx, ui, rule, at, count, focus) {
                asked = Some((at, ask));
            }
        }
        self.fresh = None;
        let changed = asked.is_some();
        if let Some((at, ask)) = asked {
            arrange(&mut self.rules, at, &ask);
        }
        let mut added = false;
        if count < MOST_RULES && widgets::button(ui, words.get("highlights.add")).clicked() {
            let rules: Vec<&HighlightRule> = self.rules.iter().map(|rule| &rule.value).collect();
            let color = unused_color(&rules);
            let rule = HighlightRule { filter: String::new(), color, enabled: true };
            self.rules.push(edited(&mut self.lines, rule));
            self.fresh = self.rules.last().map(|rule| rule.line);
            added = true;
        }
        if changed || added {
            let rules = self.rules.iter().map(|rule| rule.value.clone()).collect();
            actions.push(Action::Log(LogAction::SetHighlights(rules)));
        }
    }

    fn saved(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let words = ctx.words;
        heading(ctx, ui, "highlights.saved", "highlights.saved_what");
        if self.saved.is_empty() {
            ui.label(RichText::new(words.get("highlights.saved_none")).color(ctx.theme.dim));
        }
        let mut asked = None;
        for (at, saved) in self.saved.iter_mut().enumerate() {
            if let Some(ask) = saved_line(ctx, ui, saved, at) {
                asked = Some((at, ask));
            }
        }
        let changed = asked.is_some();
        if let Some((at, ask)) = asked {
            arrange(&mut self.saved, at, &ask);
        }
        let mut added = false;
        if self.saved.len() < MOST_SAVED && widgets::button(ui, words.get("highlights.saved_add")).clicked() {
            let filter = ctx.state.query.filter.text().to_owned();
            let saved = SavedFilter { name: String::new(), filter };
            self.saved.push(edited(&mut self.lines, saved));
            added = true;
        }
        if changed || added {
            let saved = self.saved.iter().map(|saved| saved.value.clone()).collect();
            actions.push(Action::Log(LogAction::SetSavedFilters(saved)));
        }
    }
}

/// The colour that the fewest rules have.
pub fn unused_color(rules: &[&HighlightRule]) -> HighlightColor {
    let uses = |color: &HighlightColor| rules.iter().filter(|rule| rule.color == *color).count();
    HighlightColor::ALL.into_iter().min_by_key(uses).unwrap_or_default()
}

fn edited<T: HasFilter>(lines: &mut u64, mut value: T) -> Edited<T> {
    *lines += 1;
    let mistake = Filter::parse(value.filter()).err();
    Edited { line: *lines, value, mistake }
}

fn arrange<T>(lines: &mut Vec<Edited<T>>, at: usize, ask: &Ask) {
    match ask {
        Ask::Changed => {}
        Ask::Up if at > 0 => lines.swap(at, at - 1),
        Ask::Down if at + 1 < lines.len() => lines.swap(at, at + 1),
        Ask::Up | Ask::Down => {}
        Ask::Delete => drop(lines.remove(at)),
    }
}

fn heading(ctx: &Ctx<'_>, ui: &mut Ui, title: &str, what: &str) {
    ui.label(RichText::new(ctx.words.get(title)).font(theme::semibold(15.0)));
    ui.add(Label::new(RichText::new(ctx.words.get(what)).color(ctx.theme.dim)).wrap());
}

fn rule_line(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    rule: &mut Edited<HighlightRule>,
    at: usize,
    count: usize,
    focus: bool,
) -> Option<Ask> {
    let words = ctx.words;
    let number = at + 1;
    let mut asked = None;
    let named = |key: &str| words.fill(key, &[("number", &number)]);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let on = ui.checkbox(&mut rule.value.enabled, "").on_hover_text(words.get("highlights.on"));
        let (name, enabled) = (words.get("highlights.on"), rule.value.enabled);
        on.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, enabled, format!("{name} {number}")));
        if on.changed() {
            asked = Some(Ask::Changed);
        }
        if colors(ctx, ui, rule.line, &mut rule.value.color) {
            asked = Some(Ask::Changed);
        }
        let width = ui.available_width() - 3.0 * 32.0 - FIELD_MARGINS;
        let name = format!("{} {number}", words.get("highlights.filter"));
        if filter_field(ctx, ui, rule, &name, width, focus) {
            asked = Some(Ask::Changed);
        }
        let buttons = [("↑", "highlights.up", at > 0, Ask::Up), ("↓", "highlights.down", at + 1 < count, Ask::Down)];
        for (glyph, key, enabled, ask) in buttons {
            if icon(ui, glyph, &named(key), enabled) {
                asked = Some(ask);
            }
        }
        if icon(ui, "×", &named("highlights.delete"), true) {
            asked = Some(Ask::Delete);
        }
    });
    indented(ui, RULE_INDENT, |ui| {
        if let Some(mistake) = &rule.mistake {
            widgets::problem(ui, ctx.theme, &words.filter_mistake(mistake));
        } else if rule.value.filter.trim().is_empty() {
            widgets::hint(ui, ctx.theme, words.get("highlights.empty"));
        }
    });
    asked
}

fn saved_line(ctx: &Ctx<'_>, ui: &mut Ui, saved: &mut Edited<SavedFilter>, at: usize) -> Option<Ask> {
    let words = ctx.words;
    let number = at + 1;
    let mut asked = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let name = TextEdit::singleline(&mut saved.value.name)
            .id(Id::unique(("saved_filter_name", saved.line)))
            .hint_text(RichText::new(words.get("highlights.name")).color(ctx.theme.dim))
            .margin(egui::Margin::symmetric(8, 4))
            .desired_width(150.0);
        let response = ui.add(name);
        if response.changed() {
            asked = Some(Ask::Changed);
        }
        let label = format!("{} {number}", words.get("highlights.name"));
        response.accessible_name(&label);
        let width = ui.available_width() - 32.0 - FIELD_MARGINS;
        let name = format!("{} {number}", words.get("log.filter"));
        if filter_field(ctx, ui, saved, &name, width, false) {
            asked = Some(Ask::Changed);
        }
        if icon(ui, "×", &words.fill("highlights.delete_filter", &[("number", &number)]), true) {
            asked = Some(Ask::Delete);
        }
    });
    if let Some(mistake) = &saved.mistake {
        indented(ui, SAVED_INDENT, |ui| widgets::problem(ui, ctx.theme, &words.filter_mistake(mistake)));
    }
    asked
}

/// Beneath the field that it is about.
fn indented<R>(ui: &mut Ui, by: f32, content: impl FnOnce(&mut Ui) -> R) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::ZERO;
        ui.add_space(by);
        content(ui);
    });
}

fn icon(ui: &mut Ui, glyph: &str, name: &str, enabled: bool) -> bool {
    let button = egui::Button::new(glyph).min_size(Vec2::splat(26.0));
    ui.add_enabled(enabled, button).on_hover_text(name).accessible_name(name).clicked()
}

/// The filter as it is typed, its mistake marked. `true`: it changed.
fn filter_field<T: HasFilter>(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    edited: &mut Edited<T>,
    name: &str,
    width: f32,
    focus: bool,
) -> bool {
    let mistake = edited.mistake.as_ref().map(|mistake| mistake.at.clone());
    let mut layouter = super::log::filter_layout(ctx, mistake);
    let field = TextEdit::singleline(edited.value.filter())
        .id(Id::unique(("edited_filter", edited.line)))
        .font(theme::mono())
        .layouter(&mut layouter)
        .margin(egui::Margin::symmetric(8, 4))
        .desired_width(width.max(80.0));
    let response = ui.add(field);
    if focus {
        response.request_focus();
    }
    let changed = response.changed();
    response.accessible_name(name);
    if changed {
        edited.mistake = Filter::parse(edited.value.filter()).err();
    }
    changed
}

/// A small drop-down of colours, each painted as the rows will be.
fn colors(ctx: &Ctx<'_>, ui: &mut Ui, line: u64, color: &mut HighlightColor) -> bool {
    let before = *color;
    let name = |color: HighlightColor| ctx.words.get(key_of(color));
    let (rect, response) = ui.allocate_exact_size(Vec2::new(44.0, 26.0), Sense::click());
    let edge = if response.hovered() || response.has_focus() { ctx.theme.accent } else { ctx.theme.line };
    ui.painter().rect(
        rect,
        f32::from(theme::CORNER),
        ctx.theme.highlight(*color),
        Stroke::new(1.0, edge),
        egui::StrokeKind::Inside,
    );
    let at = rect.center();
    ui.painter().text(at, egui::Align2::CENTER_CENTER, "Aa", theme::small(), ctx.theme.text);
    let label = format!("{}: {}", ctx.words.get("highlights.color"), name(*color));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
    egui::Popup::menu(&response).id(Id::unique(("highlight_colors", line))).show(|ui| {
        for one in HighlightColor::ALL {
            let text = RichText::new(name(one)).color(ctx.theme.text);
            let button = egui::Button::new(text)
                .fill(ctx.theme.highlight(one))
                .stroke(Stroke::new(1.0, if one == *color { ctx.theme.accent } else { ctx.theme.line }))
                .min_size(Vec2::new(120.0, 26.0));
            if ui.add(button).clicked() {
                *color = one;
                ui.close();
            }
        }
    });
    *color != before
}

fn key_of(color: HighlightColor) -> &'static str {
    match color {
        HighlightColor::Yellow => "highlights.yellow",
        HighlightColor::Green => "highlights.green",
        HighlightColor::Blue => "highlights.blue",
        HighlightColor::Purple => "highlights.purple",
        HighlightColor::Red => "highlights.red",
        HighlightColor::Gray => "highlights.gray",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_rule_has_a_colour_of_its_own() {
        let rule = |color| HighlightRule { filter: String::new(), color, enabled: true };
        let (yellow, green) = (rule(HighlightColor::Yellow), rule(HighlightColor::Green));
        assert_eq!(unused_color(&[]), HighlightColor::Yellow);
        assert_eq!(unused_color(&[&yellow]), HighlightColor::Green);
        assert_eq!(unused_color(&[&yellow, &yellow, &green]), HighlightColor::Blue);
    }
}
