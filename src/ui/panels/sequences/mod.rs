//! The tab of sequences: the list, the steps of the chosen one, and what came of its runs.
//!
//! Owns: which one is chosen, the sequence as it is edited, how many connections are typed. Never: runs one (the engine does).

mod details;
mod list;
mod on;
mod runs;
mod steps;

use egui::{Id, Rect, RichText, ScrollArea, TextEdit, Ui, UiBuilder, Vec2};

use super::Panel;
use super::tabs::strip;
use crate::model::{Draft, LineEnding, Sequence, Step};
use crate::rules::{SequenceMistake, sequence_mistakes};
use crate::ui::action::{Action, SequenceAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{Choice, choice, plain_button, primary_button};

use on::{MOST_CONNECTIONS, Over};

pub use on::by_shortcut;

const HEAD: f32 = 38.0;
const LOW: f32 = 240.0;

#[derive(Default)]
pub struct SequencesPanel {
    /// Its place in the workspace, and the sequence as it is edited.
    chosen: Option<(usize, Sequence)>,
    /// The number of the newest wish for one (`State::shown_sequence`).
    wished: u64,
    steps: steps::Steps,
    runs: runs::Runs,
    /// What is wrong with this sequence.
    looked_at: Option<(Sequence, Vec<SequenceMistake>)>,
    /// A run on a client uses the connection that is open.
    over_open: bool,
    /// How many connections of its own a run on a client makes; empty: one.
    connections: String,
}

impl Panel for SequencesPanel {
    fn key(&self) -> &'static str {
        "sequences"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        self.follow(ctx);
        strip(ctx, ui, HEAD, |ui| self.head(ctx, ui, actions));
        if ctx.state.sequences.is_empty() {
            empty(ctx, ui);
            return;
        }
        let whole = ui.available_rect_before_wrap();
        let list_width = (whole.width() * 0.28).clamp(120.0, 220.0);
        let list_area = Rect::from_min_size(whole.min, Vec2::new(list_width, whole.height()));
        let rest = Rect::from_min_max(list_area.right_top(), whole.max);
        ui.painter().vline(rest.left(), whole.y_range(), egui::Stroke::new(1.0, ctx.theme.line));
        ui.scope_builder(UiBuilder::new().max_rect(list_area.shrink2(Vec2::new(6.0, 4.0))), |ui| {
            let chosen = self.chosen.as_ref().map(|(place, _)| *place);
            if let Some(place) = list::list(ctx, ui, list_width - 14.0, chosen, &self.runs, actions) {
                self.choose(ctx, place);
            }
        });
        let name = self.chosen.as_ref().map(|(_, sequence)| sequence.name.clone()).unwrap_or_default();
        let wanted = self.runs.height(&name);
        // In a low window all of it is one column.
        let is_low = rest.height() < LOW;
        let runs_height = if is_low { 0.0 } else { wanted.min((rest.height() * 0.42).clamp(96.0, 280.0)) };
        let split = rest.bottom() - runs_height;
        let above = Rect::from_min_max(rest.min, egui::Pos2::new(rest.right(), split));
        ui.scope_builder(UiBuilder::new().max_rect(above.shrink2(Vec2::new(10.0, 2.0))), |ui| {
            ScrollArea::vertical().id_salt("sequence steps").auto_shrink([false, false]).show(ui, |ui| {
                ui.set_width(ui.available_width() - 14.0);
                self.edited(ctx, ui, actions);
                if is_low && wanted > 0.0 {
                    ui.separator();
                    let size = Vec2::new(ui.available_width(), wanted.min(LOW));
                    ui.allocate_ui(size, |ui| self.runs.ui(ctx, ui, &name, actions));
                }
            });
        });
        if runs_height > 0.0 {
            let below = Rect::from_min_max(egui::Pos2::new(rest.left(), split), rest.max);
            ui.painter().rect_filled(below, 0.0, ctx.theme.panel);
            ui.painter().hline(below.x_range(), below.top(), egui::Stroke::new(1.0, ctx.theme.line));
            ui.scope_builder(UiBuilder::new().max_rect(below.shrink2(Vec2::new(10.0, 2.0))), |ui| {
                ui.set_clip_rect(below.intersect(ui.clip_rect()));
                self.runs.ui(ctx, ui, &name, actions);
            });
        }
    }
}

impl SequencesPanel {
    /// The list may have changed under the chosen one: by undo, by another workspace.
    fn follow(&mut self, ctx: &Ctx<'_>) {
        self.runs.follow(ctx);
        let list = &ctx.state.sequences;
        let (number, place) = ctx.state.shown_sequence;
        if number != self.wished {
            self.wished = number;
            self.choose(ctx, place);
        }
        let stands = self.chosen.as_ref().is_some_and(|(place, edited)| list.get(*place) == Some(edited));
        if !stands {
            let place = self.chosen.as_ref().map_or(0, |(place, _)| *place).min(list.len().saturating_sub(1));
            self.chosen = list.get(place).map(|sequence| (place, sequence.clone()));
        }
        let Some((_, sequence)) = &self.chosen else { return };
        if self.looked_at.as_ref().is_none_or(|(looked_at, _)| looked_at != sequence) {
            self.looked_at = Some((sequence.clone(), sequence_mistakes(sequence)));
        }
    }

