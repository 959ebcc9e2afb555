//! Painted marks: the dot of a state and the sparkline of a connection. They are never the only place where something is said.
//! Called by: sidebar.

use egui::{Color32, Painter, Pos2, Rect, Stroke, Vec2};

/// The dot of a state; `filled` is false for what is not open.
pub fn dot(painter: &Painter, at: Pos2, color: Color32, filled: bool) {
    if filled {
        painter.circle_filled(at, 4.0, color);
    } else {
        painter.circle_stroke(at, 3.5, Stroke::new(1.5, color));
    }
}

/// Bars of the last periods, oldest first.
pub struct Spark<'a> {
    pub periods: &'a [u32],
    pub color: Color32,
}

/// Bars scaled to the greatest of them (by square root, so that small traffic is still seen).
pub fn sparkline(painter: &Painter, place: Rect, spark: &Spark<'_>) {
    let most = spark.periods.iter().copied().max().unwrap_or(0).max(1);
    let step = place.width() / spark.periods.len().max(1) as f32;
    for (index, &value) in spark.periods.iter().enumerate() {
        let share = (f64::from(value) / f64::from(most)).sqrt() as f32;
        let height = if value == 0 { 1.0 } else { (share * place.height()).max(2.0) };
        let left = place.left() + step * index as f32;
        let bar =
            Rect::from_min_size(Pos2::new(left, place.bottom() - height), Vec2::new((step - 0.5).max(1.0), height));
        painter.rect_filled(bar, 0.0, spark.color);
    }
}
