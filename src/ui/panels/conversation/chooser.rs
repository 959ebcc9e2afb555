//! Which connection to follow: all of the log, or those of the chosen endpoint; with a few words where there is none yet.

use std::sync::Arc;

use egui::{Align2, Id, Key, Pos2, Rect, RichText, Sense, TextEdit, Ui, WidgetInfo};

use super::paint;
use crate::model::{EndpointId, Flow};
use crate::payload;
use crate::session::Scope;
use crate::ui::action::{Action, LogAction};
use crate::ui::panels::log::text::socket_within;
use crate::ui::panels::tabs::strip;
use crate::ui::state::Ctx;
use crate::ui::theme::{self, ROW};
use crate::ui::widgets::{self, row_list::RowList};

const HEAD: f32 = 38.0;

#[derive(Default)]
pub struct Chooser {
    list: RowList,
    text: String,
    /// The row that the keyboard is at.
    at: u64,
    /// `None`: all of them.
    fits: Option<Fits>,
}

/// Connections that fit.
struct Fits {
    /// What they were looked for by: text, endpoint, and how many connections there were.
    of: (String, Option<EndpointId>, usize),
    /// Those from this place on were looked at.
    next: usize,
    /// Places in the list of connections, newest first.
    places: Vec<usize>,
}

/// Connections looked at in a frame.
const LOOKED_AT: usize = 2000;

impl Chooser {
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let all = &ctx.conversation.connections;
        if all.is_empty() {
            return paint::nothing(ctx, ui, "conversation.none", "conversation.none_hint");
        }
        strip(ctx, ui, HEAD, |ui| {
            ui.spacing_mut().item_spacing.x = 10.0;
            ui.label(RichText::new(ctx.words.get("conversation.choose")).font(theme::medium(13.0)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| self.field(ctx, ui));
        });
        self.look(ctx, ui);
        let rows = self.rows(ctx);
        if rows == 0 {
            return paint::nothing(ctx, ui, "conversation.none_fits", "conversation.choose_hint");
        }
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0')).max(1.0);
        let at = self.at.min(rows - 1);
        let mut chosen = None;
        let name = ctx.words.get("conversation.choose");
        let mut list = std::mem::take(&mut self.list);
        let shown = list.show(ui, Id::unique("conversation_chooser"), name, rows, ROW, |ui, row, rect, list| {
            let Some(flow) = self.flow(ctx, row) else { return };
            let response = ui.interact(rect, Id::unique(("conversation_of", flow.connection)), Sense::CLICK);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::ListItem, true, spoken(flow)));
            if response.hovered() || (list.has_focus() && row == at) {
                ui.painter().rect_filled(rect, 0.0, ctx.theme.raised);
            }
            one(ctx, ui, rect, flow, char_width);
            if response.clicked() {
                chosen = Some(flow.connection);
            }
        });
        self.list = list;
        if shown.step != 0 {
            self.at = at.saturating_add_signed(shown.step).min(rows - 1);
            self.list.reveal(self.at);
            ui.ctx().request_repaint();
        }
        if shown.response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            chosen = self.flow(ctx, at).map(|flow| flow.connection);
        }
        if let Some(connection) = chosen {
            actions.push(Action::Log(LogAction::Select(Scope::Connection(connection))));
        }
    }

    fn field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let name = ctx.words.get("conversation.find_connection");
        let mut layouter = widgets::mono_line(ctx.theme.text);
        let field = TextEdit::singleline(&mut self.text)
            .id(Id::unique("conversation_filter"))
            .font(theme::mono())
            .layouter(&mut layouter)
            .hint_text(RichText::new(name).color(ctx.theme.dim))
            .desired_width(220.0_f32.min(ui.available_width() - 20.0))
            .margin(egui::Margin::symmetric(8, 4));
        let response = ui.add(field).accessible_name(name);
        if response.changed() {
            self.at = 0;
            self.list.to_start();
        }
    }

    /// Looks through some more connections for those that fit; a frame never goes through thousands of them.
    fn look(&mut self, ctx: &Ctx<'_>, ui: &Ui) {
        let (all, scope) = (&ctx.conversation.connections, &ctx.state.query.scope);
        let text = self.text.trim().to_ascii_lowercase();
        let endpoint = match scope {
            Scope::Endpoint(id) => Some(*id),
            _ => None,
        };
        if text.is_empty() && endpoint.is_none() {
            self.fits = None;
            return;
        }
        let of = (text, endpoint, all.len());
        if self.fits.as_ref().is_none_or(|fits| fits.of != of) {
            self.fits = Some(Fits { of, next: all.len(), places: Vec::new() });
        }
        let Some(fits) = &mut self.fits else { return };
        let (text, endpoint, _) = &fits.of;
        let until = fits.next.saturating_sub(LOOKED_AT);
        while fits.next > until {
            fits.next -= 1;
            let is_fitting = |flow: &&Arc<Flow>| {
                endpoint.is_none_or(|id| flow.endpoint == id)
                    && (text.is_empty() || spoken(flow).to_ascii_lowercase().contains(text))
            };
            if all.get(fits.next).filter(is_fitting).is_some() {
                fits.places.push(fits.next);
            }
        }
        if fits.next > 0 {
            ui.ctx().request_repaint();
        }
    }

    /// How many connections fit, as far as one looked.
    fn rows(&self, ctx: &Ctx<'_>) -> u64 {
        self.fits.as_ref().map_or(ctx.conversation.connections.len(), |fits| fits.places.len()) as u64
    }

    /// Newest first.
    fn flow<'a>(&self, ctx: &Ctx<'a>, row: u64) -> Option<&'a Arc<Flow>> {
        let (all, row) = (&ctx.conversation.connections, usize::try_from(row).ok()?);
        match &self.fits {
            Some(fits) => all.get(*fits.places.get(row)?),
            None => all.get(all.len().checked_sub(row + 1)?),
        }
    }
}

fn one(ctx: &Ctx<'_>, ui: &Ui, rect: Rect, flow: &Flow, char_width: f32) {
    let (theme, painter) = (ctx.theme, ui.painter());
    let put = |x: f32, text: &str, color| {
        widgets::mono_text(painter, Pos2::new(x, rect.center().y), Align2::LEFT_CENTER, text, color);
    };
    let mut x = rect.left() + 14.0;
    put(x, &format!("#{}", flow.connection.0), theme.dim);
    x += 9.0 * char_width;
    put(x, &peer(flow, 28), theme.text);
    x += 30.0 * char_width;
    put(x, &socket_within(&payload::visible_text(&flow.endpoint_uri, 200), 40), theme.dim);
}

fn peer(flow: &Flow, chars: usize) -> String {
    flow.peer.map_or_else(|| "–".to_owned(), |peer| socket_within(&peer.to_string(), chars))
}

fn spoken(flow: &Flow) -> String {
    let uri = payload::visible_text(&flow.endpoint_uri, 200);
    format!("#{}  {}  {uri}", flow.connection.0, peer(flow, usize::MAX))
}
