//! The tab of sequences: the list, the steps of the chosen one, and what came of its runs.
//!
//! Owns: which one is chosen, the sequence as it is edited, how many connections are typed. Never: runs one (the engine does).

mod runs;
mod steps;

use egui::{Id, RichText, ScrollArea, TextEdit, Ui, Vec2};

use super::tabs::strip;
use super::{Panel, target};
use crate::engine::{EndpointState, SequenceTarget, Target};
use crate::model::{EndpointId, Protocol, Sequence, Step};
use crate::payload::visible_text;
use crate::ui::action::{Action, SequenceAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{form_row, plain_button, primary_button, small_button};

const HEAD: f32 = 38.0;
const LIST: f32 = 220.0;
/// What the engine makes at most for one run.
const MOST_CONNECTIONS: u32 = 10_000;

#[derive(Default)]
pub struct SequencesPanel {
    /// Its place in the workspace, and the sequence as it is edited.
    chosen: Option<(usize, Sequence)>,
    /// How many connections of its own a run makes; 0: the ones that are there.
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
        let height = ui.available_height();
        ui.horizontal_top(|ui| {
            ui.allocate_ui(Vec2::new(LIST, height), |ui| {
                let area = ScrollArea::vertical().id_salt("sequence list");
                area.show(ui, |ui| ui.vertical(|ui| self.list(ctx, ui)));
            });
            ui.separator();
            ScrollArea::vertical().id_salt("sequence steps").auto_shrink([false, false]).show(ui, |ui| {
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 6.0;
                    ui.set_width(ui.available_width() - 14.0);
                    self.edited(ctx, ui, actions);
                    runs::runs(ctx, ui, self.chosen.as_ref().map(|(_, sequence)| sequence.name.as_str()), actions);
                });
            });
        });
    }
}

impl SequencesPanel {
    /// The list may have changed under the chosen one: by undo, by another workspace.
    fn follow(&mut self, ctx: &Ctx<'_>) {
        let list = &ctx.state.sequences;
        let stands = self.chosen.as_ref().is_some_and(|(place, edited)| list.get(*place) == Some(edited));
        if stands {
            return;
        }
        let place = self.chosen.as_ref().map_or(0, |(place, _)| *place).min(list.len().saturating_sub(1));
        self.chosen = list.get(place).map(|sequence| (place, sequence.clone()));
    }

    fn head(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let words = ctx.words;
        if plain_button(ui, ctx.theme, words.get("sequences.add"), "").clicked() {
            let name = words.fill("sequences.new_name", &[("number", &(ctx.state.sequences.len() + 1))]);
            let sequence = Sequence { name, steps: vec![Step::Send(Default::default())], ..Sequence::default() };
            self.chosen = Some((ctx.state.sequences.len(), sequence.clone()));
            actions.push(Action::Sequence(SequenceAction::Save { sequence, replaces: None }));
        }
        let Some((place, _)) = self.chosen else { return };
        let on = self.on(ctx);
        let run = primary_button(ui, ctx.theme, words.get("sequences.run"), "", on.is_ok());
        match on {
            Ok((on, name)) => {
                if run.clicked() {
                    actions.push(Action::Sequence(SequenceAction::Run { sequence: place, on }));
                }
                ui.label(RichText::new(name).color(ctx.theme.dim));
            }
            Err(why) => {
                run.on_disabled_hover_text(&why);
                ui.label(RichText::new(why).color(ctx.theme.dim));
            }
        }
        if self.client(ctx).is_some() {
            ui.add_space(12.0);
            let name = words.get("sequences.connections");
            ui.label(name);
            let field = TextEdit::singleline(&mut self.connections)
                .id(Id::unique("sequence connections"))
                .hint_text(RichText::new("0").color(ctx.theme.dim))
                .desired_width(56.0);
            ui.add(field).on_hover_text(words.get("sequences.connections_hint")).accessible_name(name);
        }
    }

    fn list(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let mut folder = "";
        for (place, sequence) in ctx.state.sequences.iter().enumerate() {
            if sequence.folder != folder {
                folder = &sequence.folder;
                ui.label(RichText::new(visible_text(folder, 60)).color(ctx.theme.dim));
            }
            let is_chosen = self.chosen.as_ref().is_some_and(|(chosen, _)| *chosen == place);
            let name = visible_text(&sequence.name, 100);
            let button = egui::Button::selectable(is_chosen, &name).truncate().min_size(Vec2::new(LIST - 12.0, 26.0));
            if ui.add(button.right_text("")).accessible_name(&name).clicked() {
                self.chosen = Some((place, sequence.clone()));
            }
        }
    }

