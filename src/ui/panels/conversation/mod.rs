//! The conversation tab: one connection, both sides, turn by turn.
//!
//! Owns: how it is shown (text, hex, raw), scroll, selected lines, the half-typed find text. Never: reads or lays out
//! anything; lines come ready from the reader thread (`Ctx::conversation`), which runs while this tab is shown.

mod chooser;
mod find;
mod head;
mod lines;
mod paint;
mod save;

use egui::Ui;

use super::Panel;
use super::log::text::Clock;
use crate::model::{ConnectionId, EndpointId, TextEncoding};
use crate::session::Scope;
use crate::session::conversation::{ConversationOrder, ConversationSnapshot};
use crate::ui::action::{Action, ConversationAction};
use crate::ui::state::Ctx;

pub struct ConversationPanel {
    mode: Mode,
    chooser: chooser::Chooser,
    lines: lines::LinesView,
    find: find::FindField,
    save: save::SaveBytes,
    clock: Clock,
    /// The only connection of an endpoint that was chosen; it stays when a second one comes.
    only: Option<(EndpointId, ConnectionId)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Text,
    Hex,
    Raw,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Text, Self::Hex, Self::Raw];

    /// The keys of its name and of what it means.
    fn words_keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("conversation.text", "conversation.text_hint"),
            Self::Hex => ("conversation.hex", "conversation.hex_hint"),
            Self::Raw => ("conversation.raw", "conversation.raw_hint"),
        }
    }
}

impl Default for ConversationPanel {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            chooser: chooser::Chooser::default(),
            lines: lines::LinesView::default(),
            find: find::FindField::default(),
            save: save::SaveBytes::default(),
            clock: Clock::new(),
            only: None,
        }
    }
}

impl Panel for ConversationPanel {
    fn key(&self) -> &'static str {
        "conversation"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        if !matches!((&ctx.state.query.scope, self.only), (Scope::Endpoint(id), Some((of, _))) if *id == of) {
            self.only = None;
        }
        let order = match self.chosen(ctx) {
            Some(connection) => self.conversation(ctx, ui, connection, actions),
            None => {
                self.save.close();
                self.chooser.ui(ctx, ui, actions);
                ConversationOrder { connection: None, ..ctx.state.conversation.clone() }
            }
        };
        if order != ctx.state.conversation {
            actions.push(Action::Conversation(ConversationAction::Order(order)));
        }
    }
}

impl ConversationPanel {
    /// The connection that everything is narrowed to, or the only one of the endpoint.
    fn chosen(&mut self, ctx: &Ctx<'_>) -> Option<ConnectionId> {
        match ctx.state.query.scope {
            Scope::All => None,
            Scope::Connection(id) => Some(id),
            Scope::Endpoint(id) => {
                if let Some((_, connection)) = self.only.filter(|(endpoint, _)| *endpoint == id) {
                    return Some(connection);
                }
                let mut of_it = ctx.conversation.connections.iter().filter(|flow| flow.endpoint == id);
                let only = of_it.next()?.connection;
                let only = of_it.next().is_none().then_some(only);
                self.only = only.map(|only| (id, only));
                only
            }
        }
    }

    fn conversation(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        connection: ConnectionId,
        actions: &mut Vec<Action>,
    ) -> ConversationOrder {
        let snapshot = current(ctx, connection);
        let encoding = encoding(ctx, snapshot, connection);
        let begin = ConversationOrder { connection: Some(connection), ..ctx.state.conversation.clone() };
        let mut order = ConversationOrder { encoding, ..self.find.order(ui, begin) };
        head::facts(ctx, ui, snapshot, actions);
        let mut tools = head::Tools {
            mode: &mut self.mode,
            find: &mut self.find,
            save: &mut self.save,
            connection,
            encoding,
            from_line: self.lines.top_line(),
        };
        tools.ui(ctx, ui, snapshot, &mut order, actions);
        self.find.mistake(ctx, ui);
        let showing = lines::Showing { ctx, snapshot, mode: self.mode, encoding, clock: &self.clock };
        if let Some(found) = self.find.arrived(snapshot) {
            self.lines.go_to(found, ui);
        }
        self.lines.ui(&showing, ui, &mut order, actions);
        order
    }
}

/// What is known of this connection; nothing while another one's snapshot is still there.
fn current<'a>(ctx: &Ctx<'a>, connection: ConnectionId) -> Option<&'a ConversationSnapshot> {
    Some(ctx.conversation).filter(|snapshot| snapshot.connection == Some(connection))
}

fn encoding(ctx: &Ctx<'_>, snapshot: Option<&ConversationSnapshot>, connection: ConnectionId) -> TextEncoding {
    let listed = || ctx.conversation.connections.iter().find(|flow| flow.connection == connection);
    let flow = snapshot.and_then(|snapshot| snapshot.flow.as_ref()).or_else(listed);
    let own = || ctx.state.connection_encodings.get(&connection).copied().unwrap_or_default();
    flow.map_or_else(own, |flow| ctx.state.encoding_of(flow))
}
