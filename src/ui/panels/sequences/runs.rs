//! What came of the runs of a sequence: numbers, then one line a connection, failures first.
//!
//! Owns: which run is looked at, the order of its lines as long as its report stands, the report that is being saved.
//! Called by: the tab of sequences.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use egui::{Color32, Label, RichText, ScrollArea, TextEdit, Ui};

use crate::engine::RunProgress;
use crate::model::{LaneOutcome, LaneReport, RunId, SequenceReport};
use crate::payload::visible_text;
use crate::session::Scope;
use crate::ui::action::{Action, LogAction, SequenceAction, Tab, ViewAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{chip, mono_line, small_button};

const ROW: f32 = 22.0;
/// Runs that can be chosen.
const RUNS: usize = 8;
/// With so few lines each is shown as a whole.
const WRAPPED: usize = 4;

#[derive(Default)]
pub struct Runs {
    /// `None`: the newest.
    chosen: Option<RunId>,
    counted: BTreeMap<RunId, Counted>,
    /// The report of this run is to be saved to this path.
    saving: Option<(RunId, String)>,
    /// The number of the newest path that the system's dialog brought, and that path: it asked already.
    brought: (u64, String),
}

/// Found once for each report, not in each frame.
struct Counted {
    report: Arc<SequenceReport>,
    passed: usize,
    failed: usize,
    /// Places of the lanes, failures first.
    order: Vec<u32>,
}

impl Runs {
    /// Before anything is drawn: counts what is new.
    pub fn follow(&mut self, ctx: &Ctx<'_>) {
        self.counted.retain(|id, _| ctx.engine.runs.iter().any(|run| run.id == *id));
        for run in &ctx.engine.runs {
            let known = self.counted.get(&run.id).is_some_and(|known| Arc::ptr_eq(&known.report, &run.report));
            if !known {
                self.counted.insert(run.id, Counted::of(&run.report));
            }
        }
        let saving = &ctx.state.saving;
        // What went well needs no line any more.
        let saved = |(_, path): &(RunId, String)| saving.report.as_deref() == Some(std::path::Path::new(path.trim()));
        if self.saving.as_ref().is_some_and(saved) {
            self.saving = None;
        }
        if self.brought.0 != saving.chosen.0 {
            self.brought.0 = saving.chosen.0;
            if let (Some((_, path)), Some(brought)) = (&mut self.saving, &saving.chosen.1) {
                *path = brought.to_string_lossy().into_owned();
                self.brought.1.clone_from(path);
            }
        }
    }

    /// For the list: how the newest run of a sequence fares.
    pub fn state_of(&self, ctx: &Ctx<'_>, name: &str) -> Option<(String, Color32)> {
        let (_, counted) = self.counted.iter().rev().find(|(_, counted)| counted.report.name == name)?;
        let lanes = ctx.words.number(counted.report.lanes.len() as u64);
        let over = ctx.words.number((counted.passed + counted.failed) as u64);
        Some(match (counted.failed, counted.report.is_over()) {
            (0, false) => (format!("{over} / {lanes}"), ctx.theme.dim),
            (_, false) => (format!("{over} / {lanes}"), ctx.theme.error),
            (_, true) if counted.report.passed() => (ctx.words.get("sequences.lane_passed").to_owned(), ctx.theme.ok),
            (0, true) => (ctx.words.get("sequences.stopped").to_owned(), ctx.theme.dim),
            (_, true) => (ctx.words.get("sequences.failed").to_owned(), ctx.theme.error),
        })
    }

    /// What the runs of a sequence would like to have; nothing where there are none.
    pub fn height(&self, name: &str) -> f32 {
        let of_this = self.counted.values().filter(|counted| counted.report.name == name);
        let Some(most) = of_this.map(|counted| counted.order.len()).max() else { return 0.0 };
        // Few lines are wrapped, and a reason may be long.
        let lines = if most <= WRAPPED { 2 * most } else { most };
        let saving = if self.saving.is_some() { 2.0 * ROW } else { 0.0 };
        44.0 + saving + (lines as f32) * (ROW + 3.0)
    }

    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, name: &str, actions: &mut Vec<Action>) {
        let mut runs: Vec<&RunProgress> = ctx.engine.runs.iter().filter(|run| run.report.name == name).collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.id));
        let chosen = self.chosen.and_then(|id| runs.iter().find(|run| run.id == id)).or(runs.first());
        let Some(run) = chosen.copied() else { return };
        ui.add_space(4.0);
        ui.horizontal_wrapped(|ui| {
            self.head(ctx, ui, run, actions);
            if runs.len() > 1 {
                ui.add_space(8.0);
                self.choose(ctx, ui, &runs, run.id);
            }
        });
        if self.saving.as_ref().is_some_and(|(of, _)| *of == run.id) {
            self.save_line(ctx, ui, run.id, actions);
        }
        if let Some(counted) = self.counted.get(&run.id) {
            lanes(ctx, ui, counted, actions);
        }
    }

    fn choose(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, runs: &[&RunProgress], shown: RunId) {
        for (at, run) in runs.iter().take(RUNS).enumerate() {
            let number = ctx.words.number(run.id.0);
            let name = ctx.words.fill("sequences.run_number", &[("number", &number)]);
            if chip(ui, ctx.theme, &number, None, &name, run.id == shown).clicked() {
                // The newest stays the newest when another one comes.
                self.chosen = (at > 0).then_some(run.id);
            }
        }
    }

    fn head(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, run: &RunProgress, actions: &mut Vec<Action>) {
        let words = ctx.words;
        let Some(counted) = self.counted.get(&run.id) else { return };
        let running = if run.over { 0 } else { counted.count(&LaneOutcome::Running) };
        let stopped = counted.count(&LaneOutcome::Stopped);
        let numbers = [run.id.0, counted.passed as u64, counted.failed as u64, running as u64, stopped as u64];
        let [number, passed, failed, running, stopped_shown] = &numbers.map(|n| words.number(n));
        let places: [(&str, &dyn std::fmt::Display); 4] =
            [("number", number), ("passed", passed), ("failed", failed), ("running", running)];
        let color = match (counted.failed, run.report.passed()) {
            (_, true) => ctx.theme.ok,
            (0, _) => ctx.theme.text,
            _ => ctx.theme.error,
        };
        let mut text = words.fill("sequences.run_line", &places);
        if stopped > 0 {
            // All lanes of a run are somewhere in its line.
            text += &words.fill("sequences.run_stopped", &[("stopped", stopped_shown)]);
        }
        ui.label(RichText::new(text).font(theme::semibold(13.0)).color(color));
        if !run.over && small_button(ui, ctx.theme, words.get("sequences.stop")).clicked() {
            actions.push(Action::Sequence(SequenceAction::Stop(run.id)));
        }
        if small_button(ui, ctx.theme, words.get("sequences.copy_report")).clicked() {
            actions.push(Action::Copy(text_of(ctx, counted)));
        }
        if small_button(ui, ctx.theme, words.get("sequences.save_report")).clicked() {
            let stem = file_name(&run.report.name);
            let path = ctx.state.saving.suggested.with_file_name(format!("{stem}-{}.xml", run.id.0));
            self.saving = Some((run.id, path.to_string_lossy().into_owned()));
            self.brought = (ctx.state.saving.chosen.0, String::new());
            actions.push(Action::Sequence(SequenceAction::BeginReport));
        }
    }

    fn save_line(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, run: RunId, actions: &mut Vec<Action>) {
        let words = ctx.words;
        let Some((_, path)) = &mut self.saving else { return };
        let mut close = false;
        let exists = ctx.state.saving.exists.as_deref() == Some(std::path::Path::new(path.trim()));
        ui.horizontal_wrapped(|ui| {
            let mut layouter = mono_line(ctx.theme.text);
            let field = TextEdit::singleline(path)
                .id(egui::Id::unique("sequence report path"))
                .font(theme::mono())
                .layouter(&mut layouter)
                .desired_width((ui.available_width() - 220.0).clamp(140.0, 520.0));
            let field = ui.add(field).accessible_name(words.get("sequences.report_path"));
            let enter = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let choose = egui::Button::new(words.get("save.choose"));
            if ui.add_enabled(!ctx.state.dialog_open, choose).clicked() {
                let suggested = PathBuf::from(path.trim());
                actions.push(Action::Sequence(SequenceAction::ChooseReport { suggested }));
            }
            let key = if exists { "save.replace" } else { "save.save" };
            let typed = !path.trim().is_empty();
            // Writing over a file that is there takes a press of its own button.
            if ui.add_enabled(typed, egui::Button::new(words.get(key))).clicked() || (enter && typed && !exists) {
                let replace = exists || *path == self.brought.1;
                let path = PathBuf::from(path.trim());
                actions.push(Action::Sequence(SequenceAction::SaveReport { run, path, replace }));
            }
            close = ui.button(words.get("sequences.close_report")).clicked();
        });
        if exists {
            ui.label(RichText::new(words.get("save.exists")).color(ctx.theme.outgoing));
        }
        if ctx.state.no_dialog {
            ui.label(RichText::new(words.get("dialog.none")).color(ctx.theme.dim));
        }
        if close {
            self.saving = None;
        }
    }
}

