//! The conversation tab.

use egui::Ui;

use super::Panel;
use crate::ui::action::Action;
use crate::ui::state::Ctx;

#[derive(Default)]
pub struct ConversationPanel;

impl Panel for ConversationPanel {
    fn key(&self) -> &'static str {
        "conversation"
    }

    fn ui(&mut self, _ctx: &Ctx<'_>, _ui: &mut Ui, _actions: &mut Vec<Action>) {}
}
