//! The window of a test: the app in a harness that needs no display.
//! Called by: the tests of the window that have a scene of their own.

use egui_kittest::Harness;
use sockscope::ui::app::App;
use sockscope::ui::effects::Feed;
use sockscope::ui::state::State;
use sockscope::ui::theme;

pub type Window<F> = Harness<'static, Option<App<F>>>;

/// Opens the window; nothing is drawn before the first step.
pub fn open<F: Feed + 'static>(state: State, feed: F, size: egui::Vec2) -> Window<F> {
    let mut start = Some((state, feed));
    Harness::builder()
        .with_size(size)
        .with_max_steps(20)
        .with_step_dt(1.0 / 60.0)
        .allow_missing_glyphs()
        .with_context_setup(theme::install)
        .build_ui_state(
            move |ui, app: &mut Option<App<F>>| {
                if let Some((state, feed)) = start.take() {
                    *app = Some(App::new(ui.ctx(), state, feed));
                }
                let app = app.as_mut().expect("made in the first frame");
                app.drain(&ui.ctx().clone());
                app.frame(ui);
            },
            None,
        )
}
