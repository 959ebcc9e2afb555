//! The log: filter line, notices, and the rows themselves.
//!
//! Owns: scroll, the half-typed filter. Never: formats rows that are not on screen.

mod completion;
mod drawing;
mod filter;
mod find;
pub mod frames;
mod go_to;
mod kept;
mod line;
mod marks;
mod menu;
mod notices;
mod place;
mod rows;
mod selection;
mod syntax;
pub mod text;

pub use rows::selected_row;
pub use syntax::filter_layout;

use egui::{Align, Layout, Rect, Ui, Vec2};

use crate::session::Query;
use crate::ui::action::Action;
use crate::ui::panels::Panel;
use crate::ui::panels::tabs::{TABS, strip};
use crate::ui::state::Ctx;
use crate::ui::widgets::row_list::RowList;

const FILTER: f32 = 38.0;
/// The ids of the filter line and of the list of rows, for giving them the keyboard.
const FIELD: &str = "log_filter";
const ROWS: &str = "log_rows";
/// Height of the tabs and the filter line together, with their lines.
pub const LOG_HEAD: f32 = TABS + FILTER;

pub struct LogPanel {
    list: RowList,
    filter: line::FilterLine,
    find: find::FindBar,
    clock: text::Clock,
    wanted: (u64, usize),
    place: place::Place,
    go_to: go_to::GoTo,
    selected: Option<u64>,
    selection: selection::Selection,
    /// The first row on screen, by seq.
    first_shown: Option<u64>,
    /// The answer of the find bar that was gone to: the step it belongs to, and the event.
    answered: Option<(u64, u64)>,
    opened: Option<std::path::PathBuf>,
}

impl Default for LogPanel {
    fn default() -> Self {
        Self {
            list: RowList::new_following(),
            filter: line::FilterLine::default(),
            find: find::FindBar::default(),
            clock: text::Clock::new(),
            wanted: (0, 0),
            place: place::Place::default(),
            go_to: go_to::GoTo::default(),
            selected: None,
            selection: selection::Selection::default(),
            first_shown: None,
            answered: None,
            opened: None,
        }
    }
}

impl Panel for LogPanel {
    fn key(&self) -> &'static str {
        "log"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let opened = ctx.state.opened_file.as_ref().map(|file| file.path.clone());
        if self.opened != opened {
            // A file is read from its beginning, what is live from its end.
            if opened.is_some() {
                self.list.to_start();
            } else {
                self.list.to_end();
            }
            self.opened = opened;
            self.place = place::Place::of(&ctx.state.query);
            let find = &ctx.view.find;
            self.answered = find.current.map(|found| (find.step, found.seq));
        }
        strip(ctx, ui, FILTER, |ui| filter::strip(&mut self.filter, ctx, ui, actions));
        self.find.ui(ctx, ui, self.first_shown, actions);
        notices::ui(ctx, ui, actions);
        if ctx.state.is_first_minute(ctx.view) {
            return;
        }
        self.rows(ctx, ui, actions);
    }
}

/// Whether the query leaves anything out.
fn filters(query: &Query) -> bool {
    !(query.received && query.sent && query.state && query.errors && query.filter.takes_all())
}

/// The rest of the panel in one line of text, in its middle.
fn middle(ui: &mut Ui, rect: Rect, content: impl FnOnce(&mut Ui)) {
    let rect = Rect::from_center_size(rect.center(), Vec2::new(rect.width().min(420.0), 96.0).min(rect.size()));
    let layout = Layout::top_down(Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        content(ui);
    });
}