impl Counted {
    fn of(report: &Arc<SequenceReport>) -> Self {
        let count = |wanted: fn(&LaneOutcome) -> bool| report.lanes.iter().filter(|lane| wanted(&lane.outcome)).count();
        let mut order: Vec<u32> = (0..u32::try_from(report.lanes.len()).unwrap_or(u32::MAX)).collect();
        let is_failed = |place: u32| {
            let lane = report.lanes.get(place as usize);
            lane.is_some_and(|lane| matches!(lane.outcome, LaneOutcome::Failed(_)))
        };
        order.sort_by_key(|place| !is_failed(*place));
        Self {
            passed: count(|outcome| *outcome == LaneOutcome::Passed),
            failed: count(|outcome| matches!(outcome, LaneOutcome::Failed(_))),
            order,
            report: report.clone(),
        }
    }

    fn count(&self, wanted: &LaneOutcome) -> usize {
        self.report.lanes.iter().filter(|lane| lane.outcome == *wanted).count()
    }
}

/// Only those on screen are put into words.
fn lanes(ctx: &Ctx<'_>, ui: &mut Ui, counted: &Counted, actions: &mut Vec<Action>) {
    let lane = |place: &u32| counted.report.lanes.get(*place as usize);
    let area = ScrollArea::vertical().id_salt("sequence lanes").auto_shrink([false, false]);
    if counted.order.len() <= WRAPPED {
        area.show(ui, |ui| {
            for lane in counted.order.iter().filter_map(lane) {
                lane_line(ctx, ui, lane, true, actions);
            }
        });
        return;
    }
    area.show_rows(ui, ROW, counted.order.len(), |ui, range| {
        for lane in counted.order.get(range).unwrap_or_default().iter().filter_map(lane) {
            lane_line(ctx, ui, lane, false, actions);
        }
    });
}

