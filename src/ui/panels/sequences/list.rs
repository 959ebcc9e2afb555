//! The sequences of the workspace by folder, each with how its newest run fared. Called by: the tab of sequences.

use std::collections::BTreeMap;

use egui::{Button, RichText, ScrollArea, Ui, Vec2};

use super::runs::Runs;
use crate::model::Sequence;
use crate::payload::visible_text;
use crate::ui::action::{Action, SequenceAction};
use crate::ui::state::Ctx;
use crate::ui::theme;

const ROW: f32 = 26.0;

enum Entry<'a> {
    Folder(&'a str),
    Sequence(usize, &'a Sequence),
}

/// The place of the one that was clicked.
pub fn list(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    width: f32,
    chosen: Option<usize>,
    runs: &Runs,
    actions: &mut Vec<Action>,
) -> Option<usize> {
    let entries = entries(&ctx.state.sequences);
    let mut clicked = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().id_salt("sequence list").auto_shrink([false, false]);
    area.show_rows(ui, ROW, entries.len(), |ui, range| {
        for entry in entries.get(range).unwrap_or_default() {
            match entry {
                Entry::Folder(name) => {
                    let text = RichText::new(visible_text(name, 60)).color(ctx.theme.dim);
                    let size = egui::Vec2::new(width, ROW);
                    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        ui.set_min_size(size);
                        // Where the names beneath it begin.
                        ui.add_space(10.0);
                        ui.add(egui::Label::new(text).selectable(false).truncate());
                    });
                }
                Entry::Sequence(place, sequence) => {
                    if row(ctx, ui, width, (*place, sequence), chosen == Some(*place), runs, actions) {
                        clicked = Some(*place);
                    }
                }
            }
        }
    });
    clicked
}

/// Those without a folder first.
fn entries(sequences: &[Sequence]) -> Vec<Entry<'_>> {
    let mut folders: BTreeMap<&str, Vec<(usize, &Sequence)>> = BTreeMap::new();
    for (place, sequence) in sequences.iter().enumerate() {
        folders.entry(&sequence.folder).or_default().push((place, sequence));
    }
    let mut entries = Vec::with_capacity(sequences.len() + folders.len());
    for (folder, inside) in folders {
        if !folder.is_empty() {
            entries.push(Entry::Folder(folder));
        }
        entries.extend(inside.into_iter().map(|(place, sequence)| Entry::Sequence(place, sequence)));
    }
    entries
}

fn row(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    width: f32,
    (place, sequence): (usize, &Sequence),
    is_chosen: bool,
    runs: &Runs,
    actions: &mut Vec<Action>,
) -> bool {
    let name = visible_text(&sequence.name, 100);
    let (right, color) = match (runs.state_of(ctx, &sequence.name), sequence.shortcut) {
        (Some((text, color)), _) => (text, color),
        (None, Some(digit)) => (format!("Alt {digit}"), ctx.theme.dim),
        (None, None) => (String::new(), ctx.theme.dim),
    };
    let said = if right.is_empty() { name.clone() } else { format!("{name}, {right}") };
    let text = RichText::new(&name).color(ctx.theme.text);
    let button = Button::selectable(is_chosen, text)
        .truncate()
        .min_size(Vec2::new(width, ROW))
        .right_text(RichText::new(right).font(theme::small()).color(color));
    let response = ui.add(button).accessible_name(&said);
    response.context_menu(|ui| menu(ctx, ui, place, sequence, actions));
    let clicked = response.clicked();
    if !sequence.remark.is_empty() {
        response.on_hover_text(visible_text(&sequence.remark, 500));
    }
    clicked
}

fn menu(ctx: &Ctx<'_>, ui: &mut Ui, place: usize, sequence: &Sequence, actions: &mut Vec<Action>) {
    let words = ctx.words;
    let same = |at: &usize| ctx.state.sequences.get(*at).is_some_and(|other| other.folder == sequence.folder);
    let above = (0..place).rev().find(same);
    let below = (place + 1..ctx.state.sequences.len()).find(same);
    let mut ask = |ui: &mut Ui, key: &str, action: Option<SequenceAction>| {
        if ui.add_enabled(action.is_some(), Button::new(words.get(key))).clicked() {
            actions.extend(action.map(Action::Sequence));
            ui.close();
        }
    };
    ask(ui, "library.duplicate", Some(SequenceAction::Duplicate(place)));
    ask(ui, "library.move_up", above.map(|to| SequenceAction::Move { from: place, to }));
    ask(ui, "library.move_down", below.map(|to| SequenceAction::Move { from: place, to }));
    ui.separator();
    ask(ui, "sequences.remove", Some(SequenceAction::Remove(place)));
}
