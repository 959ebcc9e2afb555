//! Shows an event that was asked for from elsewhere, wherever in the log it is.
//!
//! Owns: which one was gone to. Called by: the log's rows, before they are drawn.

use egui::{Id, Ui};

use super::filters;
use super::rows::{clear_filter, row_at};
use crate::session::{Scope, ViewSnapshot};
use crate::ui::action::{Action, LogAction};
use crate::ui::state::Ctx;
use crate::ui::widgets::row_list::RowList;

#[derive(Default)]
pub struct GoTo {
    /// What was asked for last and is done (`State::go_to` counts).
    done: u64,
    /// The list stands there: whether it is the event itself shows when its row is read.
    reached: Option<u64>,
    /// The filter was cleared for it.
    cleared: bool,
}

impl GoTo {
    /// `true`: it is on its way there, or has just come.
    pub fn apply(&mut self, ctx: &Ctx<'_>, ui: &Ui, list: &mut RowList, actions: &mut Vec<Action>) -> bool {
        let asked = ctx.state.go_to.1;
        if asked == self.done {
            return false;
        }
        if ctx.view.query == ctx.state.query {
            self.go(ctx, ui, list, actions);
        }
        true
    }

    fn go(&mut self, ctx: &Ctx<'_>, ui: &Ui, list: &mut RowList, actions: &mut Vec<Action>) {
        let (seq, asked) = ctx.state.go_to;
        let complete = ctx.view.scanned >= ctx.view.total;
        let Some(place) = (ctx.place_of)(seq) else {
            if complete {
                self.missed(ctx, asked, actions);
            }
            return;
        };
        if self.reached != Some(place) {
            self.reached = Some(place);
            list.reveal_in(place, ctx.view.matched.max(place + 1));
            ui.ctx().request_repaint();
        }
        match row_at(ctx.view, place) {
            Some(row) if row.seq == seq => {
                // Arrows go on from there.
                ui.memory_mut(|memory| memory.request_focus(Id::unique("log_rows")));
                self.end(asked);
            }
            Some(_) => self.missed(ctx, asked, actions),
            // It stands in the file where nothing can be read, and will not be read later.
            None if is_laid_out(ctx.view, place) => self.end(asked),
            None => {}
        }
    }

    /// It is not among the shown rows: what hides it is cleared, once.
    fn missed(&mut self, ctx: &Ctx<'_>, asked: u64, actions: &mut Vec<Action>) {
        let query = &ctx.state.query;
        let narrowed = query.scope != Scope::All;
        if self.cleared || !(narrowed || filters(query)) {
            self.end(asked);
            return;
        }
        self.cleared = true;
        self.reached = None;
        if narrowed {
            actions.push(Action::Log(LogAction::Select(Scope::All)));
        }
        actions.extend(clear_filter(ctx));
    }

    fn end(&mut self, asked: u64) {
        *self = Self { done: asked, reached: None, cleared: false };
    }
}

/// The snapshot holds the place, even if its row cannot be read.
fn is_laid_out(view: &ViewSnapshot, place: u64) -> bool {
    place.checked_sub(view.first).is_some_and(|index| index < view.rows.len() as u64)
}
