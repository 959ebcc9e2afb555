//! Buttons with their keys beside the words, small ones for rows and strips, and badges.
//! Never: what a press does. Called by: panels.

use egui::{Button, CornerRadius, Response, RichText, Stroke, TextStyle, Ui, Vec2};

use crate::ui::theme::{self, Theme};

const HEIGHT: f32 = 27.0;

/// The one thing to do in a view, in the accent colour. `keys` stands beside the text.
pub fn primary_button(ui: &mut Ui, theme: &Theme, text: &str, keys: &str, enabled: bool) -> Response {
    let (fill, ink) = if enabled { (theme.accent, theme.on_accent) } else { (theme.raised, theme.dim) };
    let mut button = Button::new(RichText::new(text).font(theme::semibold(13.0)).color(ink))
        .fill(fill)
        .min_size(Vec2::new(0.0, HEIGHT));
    if !keys.is_empty() {
        button = button.right_text(RichText::new(keys).color(ink));
    }
    let response = ui.add_enabled(enabled, button);
    response.accessible_name(text)
}

pub fn plain_button(ui: &mut Ui, theme: &Theme, text: &str, keys: &str) -> Response {
    let mut button = Button::new(RichText::new(text).color(theme.text))
        .fill(theme.raised)
        .stroke(Stroke::new(1.0, theme.line))
        .min_size(Vec2::new(0.0, HEIGHT));
    if !keys.is_empty() {
        button = button.right_text(RichText::new(keys).color(theme.dim));
    }
    ui.add(button).accessible_name(text)
}

/// In rows and strips, where space is short.
pub fn small_button(ui: &mut Ui, theme: &Theme, text: &str) -> Response {
    let text_shown = RichText::new(text).text_style(TextStyle::Small).color(theme.text);
    ui.add(
        Button::new(text_shown).fill(theme.raised).stroke(Stroke::new(1.0, theme.line)).min_size(Vec2::new(0.0, 22.0)),
    )
    .accessible_name(text)
}

/// A short word with an edge around it: a property that must not be overlooked.
pub fn badge(ui: &mut Ui, theme: &Theme, text: &str) -> Response {
    let frame = egui::Frame::new()
        .stroke(Stroke::new(1.0, theme.outgoing))
        .corner_radius(CornerRadius::same(4))
        .inner_margin(egui::Margin::symmetric(4, 0));
    frame.show(ui, |ui| ui.label(RichText::new(text).text_style(TextStyle::Small).color(theme.outgoing))).inner
}
