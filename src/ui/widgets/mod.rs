//! Controls that several panels use. They know the theme and egui, nothing of sockets.

mod choice;
mod controls;
mod field;
mod mark;
pub mod row_list;

pub use choice::{Choice, choice};
pub use controls::{badge, plain_button, primary_button, small_button};
pub use field::{Field, FieldText, form_row, hint, mono, problem};
pub use mark::{Spark, dot, sparkline};

use egui::text::{ByteIndex, LayoutJob, LayoutSection, TextFormat};
use egui::{Align2, Button, Color32, CornerRadius, Painter, Pos2, Rect, Response, RichText, Stroke, Ui, WidgetInfo};

use super::theme::{self, ROW, Theme};

/// The one main action of a view.
pub fn primary(ui: &mut Ui, theme: &Theme, text: &str) -> Response {
    let enabled = ui.is_enabled();
    let (fill, color) = if enabled { (theme.accent, theme.on_accent) } else { (theme.raised, theme.dim) };
    let text = RichText::new(text).font(theme::semibold(13.0)).color(color);
    ui.scope(|ui| {
        // The fill is fixed, so hovering shows in the frame.
        ui.style_mut().visuals.widgets.hovered.bg_stroke = Stroke::new(1.0, theme.text);
        ui.add(Button::new(text).fill(fill).min_size(egui::vec2(0.0, 26.0)))
    })
    .inner
}

/// A plain button of the height of the primary one.
pub fn button(ui: &mut Ui, text: &str) -> Response {
    ui.add(Button::new(text).min_size(egui::vec2(0.0, 26.0)))
}

/// A round switch of a filter or a choice: filled when on. `name` is what a screen reader says.
pub fn chip(ui: &mut Ui, theme: &Theme, text: &str, color: Option<Color32>, name: &str, on: bool) -> Response {
    let (fill, color) = if on { (theme.selection, color.unwrap_or(theme.text)) } else { (theme.panel, theme.dim) };
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().button_padding = egui::vec2(10.0, 2.0);
            ui.spacing_mut().interact_size.y = ROW - 2.0;
            let stroke = Stroke::new(1.0, if on { theme.faint } else { theme.line });
            ui.add(
                Button::new(RichText::new(text).color(color).size(12.0))
                    .fill(fill)
                    .stroke(stroke)
                    .wrap_mode(egui::TextWrapMode::Extend)
                    .corner_radius(CornerRadius::same(12)),
            )
        })
        .inner;
    let enabled = response.enabled();
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, enabled, on, name));
    response
}

/// A button without a frame, for crosses and icons; `name` is what a screen reader says and the tooltip.
pub fn icon(ui: &mut Ui, glyph: &str, name: &str) -> Response {
    let response = ui.add(Button::new(RichText::new(glyph).size(16.0)).frame_when_inactive(false)).on_hover_text(name);
    let enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, enabled, name));
    response
}

/// Monospaced text as it is: the font would draw `->` and `://` as one picture each, and bytes must not be guessed at.
/// A new section of the layout ends such a picture.
pub fn mono_job(text: &str, color: Color32) -> LayoutJob {
    let section = |range: std::ops::Range<usize>| LayoutSection {
        leading_space: 0.0,
        byte_range: ByteIndex(range.start)..ByteIndex(range.end),
        format: TextFormat::simple(theme::mono(), color),
    };
    // Not `append`: it would put sections of one format together again.
    let mut sections = Vec::new();
    let mut from = 0;
    let mut before = None;
    for (at, character) in text.char_indices() {
        if before.is_some_and(|before| joins(before, character)) {
            sections.push(section(from..at));
            from = at;
        }
        before = Some(character);
    }
    sections.push(section(from..text.len()));
    LayoutJob { text: text.to_owned(), sections, break_on_newline: false, ..LayoutJob::default() }
}

fn joins(before: char, character: char) -> bool {
    let sign = |character: char| character.is_ascii_punctuation();
    (sign(before) && sign(character)) || (before == 'w' && character == 'w') || (before == '0' && character == 'x')
}

/// Paints monospaced text on one line.
pub fn mono_text(painter: &Painter, at: Pos2, align: Align2, text: &str, color: Color32) -> Rect {
    let galley = painter.layout_job(mono_job(text, color));
    let rect = align.anchor_size(at, galley.size());
    painter.galley(rect.min, galley, color);
    rect
}
