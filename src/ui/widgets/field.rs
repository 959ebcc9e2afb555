//! Text fields of forms: a label that names the field, the field, what is wrong with it or a hint beside it.
//! Called by: forms, composer.

use egui::{Color32, Response, RichText, Stroke, TextEdit, TextStyle, Ui, Vec2};

use crate::ui::theme::Theme;

/// The width of labels in forms.
pub const LABEL_WIDTH: f32 = 120.0;
/// A text and what is wrong with it, where something is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldText {
    pub text: String,
    pub problem: Option<String>,
}

impl FieldText {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), problem: None }
    }
}

/// How a field is drawn.
pub struct Field<'a> {
    pub theme: &'a Theme,
    pub name: &'a str,
    pub width: f32,
    /// Shown while the field is empty.
    pub placeholder: &'a str,
}

impl Field<'_> {
    /// The field alone; `name` is what a screen reader says.
    pub fn show(&self, ui: &mut Ui, id: egui::Id, value: &mut FieldText) -> Response {
        let edge = if value.problem.is_some() { self.theme.error } else { Color32::TRANSPARENT };
        let response = ui
            .scope(|ui| {
                if value.problem.is_some() {
                    let visuals = &mut ui.visuals_mut().widgets;
                    for state in [&mut visuals.inactive, &mut visuals.hovered, &mut visuals.active] {
                        state.bg_stroke = Stroke::new(1.0, edge);
                    }
                    ui.visuals_mut().selection.stroke = Stroke::new(1.0, edge);
                }
                let edit = TextEdit::singleline(&mut value.text)
                    .id(id)
                    .font(TextStyle::Monospace)
                    .text_color(self.theme.text)
                    .hint_text(RichText::new(self.placeholder).color(self.theme.dim))
                    .align(egui::Align2::LEFT_CENTER)
                    .min_size(Vec2::new(0.0, 26.0))
                    .desired_width(self.width);
                ui.add(edit)
            })
            .inner;
        if response.changed() {
            value.problem = None;
        }
        response.accessible_name(self.name)
    }
}

/// One row of a form: label, `content`, and beside it whatever `content` adds.
pub fn form_row<R>(ui: &mut Ui, theme: &Theme, label: &str, content: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let size = Vec2::new(LABEL_WIDTH, 26.0);
        let place = ui.allocate_exact_size(size, egui::Sense::hover()).0;
        let text = RichText::new(label).color(theme.dim);
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        // A child of its own: it must not move what follows.
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout));
        child.add(egui::Label::new(text).selectable(false).truncate());
        content(ui)
    })
    .inner
}

pub fn hint(ui: &mut Ui, theme: &Theme, text: &str) -> Response {
    ui.label(RichText::new(text).color(theme.dim))
}

/// What is wrong, in the colour of errors.
pub fn problem(ui: &mut Ui, theme: &Theme, text: &str) -> Response {
    ui.add(egui::Label::new(RichText::new(text).color(theme.error)).wrap())
}

pub fn mono(text: impl Into<String>, color: Color32) -> RichText {
    RichText::new(text).text_style(TextStyle::Monospace).color(color)
}
