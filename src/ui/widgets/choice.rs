//! A drop-down of a few values, with a name that a screen reader says; and a button that looks like one.
//! Called by: forms, composer.

use egui::{Align2, Atom, AtomExt as _, Button, ComboBox, Rect, Response, RichText, Shape, Ui, Vec2};

use crate::ui::theme::Theme;

/// A longer list scrolls.
const MOST_HEIGHT: f32 = 360.0;

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
    let mut combo = ComboBox::from_id_salt(("choice", name))
        .selected_text(RichText::new(shown).color(theme.text))
        .height(MOST_HEIGHT)
        .truncate();
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

/// A button that looks like a drop-down, for a list that is more than a few values. It has no name yet.
pub fn drop_down(ui: &mut Ui, theme: &Theme, shown: &str, width: f32) -> Response {
    let color = theme.text;
    let arrow = Atom::paint(Vec2::splat(ui.spacing().icon_width), move |ui, args| {
        let size = args.rect.size() * Vec2::new(0.7, 0.45);
        let rect = Rect::from_center_size(args.rect.center(), size);
        ui.painter().add(Shape::rotated_triangle(rect, 0.0, color));
    });
    let arrow = arrow.atom_grow(true).atom_align(Align2::RIGHT_CENTER);
    let text = RichText::new(shown).color(color).atom_shrink(true);
    let height = ui.spacing().interact_size.y;
    ui.add_sized(Vec2::new(width, height), Button::new((text, arrow)).truncate())
}