    fn choose(&mut self, ctx: &Ctx<'_>, place: usize) {
        if self.chosen.as_ref().is_some_and(|(chosen, _)| *chosen == place) {
            return;
        }
        if let Some(sequence) = ctx.state.sequences.get(place) {
            self.chosen = Some((place, sequence.clone()));
            self.steps.open(None);
        }
    }

    fn mistakes(&self) -> &[SequenceMistake] {
        self.looked_at.as_ref().map_or(&[], |(_, mistakes)| mistakes)
    }

    fn head(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let words = ctx.words;
        if plain_button(ui, ctx.theme, words.get("sequences.add"), "").clicked() {
            let taken = |name: &str| ctx.state.sequences.iter().any(|sequence| sequence.name == name);
            let names = (ctx.state.sequences.len() + 1..)
                .map(|number| words.fill("sequences.new_name", &[("number", &number)]));
            let name = names.into_iter().find(|name| !taken(name)).unwrap_or_default();
            let first = Step::Send(Draft { ending: LineEnding::Lf, ..Draft::default() });
            let sequence = Sequence { name, steps: vec![first], ..Sequence::default() };
            self.steps.open(Some(vec![0]));
            self.chosen = Some((ctx.state.sequences.len(), sequence.clone()));
            actions.push(Action::Sequence(SequenceAction::Save { sequence, replaces: None }));
        }
        let Some((place, sequence)) = &self.chosen else { return };
        let place = *place;
        let client = on::client(ctx, sequence);
        let on = match self.mistakes().first() {
            Some(mistake) => Err(words.sequence_mistake_at(mistake)),
            None => self.over(ctx, client.is_some_and(|(_, open)| open)).and_then(|over| on::on(ctx, sequence, over)),
        };
        let run = primary_button(ui, ctx.theme, words.get("sequences.run"), "", on.is_ok());
        if let (true, Ok((on, _))) = (run.clicked(), &on) {
            actions.push(Action::Sequence(SequenceAction::Run { sequence: place, on: on.clone() }));
        }
        if let Some((_, is_open)) = client {
            self.client(ctx, ui, is_open);
        }
        let (text, color) = match on {
            Ok((_, name)) => (name, ctx.theme.dim),
            Err(why) => (why, ctx.theme.error),
        };
        ui.add(egui::Label::new(RichText::new(&text).color(color)).truncate()).on_hover_text(text);
    }

    /// Which connection a run on a client uses.
    fn client(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, is_open: bool) {
        let words = ctx.words;
        if is_open {
            let text = |open| words.get(if open { "sequences.over_open" } else { "sequences.over_own" }).to_owned();
            let choices = [false, true].map(|value| Choice { value, text: text(value) });
            let shown = text(self.over_open);
            choice(ui, ctx.theme, words.get("sequences.over"), &shown, Some(130.0), &mut self.over_open, &choices);
        }
        if is_open && self.over_open {
            return;
        }
        let name = words.get("sequences.connections");
        ui.label(RichText::new(name).color(ctx.theme.dim));
        let field = TextEdit::singleline(&mut self.connections)
            .id(Id::unique("sequence connections"))
            .hint_text(RichText::new("1").color(ctx.theme.dim))
            .desired_width(48.0);
        ui.add(field).on_hover_text(words.get("sequences.connections_hint")).accessible_name(name);
    }

    fn over(&self, ctx: &Ctx<'_>, is_open: bool) -> Result<Over, String> {
        if self.over_open && is_open {
            return Ok(Over::Open);
        }
        let typed = self.connections.trim();
        if typed.is_empty() {
            return Ok(Over::Own(1));
        }
        let count = typed.parse().ok().filter(|count| (1..=MOST_CONNECTIONS).contains(count));
        count.map(Over::Own).ok_or_else(|| {
            let most = ctx.words.number(u64::from(MOST_CONNECTIONS));
            ctx.words.fill("sequences.bad_connections", &[("most", &most)])
        })
    }

    fn edited(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let Some((place, sequence)) = &mut self.chosen else { return };
        let place = *place;
        let before = sequence.clone();
        ui.add_space(4.0);
        details::details(ctx, ui, place, sequence, actions);
        ui.add_space(6.0);
        ui.label(RichText::new(ctx.words.get("sequences.steps")).font(theme::semibold(13.0)));
        let mistakes = self.looked_at.as_ref().map_or(&[][..], |(_, mistakes)| mistakes);
        let removed = self.steps.ui(ctx, ui, place, sequence, mistakes);
        if *sequence != before {
            let sequence = sequence.clone();
            actions.push(Action::Sequence(SequenceAction::Save { sequence, replaces: Some(place) }));
        }
        if let Some(step) = removed {
            actions.push(Action::Sequence(SequenceAction::RemoveStep { sequence: place, step }));
        }
        ui.add_space(10.0);
    }
}

fn empty(ctx: &Ctx<'_>, ui: &mut Ui) {
    let area = ui.available_rect_before_wrap();
    ui.scope_builder(egui::UiBuilder::new().max_rect(area.shrink2(Vec2::new(40.0, 60.0))), |ui| {
        ui.vertical_centered(|ui| {
            ui.label(RichText::new(ctx.words.get("sequences.none")).font(theme::semibold(15.0)));
            ui.label(RichText::new(ctx.words.get("sequences.none_hint")).color(ctx.theme.dim));
        });
    });
}
