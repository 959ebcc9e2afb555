//! The notes tab.

use egui::Ui;

use super::Panel;
use crate::ui::action::Action;
use crate::ui::state::Ctx;

#[derive(Default)]
pub struct NotesPanel;

impl Panel for NotesPanel {
    fn key(&self) -> &'static str {
        "notes"
    }

    fn ui(&mut self, _ctx: &Ctx<'_>, _ui: &mut Ui, _actions: &mut Vec<Action>) {}
}
