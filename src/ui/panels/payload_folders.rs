//! A folder of saved payloads as a row: opened, renamed, removed with what lies in it; what is dropped on it lies in it.
//! Called by: the sidebar.

use egui::{Align2, CornerRadius, Id, Popup, Pos2, Rect, Response, Role, Sense, TextStyle, Ui, UiBuilder, WidgetInfo};

use super::payloads::{Dragged, MORE_WIDTH, Payloads, Renamed, import_button};
use super::sidebar::{more_button, one_line};
use crate::payload::visible_text;
use crate::ui::action::{Action, LibraryAction};
use crate::ui::state::Ctx;

/// A folder as it is listed.
pub struct Folder<'a> {
    pub path: &'a str,
    /// What lies in it and below.
    pub count: usize,
    pub open: bool,
}

impl Payloads {
    /// `true`: it is to be opened or closed.
    pub fn folder(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        place: Rect,
        folder: &Folder<'_>,
        actions: &mut Vec<Action>,
    ) -> bool {
        if self.renaming.as_ref().is_some_and(|(what, _)| matches!(what, Renamed::Folder(path) if path == folder.path))
        {
            let mut child = ui.new_child(UiBuilder::new().max_rect(place));
            self.rename_field(ctx, &mut child, actions);
            return false;
        }
        let id = Id::unique(("payload folder", folder.path));
        let response = ui.interact(place, id, Sense::click());
        dropped_on(ctx, ui, &response, folder, actions);
        let name = visible_text(folder.path.rsplit('/').next().unwrap_or(folder.path), 200);
        paint(ctx, ui, place, &name, folder);
        let more = more_button(ctx, ui, Pos2::new(place.right() - MORE_WIDTH / 2.0, place.center().y), id, &name);
        let said = ctx.words.fill("library.folder_said", &[("name", &name), ("count", &folder.count)]);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, folder.open, &said));
        Popup::menu(&more).show(|ui| self.folder_menu(ctx, ui, folder.path, actions));
        response.context_menu(|ui| self.folder_menu(ctx, ui, folder.path, actions));
        response.clicked()
    }

    fn folder_menu(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, path: &str, actions: &mut Vec<Action>) {
        let words = ctx.words;
        if ui.button(words.get("sidebar.rename")).clicked() {
            self.edit(ui.ctx(), Renamed::Folder(path.to_owned()), path);
            ui.close();
        }
        if ui.button(words.get("library.dissolve")).clicked() {
            let to = path.rsplit_once('/').map_or("", |(outer, _)| outer).to_owned();
            actions.push(Action::Library(LibraryAction::RenameFolder { from: path.to_owned(), to }));
            ui.close();
        }
        import_button(ctx, ui, actions);
        ui.separator();
        if ui.button(words.get("library.remove_folder")).clicked() {
            actions.push(Action::Library(LibraryAction::RemoveFolder(path.to_owned())));
            ui.close();
        }
    }
}

fn dropped_on(ctx: &Ctx<'_>, ui: &Ui, row: &Response, folder: &Folder<'_>, actions: &mut Vec<Action>) {
    let dropping = row.dnd_hover_payload::<Dragged>().is_some();
    if row.hovered() || row.has_focus() || dropping {
        ui.painter().rect_filled(row.rect, CornerRadius::same(6), ctx.theme.raised);
    }
    if let Some(dragged) = row.dnd_release_payload::<Dragged>() {
        let (to, folder) = (ctx.state.payloads.len(), folder.path.to_owned());
        actions.push(Action::Library(LibraryAction::Move { from: dragged.0, to, folder }));
    }
}

fn paint(ctx: &Ctx<'_>, ui: &Ui, place: Rect, name: &str, folder: &Folder<'_>) {
    let (body, center) = (TextStyle::Body.resolve(ui.style()), place.center().y);
    let glyph = if folder.open { "⏷" } else { "⏵" };
    ui.painter().text(Pos2::new(place.left() + 4.0, center), Align2::LEFT_CENTER, glyph, body.clone(), ctx.theme.dim);
    let galley = one_line(ui, name, body.clone(), ctx.theme.text, (place.width() - MORE_WIDTH - 60.0).max(20.0));
    ui.painter().galley(Pos2::new(place.left() + 20.0, center - galley.size().y / 2.0), galley, ctx.theme.text);
    let at = Pos2::new(place.right() - MORE_WIDTH - 6.0, center);
    ui.painter().text(at, Align2::RIGHT_CENTER, ctx.words.number(folder.count as u64), body, ctx.theme.dim);
}

/// The three dots of the heading: what can be done where no payload is yet.
pub fn section_menu(ctx: &Ctx<'_>, ui: &Ui, place: Rect, actions: &mut Vec<Action>) {
    let at = Pos2::new(place.right() - 8.0 - MORE_WIDTH / 2.0, place.center().y);
    let more = more_button(ctx, ui, at, Id::unique("payload section"), ctx.words.get("sidebar.payloads"));
    Popup::menu(&more).show(|ui| import_button(ctx, ui, actions));
}