fn lane_line(ctx: &Ctx<'_>, ui: &mut Ui, lane: &LaneReport, wrapped: bool, actions: &mut Vec<Action>) {
    let color = match &lane.outcome {
        LaneOutcome::Running | LaneOutcome::Stopped => ctx.theme.dim,
        LaneOutcome::Passed => ctx.theme.ok,
        LaneOutcome::Failed(_) => ctx.theme.error,
    };
    let on = visible_text(&lane.on, 80);
    let content = |ui: &mut Ui| {
        let address = RichText::new(&on).font(theme::mono()).color(ctx.theme.dim);
        let name = ctx.words.fill("sequences.show_in_log", &[("peer", &on)]);
        let button = egui::Button::new(address)
            .frame_when_inactive(false)
            .min_size(egui::Vec2::new(168.0, ROW - 4.0))
            .right_text("");
        let is_known = lane.connection != crate::model::ConnectionId::NONE;
        if ui.add_enabled(is_known, button).on_hover_text(&name).accessible_name(&name).clicked() {
            actions.push(Action::Log(LogAction::Select(Scope::Connection(lane.connection))));
            actions.push(Action::View(ViewAction::ShowTab(Tab::Log)));
        }
        if lane.outcome != LaneOutcome::Running {
            let time = Label::new(RichText::new(ctx.words.duration(lane.nanos)).color(ctx.theme.dim));
            let size = egui::Vec2::new(84.0, ROW - 4.0);
            ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.set_min_size(size);
                ui.add(time);
            });
        }
        let text = ctx.words.lane(lane);
        let label = Label::new(RichText::new(&text).color(color));
        if wrapped {
            ui.add(label.wrap());
        } else {
            ui.add(label.truncate()).on_hover_text(&text);
        }
    };
    if wrapped {
        ui.horizontal_wrapped(content)
    } else {
        ui.horizontal(content)
    };
}

fn millis(lane: &LaneReport) -> String {
    format!("{:.1} ms", lane.nanos as f64 / 1e6)
}

/// All lines, for the clipboard.
fn text_of(ctx: &Ctx<'_>, counted: &Counted) -> String {
    let mut text = format!("{}\n", visible_text(&counted.report.name, 200));
    for lane in counted.order.iter().filter_map(|place| counted.report.lanes.get(*place as usize)) {
        text.push_str(&format!("{}\t{}\t{}\n", visible_text(&lane.on, 300), millis(lane), ctx.words.lane(lane)));
    }
    text
}

/// A sequence's name as the name of a file: what every system takes.
fn file_name(name: &str) -> String {
    let kept = name.chars().take(60).map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '_' });
    let name: String = kept.collect();
    if name.is_empty() { "sequence".to_owned() } else { name }
}
