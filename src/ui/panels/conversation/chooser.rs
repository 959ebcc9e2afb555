//! Which connection to follow: all of the log, or those of the chosen endpoint; with a few words where there is none yet.

use egui::{Align2, Id, Key, Pos2, Rect, RichText, Sense, TextEdit, Ui, WidgetInfo};

use super::paint;
use crate::model::Flow;
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
    /// Places in the list of connections that fit, and what they were found for.
    fits: Option<(String, usize, Scope, Vec<usize>)>,
}

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
        let fits = self.fitting(ctx);
        if fits.is_empty() {
            self.keep(ctx, fits);
            return paint::nothing(ctx, ui, "conversation.none_fits", "conversation.choose_hint");
        }
        let rows = fits.len() as u64;
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0')).max(1.0);
        let at = self.at.min(rows - 1);
        let mut chosen = None;
        let name = ctx.words.get("conversation.choose");
        let shown = self.list.show(ui, Id::unique("conversation_chooser"), name, rows, ROW, |ui, row, rect, list| {
            let place = usize::try_from(row).ok().and_then(|row| fits.get(row));
            let Some(flow) = place.and_then(|place| all.get(*place)) else { return };
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
        if shown.step != 0 {
            self.at = at.saturating_add_signed(shown.step).min(rows - 1);
            self.list.reveal(self.at);
            ui.ctx().request_repaint();
        }
        if shown.response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            let place = usize::try_from(at).ok().and_then(|at| fits.get(at));
            chosen = place.and_then(|place| all.get(*place)).map(|flow| flow.connection);
        }
        if let Some(connection) = chosen {
            actions.push(Action::Log(LogAction::Select(Scope::Connection(connection))));
        }
        self.keep(ctx, fits);
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

    /// Newest first. Looked through again only when the list, the text or the scope changed.
    fn fitting(&mut self, ctx: &Ctx<'_>) -> Vec<usize> {
        let (all, scope) = (&ctx.conversation.connections, &ctx.state.query.scope);
        if let Some((text, count, of, places)) = self.fits.take()
            && text == self.text
            && count == all.len()
            && of == *scope
        {
            return places;
        }
        let text = self.text.trim().to_ascii_lowercase();
        let fits = |flow: &Flow| {
            let in_scope = match scope {
                Scope::Endpoint(id) => flow.endpoint == *id,
                _ => true,
            };
            in_scope && (text.is_empty() || spoken(flow).to_ascii_lowercase().contains(&text))
        };
        all.iter().enumerate().rev().filter(|(_, flow)| fits(flow)).map(|(place, _)| place).collect()
    }

    fn keep(&mut self, ctx: &Ctx<'_>, places: Vec<usize>) {
        let count = ctx.conversation.connections.len();
        self.fits = Some((self.text.clone(), count, ctx.state.query.scope.clone(), places));
    }
}

fn one(ctx: &Ctx<'_>, ui: &Ui, rect: Rect, flow: &Flow, char_width: f32) {
    let theme = ctx.theme;
    let columns = [(14.0, format!("#{}", flow.connection.0), theme.faint)];
    let mut x = rect.left();
    let painter = ui.painter();
    let put = |x: f32, text: &str, color| {
        widgets::mono_text(painter, Pos2::new(x, rect.center().y), Align2::LEFT_CENTER, text, color);
    };
    for (from, text, color) in columns {
        put(x + from, &text, color);
    }
    x += 14.0 + 9.0 * char_width;
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
