//! A list of rows of one height, exact at any number of them: the place is a row number and a pixel remainder, never a
//! distance from the top in `f32` (which at ten million rows moves in steps of 16 pixels).
//!
//! Owns: where the list is scrolled to. Never: what a row shows. Called by: the log, the hex dump, long lists.

use std::sync::Arc;
use std::time::Duration;

use egui::{Color32, Event, EventFilter, Id, Key, Modifiers, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};

const BAR_WIDTH: f32 = 12.0;
const LEAST_THUMB: f32 = 24.0;

/// Where a list stands: pure arithmetic, tested without egui.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Position {
    /// The first row that shows.
    pub top_row: u64,
    /// Pixels of it that are above the edge: 0 ≤ remainder < row height.
    pub remainder: f64,
}

/// What one frame of a list looks like in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub rows: u64,
    pub row_height: f64,
    pub view_height: f64,
}

impl Extent {
    /// The last position: the end of the last row at the lower edge.
    pub fn end(&self) -> Position {
        let hidden = self.rows as f64 - self.view_height / self.row_height;
        if hidden <= 0.0 {
            return Position::default();
        }
        // Rows that fit, counted from the end, in small numbers: exact for any `rows`.
        let whole = (self.view_height / self.row_height).floor();
        let part = self.view_height - whole * self.row_height;
        if part <= f64::EPSILON {
            return Position { top_row: self.rows - whole as u64, remainder: 0.0 };
        }
        Position { top_row: self.rows - whole as u64 - 1, remainder: self.row_height - part }
    }

    /// Rows that are at least partly in view from `position` on.
    pub fn visible(&self, position: Position) -> u64 {
        let count = ((self.view_height + position.remainder) / self.row_height).ceil() as u64;
        count.min(self.rows.saturating_sub(position.top_row))
    }

    fn page(&self) -> u64 {
        ((self.view_height / self.row_height).floor() as u64).saturating_sub(1).max(1)
    }
}

impl Position {
    /// Down by so many pixels (up when negative), kept inside the list.
    pub fn scrolled(self, pixels: f64, extent: Extent) -> Position {
        let total = self.remainder + pixels;
        let rows = (total / extent.row_height).floor();
        let remainder = total - rows * extent.row_height;
        let top_row = if rows < 0.0 {
            let up = (-rows) as u64;
            if up > self.top_row {
                return Position::default();
            }
            self.top_row - up
        } else {
            self.top_row.saturating_add(rows as u64)
        };
        Position { top_row, remainder }.clamped(extent)
    }

    pub fn clamped(self, extent: Extent) -> Position {
        let end = extent.end();
        if self.is_after(end) { end } else { self }
    }

    fn is_after(self, other: Position) -> bool {
        (self.top_row, self.remainder) > (other.top_row, other.remainder)
    }

    /// From 0 at the start to 1 at the end.
    pub fn share(self, extent: Extent) -> f64 {
        let end = extent.end();
        let whole = end.top_row as f64 + end.remainder / extent.row_height;
        if whole <= 0.0 {
            return 1.0;
        }
        ((self.top_row as f64 + self.remainder / extent.row_height) / whole).clamp(0.0, 1.0)
    }

    pub fn at_share(share: f64, extent: Extent) -> Position {
        let end = extent.end();
        if share >= 1.0 {
            return end;
        }
        let rows = (end.top_row as f64 + end.remainder / extent.row_height) * share.max(0.0);
        let top_row = rows.floor();
        Position { top_row: top_row as u64, remainder: (rows - top_row) * extent.row_height }.clamped(extent)
    }

    /// The nearest position at which `row` is wholly in view.
    pub fn revealing(self, row: u64, extent: Extent) -> Position {
        if row < self.top_row || (row == self.top_row && self.remainder > 0.0) {
            return Position { top_row: row, remainder: 0.0 }.clamped(extent);
        }
        let below = (row - self.top_row + 1) as f64 * extent.row_height - self.remainder - extent.view_height;
        if below > 0.0 { self.scrolled(below, extent) } else { self }
    }
}

/// The scroll state of one list.
#[derive(Clone, Debug, Default)]
pub struct RowList {
    pub position: Position,
    /// Stays at the end while rows are added. Set by `new_following`, by scrolling to the end, and unset by scrolling up.
    pub following: bool,
    follows: bool,
    /// Where in the thumb the drag began, as a share of the thumb's free way.
    grabbed: Option<f64>,
    extent: Option<Extent>,
    /// Parts of the list, each a share of its rows, that are marked on the scroll bar.
    pub marks: Option<(Arc<[bool]>, Color32)>,
}

