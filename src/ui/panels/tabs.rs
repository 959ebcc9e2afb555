//! The strip above the middle of the window: its tabs, and which socket everything below is narrowed to.

use egui::{
    Align, EventFilter, Key, Layout, Modifiers, Rect, Response, RichText, Sense, Stroke, Ui, UiBuilder, Vec2,
    WidgetInfo,
};

use super::Panel;
use crate::session::Scope;
use crate::ui::action::{Action, LogAction, Tab, ViewAction};
use crate::ui::panels::log::text::scope_name;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

/// Height of the strip with its line.
pub const TABS: f32 = 35.0;

#[derive(Default)]
pub struct Tabs;

impl Panel for Tabs {
    fn key(&self) -> &'static str {
        "tabs"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        strip(ctx, ui, TABS, |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let tabs = Tab::ALL.map(|tab| one(ctx, ui, tab));
            let chosen = tabs
                .iter()
                .position(|tab| tab.clicked() || (tab.has_focus() && ui.input(|input| input.key_pressed(Key::Enter))));
            if let Some(at) = chosen.or_else(|| turned(ui, &tabs)) {
                tabs[at].request_focus();
                actions.push(Action::View(ViewAction::ShowTab(Tab::ALL[at])));
            }
            // The table and the notes are of the whole session, whichever socket is selected.
            if matches!(ctx.state.tab, Tab::Log | Tab::Conversation) {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| scope(ctx, ui, actions));
            }
        });
    }
}

/// A row of controls on the panel's ground, with a line beneath.
pub fn strip(ctx: &Ctx<'_>, ui: &mut Ui, height: f32, content: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, ctx.theme.panel);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, ctx.theme.line));
    let inner = rect.shrink2(Vec2::new(10.0, 0.0));
    let layout = Layout::left_to_right(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        content(ui);
    });
}

pub fn words_key(tab: Tab) -> &'static str {
    match tab {
        Tab::Log => "log.title",
        Tab::Conversation => "tabs.conversation",
        Tab::Connections => "tabs.connections",
        Tab::Notes => "tabs.notes",
        Tab::Sequences => "tabs.sequences",
    }
}

/// The tab that an arrow key leads to from the one with the keyboard.
fn turned(ui: &Ui, tabs: &[Response]) -> Option<usize> {
    let at = tabs.iter().position(Response::has_focus)?;
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(tabs[at].id, filter));
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::ArrowRight) {
        return Some((at + 1) % tabs.len());
    }
    pressed(Key::ArrowLeft).then(|| (at + tabs.len() - 1) % tabs.len())
}

fn one(ctx: &Ctx<'_>, ui: &mut Ui, tab: Tab) -> Response {
    let (name, on) = (ctx.words.get(words_key(tab)), ctx.state.tab == tab);
    let (font, color) = if on { (theme::semibold(13.0), ctx.theme.text) } else { (theme::body(), ctx.theme.dim) };
    let galley = ui.painter().layout_no_wrap(name.to_owned(), font, color);
    let size = Vec2::new(galley.size().x + 16.0, TABS - 1.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(egui::Role::Tab, true, on, name));
    let lit = response.hovered() || response.has_focus();
    let color = if lit { ctx.theme.text } else { color };
    let at = rect.center() - galley.size() / 2.0;
    ui.painter().galley_with_override_text_color(at, galley, color);
    if on {
        let line =
            Rect::from_min_max(rect.left_bottom() - Vec2::new(-8.0, 2.0), rect.right_bottom() - Vec2::new(8.0, 0.0));
        ui.painter().rect_filled(line, 1.0, ctx.theme.accent);
    }
    response
}

fn scope(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    match scope_name(ctx) {
        None => {
            ui.label(RichText::new(ctx.words.get("log.everything")).color(ctx.theme.dim));
        }
        Some(socket) => {
            if widgets::icon(ui, "×", ctx.words.get("log.widen")).clicked() {
                actions.push(Action::Log(LogAction::Select(Scope::All)));
            }
            let text = ctx.words.fill("log.showing", &[("socket", &socket)]);
            ui.add(egui::Label::new(RichText::new(text).color(ctx.theme.dim)).truncate());
        }
    }
}
