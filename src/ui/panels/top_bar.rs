//! The bar at the top: menus, the three ways to open a socket, the command field, the theme.

use egui::{Align, Button, Layout, Rect, RichText, ScrollArea, Ui, WidgetInfo};

use crate::ui::action::{Action, Form, ViewAction};
use crate::ui::commands::{self, COMMANDS, Menu};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme::{self, STEP};
use crate::ui::widgets;
use crate::workspace::ThemeChoice;

/// What a menu has around it, and keeps from the edge of the window.
const MENU_MARGIN: f32 = 12.0;

/// Controls under which something opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    Listen,
    Connect,
    Udp,
    SaveLog,
    Command,
    /// Messages stand above it.
    Composer,
}

/// Where the control was drawn last: a popover opens beneath it.
pub fn anchor(ctx: &egui::Context, of: Anchor) -> Option<Rect> {
    ctx.data(|data| data.get_temp(egui::Id::unique(("anchor", of))))
}

/// Remembers where a control stands.
pub fn set_anchor(ctx: &egui::Context, of: Anchor, rect: Rect) {
    ctx.data_mut(|data| data.insert_temp(egui::Id::unique(("anchor", of)), rect));
}

#[derive(Default)]
pub struct TopBar {}

impl Panel for TopBar {
    fn key(&self) -> &'static str {
        "top_bar"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.label(RichText::new("Sockscope").font(theme::semibold(13.5)));
            ui.add_space(2.0 * STEP);
            ui.scope(|ui| {
                egui::containers::menu::menu_style(ui.style_mut());
                menus(ctx, ui, actions);
            });
            ui.add_space(2.0 * STEP);
            open_buttons(ctx, ui, actions);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                theme_toggle(ctx, ui, actions);
                command_field(ctx, ui, actions);
            });
        });
    }
}

fn menus(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    for menu in Menu::ALL {
        ui.menu_button(ctx.words.get(menu.key()), |ui| {
            // A low window does not hold the longest of them.
            let most = ui.ctx().content_rect().height() - 2.0 * MENU_MARGIN;
            ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
                ui.set_min_width(220.0);
                let mut group = None;
                for command in COMMANDS.iter().filter(|command| command.menu == menu) {
                    if group.is_some_and(|group| group != command.group) {
                        ui.separator();
                    }
                    group = Some(command.group);
                    menu_entry(ctx, ui, command, actions);
                }
            });
        });
    }
}

fn menu_entry(ctx: &Ctx<'_>, ui: &mut Ui, command: &commands::Command, actions: &mut Vec<Action>) {
    let action = (command.action)(ctx.state);
    let key = commands::words_key(command);
    let text = ctx.words.get(&key);
    let on = command.is_on.map(|is_on| is_on(ctx.state));
    // The mark keeps its width when off, so the words stay in one line.
    let shown = match on {
        Some(true) => format!("✓ {text}"),
        Some(false) => format!("\u{2003}{text}"),
        None => text.to_owned(),
    };
    let mut button = Button::new(shown);
    if let Some(shortcut) = command.shortcut {
        button = button.shortcut_text(RichText::new(commands::shortcut_text(shortcut)).color(ctx.theme.dim));
    }
    let response = ui.add_enabled(action.is_some(), button);
    let enabled = response.enabled();
    response.widget_info(|| match on {
        Some(on) => WidgetInfo::selected(egui::Role::MenuItemCheckBox, enabled, on, text),
        None => WidgetInfo::labeled(egui::Role::MenuItem, enabled, text),
    });
    if response.clicked() {
        actions.extend(action);
        ui.close();
    }
}

fn open_buttons(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let narrow = ui.available_width() < 420.0;
    let buttons = [
        ("listen", Anchor::Listen, Form::Listen),
        ("connect", Anchor::Connect, Form::Connect),
        ("udp", Anchor::Udp, Form::Udp),
    ];
    for (key, anchor, form) in buttons {
        let words_key = format!("top.{key}");
        let name = ctx.words.get(&words_key);
        let text = if narrow { name.to_owned() } else { format!("+ {name}") };
        let response =
            if form == Form::Listen { widgets::primary(ui, ctx.theme, &text) } else { widgets::button(ui, &text) };
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, name));
        set_anchor(ui.ctx(), anchor, response.rect);
        let hint = COMMANDS.iter().find(|command| command.key == key).and_then(|command| command.shortcut);
        let clicked = response.clicked();
        if let Some(shortcut) = hint {
            response.on_hover_text(commands::shortcut_text(shortcut));
        }
        if clicked {
            let open = ctx.state.form == form;
            actions.push(Action::View(if open { ViewAction::HideForm } else { ViewAction::ShowForm(form) }));
        }
    }
}

fn theme_toggle(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let (glyph, next, key) = if ctx.theme.dark {
        ("☀", ThemeChoice::Light, "top.to_light")
    } else {
        ("☾", ThemeChoice::Dark, "top.to_dark")
    };
    let name = ctx.words.get(key);
    let response = ui.add(Button::new(glyph).min_size(egui::vec2(30.0, 26.0)));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, name));
    if response.clicked() {
        actions.push(Action::View(ViewAction::SetTheme(next)));
    }
    response.on_hover_text(name);
}

fn command_field(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let width = ui.available_width();
    if width < 60.0 {
        return;
    }
    let name = ctx.words.get("top.command");
    let shown = if width < 240.0 { "…" } else { name };
    let text = RichText::new(shown).color(ctx.theme.dim);
    let button = Button::new(text)
        .shortcut_text(RichText::new("Ctrl K").font(theme::small()).color(ctx.theme.dim))
        .fill(ctx.theme.background)
        .min_size(egui::vec2(width.min(270.0), 26.0));
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, name));
    set_anchor(ui.ctx(), Anchor::Command, response.rect);
    if response.clicked() {
        actions.push(Action::View(ViewAction::ShowPalette(true)));
    }
}
