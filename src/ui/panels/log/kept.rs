//! Filters that were kept: those with names, those used last, and keeping the one in the line. Behind the line's arrow.
//!
//! Owns: the name being typed. Called by: the filter line.

use egui::{Button, Id, Key, Popup, PopupCloseBehavior, RichText, ScrollArea, TextEdit, Ui, Vec2};

use crate::model::SavedFilter;
use crate::payload::visible_text;
use crate::ui::action::{Action, Form, LogAction, ViewAction};
use crate::ui::panels::highlights::MOST_SAVED;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

const WIDTH: f32 = 420.0;
/// Of the history, newest first.
const MOST_RECENT: usize = 12;
/// Names and filters are cut at this many bytes here.
const MOST_SHOWN: usize = 200;

#[derive(Default)]
pub struct Kept {
    name: String,
}

impl Kept {
    /// The filter that was chosen.
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) -> Option<String> {
        let mut chosen = None;
        let response = opener(ctx, ui);
        Popup::menu(&response)
            .id(Id::unique("log_filter_kept"))
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .show(|ui| {
                let screen = ui.ctx().content_rect().size();
                ui.set_width(WIDTH.min(screen.x - 48.0));
                let most = screen.y * 0.5;
                ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
                    chosen = saved(ctx, ui, actions);
                    chosen = recent(ctx, ui).or(chosen.take());
                });
                self.save(ctx, ui, actions);
                ui.separator();
                for (key, form) in [("commands.highlights", Form::Highlights), ("log.filter_help", Form::FilterHelp)] {
                    if ui.add(Button::new(ctx.words.get(key)).frame_when_inactive(false)).clicked() {
                        actions.push(Action::View(ViewAction::ShowForm(form)));
                        ui.close();
                    }
                }
                if chosen.is_some() {
                    ui.close();
                }
            });
        chosen
    }

    fn save(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let words = ctx.words;
        let filter = &ctx.state.filter_text;
        if filter.trim().is_empty() || ctx.state.filter_mistake.is_some() {
            return;
        }
        ui.separator();
        ui.horizontal(|ui| {
            // Menus draw what is in them without an edge; a field is known by it.
            ui.visuals_mut().widgets.inactive.bg_stroke = egui::Stroke::new(1.0, ctx.theme.line);
            ui.label(RichText::new(words.get("log.filter_save_as")).color(ctx.theme.dim));
            let name = words.get("log.filter_save_as");
            let field = TextEdit::singleline(&mut self.name)
                .id(Id::unique("log_filter_name"))
                .margin(egui::Margin::symmetric(8, 4))
                .hint_text(RichText::new(words.get("highlights.name")).color(ctx.theme.dim))
                .desired_width(ui.available_width() - 76.0);
            let response = ui.add(field);
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            response.accessible_name(name);
            let named = self.name.trim().to_owned();
            let button = Button::new(words.get("log.filter_save")).min_size(Vec2::new(0.0, 26.0));
            let kept = &ctx.state.saved_filters;
            let has_room = kept.len() < MOST_SAVED || kept.iter().any(|there| there.name == named);
            let can_save = has_room && !named.is_empty();
            let pressed = ui.add_enabled(can_save, button).clicked();
            if (pressed || entered) && can_save {
                let filters = kept_under(&ctx.state.saved_filters, named, filter.clone());
                actions.push(Action::Log(LogAction::SetSavedFilters(filters)));
                self.name.clear();
            }
        });
    }
}

fn opener(ctx: &Ctx<'_>, ui: &mut Ui) -> egui::Response {
    let name = ctx.words.get("log.filter_kept");
    let glyph = RichText::new("▼").size(9.0).color(ctx.theme.dim);
    let button = Button::new(glyph).frame_when_inactive(false).min_size(Vec2::new(24.0, 24.0));
    ui.add(button).on_hover_text(name).accessible_name(name)
}

/// The list with one more, or with another filter under a name that is there.
fn kept_under(filters: &[SavedFilter], name: String, filter: String) -> Vec<SavedFilter> {
    let mut filters = filters.to_vec();
    match filters.iter_mut().find(|there| there.name == name) {
        Some(there) => there.filter = filter,
        None => filters.push(SavedFilter { name, filter }),
    }
    filters
}

fn saved(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) -> Option<String> {
    let (words, filters) = (ctx.words, &ctx.state.saved_filters);
    if filters.is_empty() && ctx.state.filter_history.is_empty() {
        let none = RichText::new(words.get("log.filter_none")).color(ctx.theme.dim);
        ui.add(egui::Label::new(none).wrap());
        return None;
    }
    if filters.is_empty() {
        return None;
    }
    let mut chosen = None;
    heading(ctx, ui, "log.filter_saved");
    for (at, saved) in filters.iter().enumerate() {
        ui.push_id(("saved_filter", at), |ui| {
            ui.horizontal(|ui| {
                let name = visible_text(if saved.name.is_empty() { &saved.filter } else { &saved.name }, MOST_SHOWN);
                let filter = visible_text(&saved.filter, MOST_SHOWN);
                let width = ui.available_width() - 30.0;
                if entry(ctx, ui, &name, Some(&filter), width) {
                    chosen = Some(saved.filter.clone());
                }
                let delete = words.fill("log.filter_delete", &[("name", &name)]);
                if widgets::icon(ui, "×", &delete).clicked() {
                    let mut left = filters.clone();
                    left.remove(at);
                    actions.push(Action::Log(LogAction::SetSavedFilters(left)));
                }
            });
        });
    }
    chosen
}

fn recent(ctx: &Ctx<'_>, ui: &mut Ui) -> Option<String> {
    let history = &ctx.state.filter_history;
    if history.is_empty() {
        return None;
    }
    let mut chosen = None;
    heading(ctx, ui, "log.filter_recent");
    for (at, filter) in history.iter().take(MOST_RECENT).enumerate() {
        ui.push_id(("recent_filter", at), |ui| {
            let width = ui.available_width();
            if entry(ctx, ui, &visible_text(filter, MOST_SHOWN), None, width) {
                chosen = Some(filter.clone());
            }
        });
    }
    chosen
}

fn heading(ctx: &Ctx<'_>, ui: &mut Ui, key: &str) {
    ui.label(RichText::new(ctx.words.get(key)).size(11.5).color(ctx.theme.dim));
}

/// One line, cut where it is too long; the filter beside its name in the small face.
fn entry(ctx: &Ctx<'_>, ui: &mut Ui, text: &str, beside: Option<&str>, width: f32) -> bool {
    let is_filter = beside.is_none();
    let shown = RichText::new(text).color(ctx.theme.text);
    let shown = if is_filter { shown.font(theme::mono()) } else { shown };
    let mut button = Button::new(shown).frame_when_inactive(false).truncate();
    // Also where nothing stands beside it: else the name would be in the middle.
    let short: String = beside.filter(|beside| *beside != text).unwrap_or_default().chars().take(32).collect();
    button = button.right_text(RichText::new(short).font(theme::small()).color(ctx.theme.dim));
    let response = ui.add_sized(Vec2::new(width, 24.0), button);
    response.on_hover_text(beside.unwrap_or(text)).accessible_name(text).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_used_once() {
        let saved = |name: &str, filter: &str| SavedFilter { name: name.into(), filter: filter.into() };
        let filters = kept_under(&[saved("a", "1")], "b".into(), "2".into());
        assert_eq!(filters, [saved("a", "1"), saved("b", "2")]);
        assert_eq!(kept_under(&filters, "a".into(), "3".into()), [saved("a", "3"), saved("b", "2")]);
    }
}