/// What a frame of the list showed, and what the keyboard asked for.
pub struct Shown {
    pub first: u64,
    pub count: usize,
    pub response: Response,
    /// Arrow keys: by how many rows the selection is to move.
    pub step: i64,
    /// The same with Shift held: by how many rows the end of the marked ones is to move.
    pub extend: i64,
}

impl RowList {
    /// A list that follows its end, as a log does.
    pub fn new_following() -> Self {
        Self { following: true, follows: true, ..Self::default() }
    }

    /// Makes a row visible in the next frame.
    pub fn reveal(&mut self, row: u64) {
        if let Some(extent) = self.extent {
            self.position = self.position.revealing(row, extent);
            self.settle(extent);
        }
    }

    /// Makes a row of a list with so many rows visible in this frame, in the middle where it was not in view.
    pub fn reveal_in(&mut self, row: u64, rows: u64) {
        let Some(extent) = self.extent else { return };
        let extent = Extent { rows, ..extent };
        let position = self.position.clamped(extent);
        if position.revealing(row, extent) == position {
            self.following = false;
            return;
        }
        let half = extent.page() as f64 / 2.0 * extent.row_height;
        self.position = Position { top_row: row, remainder: 0.0 }.scrolled(-half, extent);
        self.settle(extent);
    }

    /// Puts a row so many pixels beneath the upper edge: it stays where it was when the rows around it change.
    pub fn put(&mut self, row: u64, beneath_top: f64, rows: u64) {
        if let Some(extent) = self.extent {
            let extent = Extent { rows, ..extent };
            self.position = Position { top_row: row, remainder: 0.0 }.scrolled(-beneath_top, extent);
            self.settle(extent);
        }
    }

    pub fn to_start(&mut self) {
        self.following = false;
        self.position = Position::default();
    }

    pub fn to_end(&mut self) {
        self.following = self.follows;
        if let Some(extent) = self.extent {
            self.position = extent.end();
        }
    }

    /// Rows on a page, for moving a selection by one.
    pub fn page(&self) -> u64 {
        self.extent.map_or(1, |extent| extent.page())
    }

