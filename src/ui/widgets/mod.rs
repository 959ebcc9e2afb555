//! Controls that several panels use. They know the theme and egui, nothing of sockets.

mod choice;
mod controls;
mod field;
mod made_once;
mod mark;
pub mod row_list;

pub use choice::{Choice, choice, drop_down};
pub use controls::{badge, plain_button, primary_button, small_button};
pub use field::{Field, FieldText, form_row, hint, mono, problem};
pub use made_once::made_once;
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
pub fn mono_job(text: &str, color: Color32) -> LayoutJob {
    mono_parts(&[(text, color)])
}

/// The same in several colours on one line.
pub fn mono_parts(parts: &[(impl AsRef<str>, Color32)]) -> LayoutJob {
    let format = |color: &Color32| TextFormat::simple(theme::mono(), *color);
    let parts: Vec<_> = parts.iter().map(|(text, color)| (text.as_ref(), format(color))).collect();
    formatted(&parts)
}

/// The same in several formats, which a caller may have given a ground or a line beneath.
pub fn formatted(parts: &[(impl AsRef<str>, TextFormat)]) -> LayoutJob {
    let mut job = LayoutJob { break_on_newline: false, ..LayoutJob::default() };
    for (text, format) in parts {
        let start = job.text.len();
        job.text.push_str(text.as_ref());
        job.sections.push(LayoutSection {
            leading_space: 0.0,
            byte_range: ByteIndex(start)..ByteIndex(job.text.len()),
            format: format.clone(),
        });
    }
    without_ligatures(job)
}

/// Takes a layout's sections apart where the font would join characters: a new section ends such a picture.
pub fn without_ligatures(mut job: LayoutJob) -> LayoutJob {
    // Not `append`: it would put sections of one format together again.
    let mut sections = Vec::with_capacity(job.sections.len());
    let mut before = None;
    for section in &job.sections {
        let (start, end) = (section.byte_range.start.0, section.byte_range.end.0);
        let mut from = start;
        for (at, character) in job.text[start..end].char_indices() {
            let at = start + at;
            if at > from && before.is_some_and(|before| joins(before, character)) {
                let leading_space = if from == start { section.leading_space } else { 0.0 };
                sections.push(LayoutSection {
                    leading_space,
                    byte_range: ByteIndex(from)..ByteIndex(at),
                    format: section.format.clone(),
                });
                from = at;
            }
            before = Some(character);
        }
        let leading_space = if from == start { section.leading_space } else { 0.0 };
        sections.push(LayoutSection {
            leading_space,
            byte_range: ByteIndex(from)..ByteIndex(end),
            format: section.format.clone(),
        });
    }
    job.sections = sections;
    job
}

/// The layouter of a one-line field with monospaced text: addresses and paths as they are typed.
pub fn mono_line(color: Color32) -> impl FnMut(&Ui, &dyn egui::TextBuffer, f32) -> std::sync::Arc<egui::Galley> {
    move |ui, text, _| ui.fonts_mut(|fonts| fonts.layout_job(mono_job(text.as_str(), color)))
}

fn joins(before: char, character: char) -> bool {
    let sign = |character: char| character.is_ascii_punctuation();
    (sign(before) && sign(character)) || (before == 'w' && character == 'w') || (before == '0' && character == 'x')
}

/// Paints monospaced text on one line.
pub fn mono_text(painter: &Painter, at: Pos2, align: Align2, text: &str, color: Color32) -> Rect {
    paint_job(painter, at, align, mono_job(text, color), color)
}

/// On one line no wider than this; what is cut ends with a sign that says so.
pub fn cut(mut job: LayoutJob, width: f32) -> LayoutJob {
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    job
}

/// Paints what was laid out by `mono_parts`.
pub fn paint_job(painter: &Painter, at: Pos2, align: Align2, job: LayoutJob, color: Color32) -> Rect {
    let galley = painter.layout_job(job);
    let rect = align.anchor_size(at, galley.size());
    painter.galley(rect.min, galley, color);
    rect
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_never_joined_and_no_text_is_lost() {
        let pieces = |job: &LayoutJob| {
            let of = |section: &LayoutSection| &job.text[section.byte_range.start.0..section.byte_range.end.0];
            job.sections.iter().map(|section| of(section).to_owned()).collect::<Vec<_>>()
        };
        let job = mono_job("a -> tcp://泵", Color32::WHITE);
        assert_eq!(pieces(&job), ["a -", "> tcp:", "/", "/泵"]);
        let job = mono_parts(&[("-", Color32::WHITE), (">=", Color32::RED), ("", Color32::RED)]);
        assert_eq!(pieces(&job), ["-", ">", "=", ""]);
        assert_eq!(job.sections[2].format.color, Color32::RED);
    }
}
