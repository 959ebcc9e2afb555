//! Keeps one's place in the log: when the filter or the scope changes, the row one looks at stays where it is.
//!
//! Owns: which row that is. Never: draws. Called by: the log's rows.

use egui::Ui;

use crate::session::Query;
use crate::ui::state::Ctx;
use crate::ui::theme::LOG_ROW;
use crate::ui::widgets::row_list::{Position, RowList, Shown};

#[derive(Default)]
pub struct Place {
    /// What was asked for in the last frame.
    query: Query,
    /// The row one looks at: the selected one where it is in view, else the first one unless the log follows its end.
    looked_at: Option<Anchor>,
    /// Waits until the new filter has found it.
    kept: Option<Anchor>,
    /// What was looked at before the filter, and where the list stood then: clearing it leads back there, unless one
    /// moved on in between.
    began: Option<(Anchor, Option<Position>)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Anchor {
    seq: u64,
    beneath_top: f64,
    is_selected: bool,
}

impl Place {
    /// The place in another log: nothing is looked at yet.
    pub fn of(query: &Query) -> Self {
        Self { query: query.clone(), ..Self::default() }
    }

    /// Before the rows are drawn: puts the list where the kept row is.
    pub fn apply(&mut self, ctx: &Ctx<'_>, ui: &Ui, list: &mut RowList) {
        let query = &ctx.state.query;
        if filter_of(&self.query) != filter_of(query) {
            let selected = self.looked_at.filter(|anchor| anchor.is_selected);
            let began = self.began.map(|(anchor, _)| anchor);
            if let Some(anchor) = selected.or(began).or(self.looked_at) {
                self.kept = Some(anchor);
                self.began = Some((anchor, None));
            } else if self.query.scope != query.scope {
                list.to_end();
            }
        }
        if self.query != *query {
            self.query = query.clone();
        }
        let Some(kept) = self.kept else { return };
        if ui.input(|input| input.smooth_scroll_delta.y != 0.0) {
            (self.kept, self.began) = (None, None);
            return;
        }
        if ctx.view.query != *query {
            return;
        }
        let complete = ctx.view.scanned >= ctx.view.total;
        match (ctx.place_of)(kept.seq) {
            Some(row) => {
                let rows = ctx.view.matched.max(row + 1);
                list.put(row, kept.beneath_top, rows);
                // Rows are still being found: it moves up from the end of the list until there are enough.
                if complete || ctx.view.matched > row + list.page() + 1 {
                    self.kept = None;
                }
            }
            None if complete => {
                self.kept = None;
                list.to_end();
            }
            None => {}
        }
    }

    /// After the rows were drawn: which one is looked at.
    pub fn remember(&mut self, ctx: &Ctx<'_>, list: &RowList, shown: &Shown) {
        if self.kept.is_some() {
            return;
        }
        match &mut self.began {
            Some((_, stood @ None)) => *stood = Some(list.position),
            Some((_, Some(stood))) if *stood != list.position && !list.following => self.began = None,
            _ => {}
        }
        let beneath_top = |row: u64| row.abs_diff(shown.first) as f64 * f64::from(LOG_ROW) - list.position.remainder;
        let selected = super::rows::selected_place(ctx)
            .filter(|row| (shown.first..shown.first + shown.count as u64).contains(row))
            .and_then(|row| {
                Some(Anchor { seq: ctx.state.selected_event?, beneath_top: beneath_top(row), is_selected: true })
            });
        let first = || {
            let row = super::rows::row_at(ctx.view, shown.first)?;
            (!list.following).then_some(Anchor {
                seq: row.seq,
                beneath_top: -list.position.remainder,
                is_selected: false,
            })
        };
        self.looked_at = selected.or_else(first);
    }
}

/// What leaves rows out, without the hold of a pause.
fn filter_of(query: &Query) -> Query {
    Query { before_row: None, encodings: Default::default(), ..query.clone() }
}
