//! What came of the runs of a sequence: one line a connection, failures first. Called by: the tab of sequences.

use egui::{RichText, Ui};

use crate::engine::RunProgress;
use crate::model::{LaneOutcome, LaneReport};
use crate::payload::visible_text;
use crate::ui::action::{Action, SequenceAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::small_button;

/// Lanes that are drawn of one run; how many more there are is said.
const LANES: usize = 100;
/// Runs that are drawn.
const RUNS: usize = 10;

pub fn runs(ctx: &Ctx<'_>, ui: &mut Ui, name: Option<&str>, actions: &mut Vec<Action>) {
    let of_this = ctx.engine.runs.iter().filter(|run| Some(run.report.name.as_str()) == name);
    let mut newest: Vec<_> = of_this.collect();
    newest.sort_by_key(|run| std::cmp::Reverse(run.id));
    if newest.is_empty() {
        return;
    }
    ui.separator();
    ui.label(RichText::new(ctx.words.get("sequences.runs")).font(theme::semibold(13.0)));
    for run in newest.into_iter().take(RUNS) {
        one(ctx, ui, run, actions);
        ui.add_space(6.0);
    }
}

fn one(ctx: &Ctx<'_>, ui: &mut Ui, run: &RunProgress, actions: &mut Vec<Action>) {
    let words = ctx.words;
    let lanes = &run.report.lanes;
    let count = |wanted: fn(&LaneOutcome) -> bool| {
        words.number(lanes.iter().filter(|lane| wanted(&lane.outcome)).count() as u64)
    };
    let passed = count(|outcome| *outcome == LaneOutcome::Passed);
    let failed = count(|outcome| matches!(outcome, LaneOutcome::Failed(_)));
    let running = count(|outcome| *outcome == LaneOutcome::Running);
    ui.horizontal(|ui| {
        let number = words.number(run.id.0);
        let counts = [("number", &number), ("passed", &passed), ("failed", &failed), ("running", &running)];
        let counts = counts.map(|(name, text)| (name, text as &dyn std::fmt::Display));
        let text = words.fill("sequences.run_line", &counts);
        let color = if run.report.passed() {
            ctx.theme.incoming
        } else if failed == words.number(0) {
            ctx.theme.text
        } else {
            ctx.theme.error
        };
        ui.label(RichText::new(text).color(color));
        if !run.over && small_button(ui, ctx.theme, words.get("sequences.stop")).clicked() {
            actions.push(Action::Sequence(SequenceAction::Stop(run.id)));
        }
    });
    let mut order: Vec<&LaneReport> = lanes.iter().collect();
    order.sort_by_key(|lane| !matches!(lane.outcome, LaneOutcome::Failed(_)));
    for lane in order.iter().take(LANES) {
        ui.horizontal_wrapped(|ui| lane_line(ctx, ui, lane));
    }
    if lanes.len() > LANES {
        let more = words.number((lanes.len() - LANES) as u64);
        ui.label(RichText::new(words.fill("sequences.more_lanes", &[("count", &more)])).color(ctx.theme.dim));
    }
}

fn lane_line(ctx: &Ctx<'_>, ui: &mut Ui, lane: &LaneReport) {
    let words = ctx.words;
    let step = lane.step.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    let round = lane.round.map(|(done, of)| format!(" ({done}/{of})")).unwrap_or_default();
    let (text, color) = match &lane.outcome {
        LaneOutcome::Running => (words.fill("sequences.lane_running", &[("step", &step)]) + &round, ctx.theme.dim),
        LaneOutcome::Passed => (words.get("sequences.lane_passed").to_owned(), ctx.theme.incoming),
        LaneOutcome::Stopped => (words.fill("sequences.lane_stopped", &[("step", &step)]), ctx.theme.dim),
        LaneOutcome::Failed(failure) => {
            let why = words.step_failure(failure);
            (words.fill("sequences.lane_failed", &[("step", &step), ("why", &why)]), ctx.theme.error)
        }
    };
    let on = visible_text(&lane.on, 80);
    ui.label(RichText::new(on).font(theme::mono()).color(ctx.theme.dim));
    ui.label(RichText::new(text).color(color));
    if !matches!(lane.outcome, LaneOutcome::Running) {
        ui.label(RichText::new(format!("{:.1} ms", lane.nanos as f64 / 1e6)).color(ctx.theme.dim));
    }
}
