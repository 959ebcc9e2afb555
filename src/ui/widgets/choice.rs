//! A drop-down of a few values, with a name that a screen reader says.
//! Called by: forms, composer.

use egui::{ComboBox, Response, RichText, Ui};

use crate::ui::theme::Theme;

/// One value of a drop-down and its words.
pub struct Choice<T> {
    pub value: T,
    pub text: String,
}

/// Shows `shown` and lists `choices`; true in the second place when another value was taken.
pub fn choice<T: Clone + PartialEq>(
    ui: &mut Ui,
    theme: &Theme,
    name: &str,
    shown: &str,
    width: Option<f32>,
    current: &mut T,
    choices: &[Choice<T>],
) -> (Response, bool) {
    let before = current.clone();
    let mut combo =
        ComboBox::from_id_salt(("choice", name)).selected_text(RichText::new(shown).color(theme.text)).truncate();
    if let Some(width) = width {
        combo = combo.width(width);
    }
    let shown = combo.show_ui(ui, |ui| {
        for choice in choices {
            ui.selectable_value(current, choice.value.clone(), &choice.text);
        }
    });
    let changed = *current != before;
    (shown.response.accessible_name(name), changed)
}
