//! What can be done with a connection of the table; the same list feeds the menu of a row and the buttons beneath the table.
//! Called by: the connections panel.

use egui::Ui;

use super::text;
use crate::model::ConnectionId;
use crate::session::{ConnectionEntry, Scope};
use crate::ui::action::{Action, LogAction, Tab, ViewAction};
use crate::ui::panels::log::text::Clock;
use crate::ui::panels::{sidebar, target};
use crate::ui::state::Ctx;
use crate::ui::widgets::small_button;

/// Words, and what they ask for.
pub struct Offer {
    pub key: &'static str,
    pub actions: Vec<Action>,
}

/// Its conversation.
pub fn follow(id: ConnectionId) -> Vec<Action> {
    narrowed(id, Tab::Conversation)
}

fn narrowed(id: ConnectionId, tab: Tab) -> Vec<Action> {
    vec![Action::Log(LogAction::Select(Scope::Connection(id))), Action::View(ViewAction::ShowTab(tab))]
}

pub fn of(ctx: &Ctx<'_>, entry: &ConnectionEntry) -> Vec<Offer> {
    let mut offers = vec![
        Offer { key: "connections.follow", actions: follow(entry.id) },
        Offer { key: "connections.show_in_log", actions: narrowed(entry.id, Tab::Log) },
    ];
    // What lives can be closed; ids of a file mean other connections.
    if ctx.state.opened_file.is_none()
        && let Some((endpoint, peer)) = target::find(ctx, entry.id)
    {
        let live = sidebar::offers_of_connection(endpoint, peer).into_iter();
        let live = live.filter(|offer| matches!(offer.action, Action::Endpoint(_)));
        offers.extend(live.map(|offer| Offer { key: offer.key, actions: vec![offer.action] }));
    }
    offers
}

pub fn menu(ctx: &Ctx<'_>, ui: &mut Ui, clock: &Clock, entry: &ConnectionEntry, actions: &mut Vec<Action>) {
    ui.set_min_width(180.0);
    let copy = Offer { key: "connections.copy_row", actions: vec![Action::Copy(text::whole_row(ctx, clock, entry))] };
    for offer in of(ctx, entry).into_iter().chain([copy]) {
        let name = ctx.words.get(offer.key);
        let response = ui.button(name);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::MenuItem, true, name));
        if response.clicked() {
            actions.extend(offer.actions);
            ui.close();
        }
    }
}

/// The offers as buttons, from right to left.
pub fn buttons(ctx: &Ctx<'_>, ui: &mut Ui, entry: &ConnectionEntry, actions: &mut Vec<Action>) {
    for offer in of(ctx, entry).into_iter().rev() {
        if small_button(ui, ctx.theme, ctx.words.get(offer.key)).clicked() {
            actions.extend(offer.actions);
        }
    }
}
