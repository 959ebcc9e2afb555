//! An empty log teaches: three ways to begin, and where the log is kept. Shown while no event was recorded.
//!
//! Called by: the log panel's place in the window's shell, through the panel registry.

use egui::{Align, CornerRadius, Frame, Layout, Margin, RichText, Stroke, TextStyle, Ui, Vec2};

use super::Panel;
use crate::model::{EndpointSettings, ListenerSettings, Protocol};
use crate::ui::action::{Action, EndpointAction, Form, ViewAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::plain_button;

const CARD_WIDTH: f32 = 250.0;
const CARD_HEIGHT: f32 = 144.0;
const GAP: f32 = 14.0;

#[derive(Default)]
pub struct FirstMinute;

impl Panel for FirstMinute {
    fn key(&self) -> &'static str {
        "first_minute"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let room = ui.available_size();
        let columns = (((room.x + GAP - 32.0) / (CARD_WIDTH + GAP)).floor() as usize).clamp(1, 3);
        let rows = 3_usize.div_ceil(columns) as f32;
        let height = rows * (CARD_HEIGHT + GAP) + 96.0;
        egui::ScrollArea::vertical().id_salt("first minute").show(ui, |ui| {
            ui.add_space(((room.y - height) * 0.6).max(12.0));
            ui.with_layout(Layout::top_down(Align::Center), |ui| {
                let title = RichText::new(ctx.words.get("first.title")).text_style(TextStyle::Heading);
                ui.label(title.color(ctx.theme.text));
                ui.add_space(12.0);
                for row in cards(ctx).chunks(columns) {
                    let width = row.len() as f32 * (CARD_WIDTH + GAP) - GAP;
                    ui.allocate_ui_with_layout(
                        Vec2::new(width, CARD_HEIGHT),
                        Layout::left_to_right(Align::Min),
                        |ui| {
                            ui.spacing_mut().item_spacing.x = GAP;
                            row.iter().for_each(|card| self.card(ctx, ui, card, actions));
                        },
                    );
                    ui.add_space(GAP - 6.0);
                }
                ui.add_space(4.0);
                ui.label(RichText::new(ctx.words.get("first.recorded")).color(ctx.theme.dim));
            });
        });
    }
}

struct Card {
    title: &'static str,
    text: &'static str,
    button: String,
    action: Action,
}

fn cards(ctx: &Ctx<'_>) -> [Card; 3] {
    let listener = ListenerSettings::default();
    let settings = EndpointSettings::new(Protocol::TcpListener(listener));
    let listen = ctx.words.fill("first.listen_button", &[("address", &settings.uri().at)]);
    [
        Card {
            title: "first.listen_title",
            text: "first.listen_text",
            button: listen,
            action: Action::Endpoint(EndpointAction::Create { settings: settings.into(), replaces: None }),
        },
        Card {
            title: "first.connect_title",
            text: "first.connect_text",
            button: ctx.words.get("first.connect_button").to_owned(),
            action: Action::View(ViewAction::ShowForm(Form::Connect)),
        },
        Card {
            title: "first.echo_title",
            text: "first.echo_text",
            button: ctx.words.get("first.echo_button").to_owned(),
            action: Action::Endpoint(EndpointAction::EchoDemo),
        },
    ]
}

impl FirstMinute {
    fn card(&self, ctx: &Ctx<'_>, ui: &mut Ui, card: &Card, actions: &mut Vec<Action>) {
        let frame = Frame::new()
            .fill(ctx.theme.panel)
            .stroke(Stroke::new(1.0, ctx.theme.line))
            .corner_radius(CornerRadius::same(8))
            .inner_margin(Margin::same(16));
        frame.show(ui, |ui| {
            ui.set_width(CARD_WIDTH - 34.0);
            ui.set_height(CARD_HEIGHT - 34.0);
            ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
                if plain_button(ui, ctx.theme, &card.button, "").clicked() {
                    actions.push(card.action.clone());
                }
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    ui.label(
                        RichText::new(ctx.words.get(card.title)).font(theme::semibold(13.0)).color(ctx.theme.text),
                    );
                    ui.add(egui::Label::new(RichText::new(ctx.words.get(card.text)).color(ctx.theme.dim)).wrap());
                });
            });
        });
    }
}
