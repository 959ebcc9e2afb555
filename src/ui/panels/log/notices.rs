//! Lines between the filter and the rows that must not be missed: the view is paused, a file is shown.
//! What concerns the whole window (recording fails, an inert workspace) is in `banners`.

use std::sync::Arc;

use egui::{Align, Color32, Layout, Pos2, Rect, Sense, Stroke, Ui, UiBuilder, Vec2, WidgetInfo};

use super::selection;
use crate::ui::action::{Action, LogAction, SessionAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

pub fn ui(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let words = ctx.words;
    if let Some((name, open)) = &ctx.state.crashed_offer {
        let text = words.fill("sessions.left_by_crash", &[("name", name)]);
        let dismiss = (words.get("sessions.dismiss"), Action::Session(SessionAction::DismissCrashed));
        let offer = (words.get("sessions.open"), open.clone());
        actions.extend(bar(ctx, ui, ctx.theme.outgoing, &text, &[dismiss, offer]));
    }
    if let Some(opened) = &ctx.state.opened_file {
        let name = opened.path.file_name().unwrap_or_default().to_string_lossy();
        let name = crate::payload::visible_text(&name, 200);
        let theirs = opened.log.imported.is_some();
        let key = if theirs { "sessions.reading_capture" } else { "sessions.reading_file" };
        let mut text = words.fill(key, &[("name", &name)]);
        if opened.log.indexed_bytes < opened.log.file_bytes && opened.log.damage.is_none() {
            let percent = opened.log.indexed_bytes * 100 / opened.log.file_bytes.max(1);
            let key = if theirs { "sessions.importing" } else { "sessions.indexing" };
            text = format!("{text} · {}", words.fill(key, &[("percent", &percent)]));
        }
        if let Some((offset, reason)) = &opened.log.damage {
            let reason = crate::payload::visible_text(reason, 300);
            let offset = words.number(*offset);
            let cut = words.fill("sessions.cut_at", &[("offset", &offset), ("reason", &reason)]);
            text = format!("{text} · {cut}");
        }
        if let Some(left_out) = opened.log.imported.as_ref().map(|imported| words.left_out(imported))
            && !left_out.is_empty()
        {
            text = format!("{text} · {left_out}");
        }
        let back = (words.get("sessions.back"), Action::Session(SessionAction::ShowLive));
        actions.extend(bar(ctx, ui, ctx.theme.accent, &text, &[back]));
    }
    if let Some(mistake) = &ctx.state.filter_mistake
        && !ui.memory(|memory| memory.has_focus(egui::Id::unique(super::FIELD)))
    {
        let text = format!("{} · {}", words.filter_mistake(mistake), super::line::in_force(ctx));
        let clear = (words.get("log.filter_clear"), Action::Log(LogAction::SetFilter(String::new())));
        actions.extend(bar(ctx, ui, ctx.theme.error, &text, &[clear]));
    }
    if ctx.state.paused {
        let resume = (words.get("log.resume"), Action::Log(LogAction::Pause(false)));
        actions.extend(bar(ctx, ui, ctx.theme.accent, words.get("log.paused"), &[resume]));
    }
}

/// How many rows are marked, and what can be done with them. It stands beneath the rows, so that marking moves none of them.
pub struct Marked(Bar);

pub enum MarkedAsk {
    Unmark,
    Save,
    Copy,
}

impl Marked {
    const OFFERS: [&'static str; 3] = ["log.unmark", "log.save_marked", "log.copy_marked"];

    /// `None`: nothing is marked that is shown. `refused`: there were too many to copy.
    pub fn of(ctx: &Ctx<'_>, ui: &Ui, refused: bool) -> Option<Self> {
        let words = ctx.words;
        let count = selection::count(ctx);
        if ctx.state.marked.is_empty() || count == 0 {
            return None;
        }
        let key = if count == ctx.view.matched { "log.all_marked" } else { "log.marked" };
        let mut text = words.fill(key, &[("events", &words.count("count.events", count))]);
        if refused {
            text = format!("{text} · {}", words.get("log.too_many"));
        }
        Some(Self(Bar::measured(ctx, ui, &text, &Self::OFFERS.map(|key| words.get(key)))))
    }

    pub fn height(&self) -> f32 {
        self.0.height
    }

    pub fn show(self, ctx: &Ctx<'_>, ui: &mut Ui) -> Option<MarkedAsk> {
        let asked = self.0.show(ctx, ui, ctx.theme.accent, &Self::OFFERS.map(|key| ctx.words.get(key)));
        asked.and_then(|at| [MarkedAsk::Unmark, MarkedAsk::Save, MarkedAsk::Copy].into_iter().nth(at))
    }
}

fn bar(ctx: &Ctx<'_>, ui: &mut Ui, color: Color32, text: &str, offers: &[(&str, Action)]) -> Option<Action> {
    let names: Vec<&str> = offers.iter().map(|(name, _)| *name).collect();
    let asked = Bar::measured(ctx, ui, text, &names).show(ctx, ui, color, &names)?;
    offers.get(asked).map(|(_, action)| action.clone())
}

/// A line (more where the text is long) with a coloured edge, and what can be done about it.
struct Bar {
    text: String,
    galley: Arc<egui::Galley>,
    height: f32,
}

impl Bar {
    /// Buttons are measured by their words, so that the text knows its room.
    fn measured(ctx: &Ctx<'_>, ui: &Ui, text: &str, offers: &[&str]) -> Self {
        let font = theme::body();
        let buttons: f32 = offers
            .iter()
            .map(|name| {
                let galley = ui.painter().layout_no_wrap((*name).to_owned(), font.clone(), ctx.theme.text);
                galley.size().x + 2.0 * ui.spacing().button_padding.x + ui.spacing().item_spacing.x
            })
            .sum();
        let room = (ui.available_width() - buttons - 36.0).max(80.0);
        let galley = ui.painter().layout(text.to_owned(), font, ctx.theme.text, room);
        let height = galley.size().y.max(22.0) + 12.0;
        Self { text: text.to_owned(), galley, height }
    }

    /// The offer that was taken, by its place.
    fn show(self, ctx: &Ctx<'_>, ui: &mut Ui, color: Color32, offers: &[&str]) -> Option<usize> {
        let mut asked = None;
        let size = Vec2::new(ui.available_width(), self.height);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &self.text));
        ui.painter().rect_filled(rect, 0.0, ctx.theme.raised);
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, ctx.theme.line));
        let edge = Rect::from_min_size(rect.min, Vec2::new(3.0, self.height));
        ui.painter().rect_filled(edge, 0.0, color);
        let at = Pos2::new(rect.left() + 14.0, rect.center().y - self.galley.size().y / 2.0);
        ui.painter().galley(at, self.galley, ctx.theme.text);
        let layout = Layout::right_to_left(Align::Center);
        ui.scope_builder(UiBuilder::new().max_rect(rect.shrink2(Vec2::new(10.0, 2.0))).layout(layout), |ui| {
            for (place, name) in offers.iter().enumerate() {
                if widgets::button(ui, name).clicked() {
                    asked = Some(place);
                }
            }
        });
        asked
    }
}
