//! What is drawn on bytes besides the bytes: places that were found, that a filter met, that changed.
//!
//! Owns: the grounds and shapes of marks, so that hex, text and difference draw them alike. Each has a shape of its own
//! beside its colour. Called by: dump, text, difference.

use std::ops::Range;

use egui::{Color32, CornerRadius, Painter, Pos2, Rect, Stroke, StrokeKind};

use crate::ui::theme::Theme;

/// All marks of a payload. Ranges are in order and apart.
#[derive(Clone, Copy, Default)]
pub struct Marks<'a> {
    /// By the panel's own search, and the one of them that was gone to.
    pub sought: &'a [Range<usize>],
    pub current: Option<&'a Range<usize>>,
    /// By the log's find bar, and by its filter.
    pub found: &'a [Range<usize>],
    pub filtered: &'a [Range<usize>],
    /// The payload before, of the same length, while changes are marked.
    pub before: Option<&'a [u8]>,
    pub bytes: &'a [u8],
}

/// The marks of one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub found: bool,
    pub current: bool,
    pub filtered: bool,
    pub changed: bool,
}

impl<'a> Marks<'a> {
    pub fn of(&self, at: usize) -> Mark {
        Mark {
            found: holds(self.sought, at) || holds(self.found, at),
            current: self.current.is_some_and(|range| range.contains(&at)),
            filtered: holds(self.filtered, at),
            changed: self.was(at).is_some(),
        }
    }

    /// What stood at this place before, where it changed.
    pub fn was(&self, at: usize) -> Option<u8> {
        let was = self.before?.get(at)?;
        (self.bytes.get(at)? != was).then_some(*was)
    }
}

impl Mark {
    pub fn is_plain(self) -> bool {
        self == Self::default()
    }
}

/// Draws what lies beneath a byte; `joins_left`: the byte to its left has the same marks, so that a range is one shape.
pub fn paint(painter: &Painter, rect: Rect, mark: Mark, selected: bool, joins_left: bool, theme: &Theme) {
    let mut ground = rect;
    if !joins_left {
        ground.min.x += 0.5;
    }
    if mark.changed {
        painter.rect_filled(ground, CornerRadius::ZERO, changed_ground(theme));
    }
    if mark.found {
        painter.rect_filled(ground, CornerRadius::ZERO, found_ground(theme));
    }
    if selected {
        painter.rect_filled(rect, CornerRadius::ZERO, selected_ground(theme, mark));
    }
    if mark.changed {
        // A notch at the upper edge: it is seen on any ground.
        let corner = Rect::from_min_size(ground.left_top(), egui::vec2(ground.width().min(5.0), 2.0));
        painter.rect_filled(corner, CornerRadius::ZERO, theme.accent);
    }
    if mark.filtered {
        painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, theme.accent));
    }
    if mark.current {
        let stroke = Stroke::new(1.0, theme.found);
        painter.hline(rect.x_range(), rect.top() + 0.5, stroke);
        painter.hline(rect.x_range(), rect.bottom() - 0.5, stroke);
        if !joins_left {
            painter.vline(rect.left() + 0.5, rect.y_range(), stroke);
        }
    }
}

/// The frame around the byte at which the keyboard stands.
pub fn paint_cursor(painter: &Painter, rect: Rect, theme: &Theme) {
    painter.rect_stroke(rect, CornerRadius::same(1), Stroke::new(1.0, theme.accent), StrokeKind::Inside);
}

/// A line beneath the bytes of one character.
pub fn paint_tie(painter: &Painter, from: Pos2, to: f32, theme: &Theme) {
    painter.hline(from.x..=to, from.y, Stroke::new(1.0, theme.faint));
}

pub fn found_ground(theme: &Theme) -> Color32 {
    Theme::mix(theme.panel, theme.found, if theme.dark { 0.30 } else { 0.24 })
}

pub fn changed_ground(theme: &Theme) -> Color32 {
    Theme::mix(theme.panel, theme.accent, if theme.dark { 0.30 } else { 0.22 })
}

/// Text can be read on all of them.
fn selected_ground(theme: &Theme, mark: Mark) -> Color32 {
    let over = if mark.found {
        found_ground(theme)
    } else if mark.changed {
        changed_ground(theme)
    } else {
        return strong_selection(theme);
    };
    Theme::mix(strong_selection(theme), over, 0.45)
}

/// The selection's token is made for whole rows; a few bytes need more of it.
fn strong_selection(theme: &Theme) -> Color32 {
    Theme::mix(theme.selection, theme.incoming, 0.22)
}

fn holds(ranges: &[Range<usize>], at: usize) -> bool {
    let next = ranges.partition_point(|range| range.start <= at);
    next.checked_sub(1).and_then(|last| ranges.get(last)).is_some_and(|range| range.contains(&at))
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of one range is meant")]
mod tests {
    use super::*;

    #[test]
    fn each_byte_knows_its_marks() {
        let marks = Marks {
            sought: &[1..3, 5..6],
            current: Some(&(5..6)),
            filtered: &[0..1],
            before: Some(b"abcxef"),
            bytes: b"abcdef",
            ..Marks::default()
        };
        assert_eq!(marks.of(0), Mark { filtered: true, ..Mark::default() });
        assert_eq!(marks.of(2), Mark { found: true, ..Mark::default() });
        assert_eq!(marks.of(3), Mark { changed: true, ..Mark::default() });
        assert_eq!(marks.of(5), Mark { found: true, current: true, ..Mark::default() });
        assert!(marks.of(4).is_plain() && marks.of(99).is_plain());
        assert_eq!((marks.was(3), marks.was(4)), (Some(b'x'), None));
    }
}