    /// Draws the rows in view into the rest of `ui`. `draw` gets the row's number and its place.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        id: Id,
        name: &str,
        rows: u64,
        row_height: f32,
        mut draw: impl FnMut(&mut Ui, u64, Rect, &Response),
    ) -> Shown {
        let outer = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(outer);
        let extent =
            Extent { rows, row_height: f64::from(row_height), view_height: f64::from(outer.height().max(row_height)) };
        self.extent = Some(extent);
        let has_bar = extent.end() != Position::default();
        let mut body = outer;
        if has_bar {
            body.max.x -= BAR_WIDTH;
        }
        // Lies beneath the rows, so that a click beside them takes the keyboard too.
        let response = ui.interact(body, id, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::List, true, name));
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        self.follow(extent);
        self.wheel(ui, &response, outer, extent);
        let (step, extend) = self.keys(ui, &response, extent);
        if has_bar {
            self.bar(ui, id, outer, extent);
        }
        let first = self.position.top_row;
        let count = extent.visible(self.position);
        let mut rows_ui = ui.new_child(egui::UiBuilder::new().max_rect(body).id_salt(id));
        rows_ui.set_clip_rect(body.intersect(ui.clip_rect()));
        for offset in 0..count {
            let top = body.top() + (offset as f64 * extent.row_height - self.position.remainder) as f32;
            let rect = Rect::from_min_size(Pos2::new(body.left(), top), Vec2::new(body.width(), row_height));
            draw(&mut rows_ui, first + offset, rect, &response);
        }
        if response.has_focus() {
            let color = ui.visuals().selection.stroke.color;
            let edge = Rect::from_min_max(body.left_top(), Pos2::new(body.left() + 2.0, body.bottom()));
            ui.painter().rect_filled(edge, 0.0, color);
        }
        Shown { first, count: usize::try_from(count).unwrap_or(0), response, step, extend }
    }

    fn follow(&mut self, extent: Extent) {
        self.position = if self.follows && self.following { extent.end() } else { self.position.clamped(extent) };
    }

    /// After a movement of the person's: at the end it follows again.
    fn settle(&mut self, extent: Extent) {
        self.following = self.follows && self.position == extent.end();
    }

    fn wheel(&mut self, ui: &mut Ui, response: &Response, outer: Rect, extent: Extent) {
        let over = ui.rect_contains_pointer(outer) && (response.contains_pointer() || response.has_focus());
        if !over {
            return;
        }
        let delta = ui.input_mut(|input| {
            let delta = input.smooth_scroll_delta.y;
            input.smooth_scroll_delta.y = 0.0;
            delta
        });
        if delta != 0.0 {
            self.position = self.position.scrolled(-f64::from(delta), extent);
            self.settle(extent);
        }
    }

    fn keys(&mut self, ui: &mut Ui, response: &Response, extent: Extent) -> (i64, i64) {
        if !response.has_focus() {
            return (0, 0);
        }
        let filter = EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let held = |ui: &mut Ui, held, key| ui.input_mut(|input| input.count_and_consume_key(held, key) as i64);
        // First: without Shift means with or without it.
        let extend = held(ui, Modifiers::SHIFT, Key::ArrowDown) - held(ui, Modifiers::SHIFT, Key::ArrowUp);
        let pressed = |ui: &mut Ui, key| held(ui, Modifiers::NONE, key);
        let step = pressed(ui, Key::ArrowDown) - pressed(ui, Key::ArrowUp);
        let pages = pressed(ui, Key::PageDown) - pressed(ui, Key::PageUp);
        if pages != 0 {
            self.position = self.position.scrolled(pages as f64 * extent.page() as f64 * extent.row_height, extent);
            self.settle(extent);
        }
        if pressed(ui, Key::Home) > 0 {
            self.position = Position::default();
            self.settle(extent);
        }
        if pressed(ui, Key::End) > 0 {
            self.position = extent.end();
            self.settle(extent);
        }
        (step, extend)
    }

    fn bar(&mut self, ui: &mut Ui, id: Id, outer: Rect, extent: Extent) {
        let bar = Rect::from_min_max(Pos2::new(outer.right() - BAR_WIDTH, outer.top()), outer.max);
        let share_in_view = (extent.view_height / (extent.rows as f64 * extent.row_height)) as f32;
        let thumb_height = (bar.height() * share_in_view).clamp(LEAST_THUMB.min(bar.height()), bar.height());
        let way = f64::from((bar.height() - thumb_height).max(1.0));
        let response = ui.interact(bar, id.with("bar"), Sense::drag() | Sense::CLICK);
        response.widget_info(|| {
            let mut info = WidgetInfo::new(Role::ScrollBar);
            info.value = Some(self.position.share(extent));
            info
        });
        if let Some(pointer) = response.interact_pointer_pos() {
            let at = f64::from(pointer.y - bar.top());
            let thumb_top = self.position.share(extent) * way;
            let grabbed = *self.grabbed.get_or_insert_with(|| {
                let inside = at - thumb_top;
                if (0.0..=f64::from(thumb_height)).contains(&inside) { inside } else { f64::from(thumb_height) / 2.0 }
            });
            self.position = Position::at_share((at - grabbed) / way, extent);
            self.settle(extent);
        } else {
            self.grabbed = None;
        }
        let top = bar.top() + (self.position.share(extent) * way) as f32;
        let thumb = Rect::from_min_size(Pos2::new(bar.left() + 3.0, top), Vec2::new(BAR_WIDTH - 6.0, thumb_height));
        let visuals = ui.visuals();
        let lit = response.hovered() || self.grabbed.is_some();
        let color = if lit { visuals.weak_text_color() } else { visuals.widgets.hovered.bg_stroke.color };
        ui.painter().rect_filled(thumb, 3.0, color);
        self.paint_marks(ui, bar);
    }

    /// Neighbours are one mark, so that no more are drawn than the bar has pixels.
    fn paint_marks(&self, ui: &Ui, bar: Rect) {
        let Some((marks, color)) = self.marks.as_ref().filter(|(marks, _)| !marks.is_empty()) else { return };
        let height = |at: usize| bar.top() + bar.height() * (at as f32 / marks.len() as f32);
        let mut open: Option<(f32, f32)> = None;
        let paint = |(top, bottom): (f32, f32)| {
            // On the right side, so that the thumb is always seen.
            let mark = Rect::from_min_max(Pos2::new(bar.right() - 4.0, top), Pos2::new(bar.right(), bottom));
            ui.painter().rect_filled(mark, 0.0, *color);
        };
        for (at, _) in marks.iter().enumerate().filter(|(_, marked)| **marked) {
            let top = height(at);
            let bottom = height(at + 1).max(top + 2.0);
            open = match open {
                Some((first, last)) if top <= last + 0.5 => Some((first, bottom.max(last))),
                Some(done) => {
                    paint(done);
                    Some((top, bottom))
                }
                None => Some((top, bottom)),
            };
        }
        open.into_iter().for_each(paint);
    }
}