    fn edited(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let words = ctx.words;
        let Some((place, sequence)) = &mut self.chosen else { return };
        let place = *place;
        let before = sequence.clone();
        let mut removed = false;
        ui.add_space(8.0);
        for (key, text, id) in [
            ("sequences.name", &mut sequence.name, "sequence name"),
            ("sequences.folder", &mut sequence.folder, "sequence folder"),
            ("sequences.endpoint", &mut sequence.endpoint, "sequence endpoint"),
            ("sequences.remark", &mut sequence.remark, "sequence remark"),
        ] {
            form_row(ui, ctx.theme, words.get(key), |ui| {
                let field = TextEdit::singleline(text).id(Id::unique((id, place))).desired_width(320.0);
                ui.add(field).accessible_name(words.get(key));
            });
        }
        ui.add_space(6.0);
        ui.label(RichText::new(words.get("sequences.steps")).font(theme::semibold(13.0)));
        steps::steps(ctx, ui, &mut sequence.steps, &mut Vec::new());
        ui.horizontal(|ui| {
            removed = small_button(ui, ctx.theme, words.get("sequences.remove")).clicked();
        });
        if *sequence != before {
            let sequence = sequence.clone();
            actions.push(Action::Sequence(SequenceAction::Save { sequence, replaces: Some(place) }));
        }
        if removed {
            actions.push(Action::Sequence(SequenceAction::Remove(place)));
        }
        ui.add_space(10.0);
    }

    /// On what Run runs, and its name; or why it cannot.
    fn on(&self, ctx: &Ctx<'_>) -> Result<(SequenceTarget, String), String> {
        let words = ctx.words;
        let typed = self.connections.trim();
        if let (Some(client), false) = (self.client(ctx), typed.is_empty() || typed == "0") {
            let most = words.number(u64::from(MOST_CONNECTIONS));
            let bad = || words.fill("sequences.bad_connections", &[("most", &most)]);
            let count = typed.parse().ok().filter(|count: &u32| *count <= MOST_CONNECTIONS).ok_or_else(bad)?;
            let name = words.fill("sequences.on_own", &[("count", &words.number(u64::from(count)))]);
            return Ok((SequenceTarget::Connections { client, count }, name));
        }
        let target = self.named(ctx).or_else(|| target::current(ctx));
        let Some(chosen) = target else { return Err(words.get("sequences.no_target").to_owned()) };
        if !is_open_listener(ctx, &chosen)
            && let Err(why) = target::sendable(ctx, Some(&chosen))
        {
            return Err(words.fill(why.key, &[("name", &why.name)]));
        }
        let name = words.fill("sequences.on", &[("target", &target::name(ctx, &chosen))]);
        match chosen {
            Target::Connection(id) => Ok((SequenceTarget::Connection(id), name)),
            Target::Endpoint(id) => Ok((SequenceTarget::Peers(id), name)),
            Target::Datagram { .. } => Err(words.get("sequences.not_typed").to_owned()),
        }
    }

    /// The endpoint that the sequence is meant for, by name or address.
    fn named(&self, ctx: &Ctx<'_>) -> Option<Target> {
        let wanted =
            self.chosen.as_ref().map(|(_, sequence)| sequence.endpoint.trim()).filter(|name| !name.is_empty())?;
        let found = ctx.state.endpoints.iter().find(|endpoint| {
            endpoint.settings.name.as_deref() == Some(wanted) || endpoint.settings.uri().to_string() == wanted
        })?;
        Some(Target::Endpoint(found.id))
    }

    /// The client that connections of a run's own are made like.
    fn client(&self, ctx: &Ctx<'_>) -> Option<EndpointId> {
        let id = match self.named(ctx).or_else(|| target::current(ctx))? {
            Target::Endpoint(id) => id,
            Target::Connection(id) => target::find(ctx, id)?.0.id,
            Target::Datagram { .. } => return None,
        };
        let settings = &ctx.state.endpoint(id)?.settings;
        matches!(settings.protocol, Protocol::TcpClient(_)).then_some(id)
    }
}

/// A run on a listener without peers waits for the first.
fn is_open_listener(ctx: &Ctx<'_>, target: &Target) -> bool {
    let Target::Endpoint(id) = target else { return false };
    let status = ctx.engine.endpoint(*id);
    status.is_some_and(|status| {
        status.state == EndpointState::Open && matches!(status.settings.protocol, Protocol::TcpListener(_))
    })
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
