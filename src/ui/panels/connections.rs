//! The connections tab.

use egui::Ui;

use super::Panel;
use crate::ui::action::Action;
use crate::ui::state::Ctx;

#[derive(Default)]
pub struct ConnectionsPanel;

impl Panel for ConnectionsPanel {
    fn key(&self) -> &'static str {
        "connections"
    }

    fn ui(&mut self, _ctx: &Ctx<'_>, _ui: &mut Ui, _actions: &mut Vec<Action>) {}
}