/// The copy key while `response` has the keyboard: egui turns Ctrl+C into an event.
pub fn copy_pressed(ui: &Ui, response: &Response) -> bool {
    response.has_focus() && ui.input(|input| input.events.iter().any(|event| matches!(event, Event::Copy)))
}

/// How long typing into a filter may pause before it takes effect.
pub const TYPING_PAUSE: Duration = Duration::from_millis(120);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEIGHT: f64 = 23.0;

    fn extent(rows: u64) -> Extent {
        Extent { rows, row_height: HEIGHT, view_height: 700.0 }
    }

    #[test]
    fn small_scrolls_move_exactly_at_twenty_million_rows() {
        let extent = extent(20_000_000);
        for start in [0, 1_000_000, 15_000_000, 19_999_900] {
            let mut position = Position { top_row: start, remainder: 0.0 };
            for _ in 0..230 {
                position = position.scrolled(0.5, extent);
            }
            assert_eq!(position, Position { top_row: start + 5, remainder: 0.0 });
            for _ in 0..230 {
                position = position.scrolled(-0.5, extent);
            }
            assert_eq!(position, Position { top_row: start, remainder: 0.0 });
        }
    }

    #[test]
    fn the_end_shows_the_last_row_wholly() {
        for rows in [0, 1, 30, 31, 1_000, 20_000_000, u64::from(u32::MAX) * 4] {
            let extent = extent(rows);
            let end = extent.end();
            let visible = extent.visible(end);
            assert_eq!(end.top_row + visible, rows);
            let bottom = visible as f64 * HEIGHT - end.remainder;
            assert!(bottom <= 700.0 + 1e-9, "{rows} rows end at {bottom}");
            assert_eq!(end.scrolled(1e12, extent), end);
        }
    }

    #[test]
    fn neither_end_is_passed() {
        let extent = extent(20_000_000);
        assert_eq!(Position { top_row: 3, remainder: 5.0 }.scrolled(-1e9, extent), Position::default());
        assert_eq!(Position::default().scrolled(1e18, extent), extent.end());
        assert_eq!(Position::at_share(1.0, extent), extent.end());
        assert_eq!(Position::at_share(-1.0, extent), Position::default());
        assert_eq!(extent.end().share(extent), 1.0);
    }

    #[test]
    fn a_row_is_put_where_it_was() {
        let mut list = RowList { extent: Some(extent(1_000)), ..RowList::new_following() };
        list.put(500, 3.0 * HEIGHT - 7.0, 1_000);
        assert_eq!((list.position, list.following), (Position { top_row: 497, remainder: 7.0 }, false));
        list.put(1, 3.0 * HEIGHT, 1_000);
        assert_eq!(list.position, Position::default());
        list.put(999, 0.0, 1_000);
        assert_eq!((list.position, list.following), (extent(1_000).end(), true));
    }

    #[test]
    fn reveals_with_the_least_movement() {
        let extent = extent(20_000_000);
        let position = Position { top_row: 10_000_000, remainder: 3.0 };
        assert_eq!(position.revealing(10_000_010, extent), position);
        assert_eq!(position.revealing(10_000_000, extent), Position { top_row: 10_000_000, remainder: 0.0 });
        assert_eq!(position.revealing(7, extent).top_row, 7);
        let down = position.revealing(10_000_100, extent);
        assert_eq!(down.top_row + extent.visible(down), 10_000_101);
    }

    proptest! {
        #[test]
        fn thumb_and_place_agree(rows in 100u64..20_000_000, share in 0.0f64..1.0) {
            let extent = extent(rows);
            let position = Position::at_share(share, extent);
            prop_assert!((position.share(extent) - share).abs() < 1e-6);
            prop_assert!(position.remainder >= 0.0 && position.remainder < HEIGHT);
        }

        #[test]
        fn scrolling_there_and_back_ends_where_it_began(row in 1_000u64..19_000_000, pixels in 0.0f64..20_000.0) {
            let extent = extent(20_000_000);
            let start = Position { top_row: row, remainder: 7.0 };
            let back = start.scrolled(pixels, extent).scrolled(-pixels, extent);
            let off = (back.top_row as f64 - row as f64) * HEIGHT + back.remainder - 7.0;
            prop_assert!(off.abs() < 1e-6, "off by {off}");
        }
    }
}
