//! Frames in the window by label and role: the toggle, the form of an endpoint's framing, rows of one chunk, checksums.
#![cfg(feature = "window")]

use std::sync::Arc;

use bytes::Bytes;
use egui::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use sockscope::framing::Fault;
use sockscope::model::{
    ConnectionId, EndpointId, EndpointSettings, Event, Flow, Framing, ListenerSettings, Protocol, Recorded, Timestamp,
    Transport, What,
};
use sockscope::payload::checksum::Verdict;
use sockscope::session::{Decoration, FrameFacts, ViewSnapshot};
use sockscope::ui::action::Form;
use sockscope::ui::app::App;
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::{Configured, State};
use sockscope::ui::theme;

type Window = Harness<'static, Option<App<Stage>>>;

fn window_of(state: State, stage: Stage) -> Window {
    let mut start = Some((state, stage));
    let mut window = Harness::builder()
        .with_size(egui::vec2(1380.0, 820.0))
        .with_max_steps(20)
        .allow_missing_glyphs()
        .with_context_setup(theme::install)
        .build_ui_state(
            move |ui, app: &mut Option<App<Stage>>| {
                if let Some((state, stage)) = start.take() {
                    *app = Some(App::new(ui.ctx(), state, stage));
                }
                let app = app.as_mut().expect("made in the first frame");
                app.drain(&ui.ctx().clone());
                app.frame(ui);
            },
            None,
        );
    window.run();
    window
}

fn app(window: &mut Window) -> &mut App<Stage> {
    window.state_mut().as_mut().expect("made in the first frame")
}

fn row(seq: u64, bytes: &'static str) -> Option<Arc<Recorded>> {
    let flow = Arc::new(Flow {
        endpoint: EndpointId(1),
        endpoint_uri: "tcp://127.0.0.1:9000".into(),
        connection: ConnectionId(7),
        transport: Transport::Tcp,
        role: sockscope::model::Role::Listener,
        local: Some(([127, 0, 0, 1], 9000).into()),
        peer: Some(([127, 0, 0, 1], 50_000).into()),
        mirror: false,
    });
    let event = Event { time: Timestamp(seq), flow, what: What::Received(Bytes::from_static(bytes.as_bytes())) };
    Some(Arc::new(Recorded { seq, event, damaged: false }))
}

fn listener() -> State {
    let settings = EndpointSettings::new(Protocol::TcpListener(ListenerSettings::default()));
    let mut state = State::default();
    state.endpoints.push(Configured { id: EndpointId(1), settings });
    state
}

fn view(rows: Vec<Option<Arc<Recorded>>>, decorations: Vec<Decoration>) -> Arc<ViewSnapshot> {
    let count = rows.len() as u64;
    Arc::new(ViewSnapshot { matched: count, scanned: count, total: count, rows, decorations, ..Default::default() })
}

fn stage(view: Arc<ViewSnapshot>) -> Stage {
    let mut stage = Stage::default();
    stage.view = view;
    stage
}

fn frame(index: u32, chunks: &[u64], fault: Option<Fault>) -> Decoration {
    let facts = FrameFacts { index, chunks: chunks.to_vec(), raw_bytes: 9, fault };
    Decoration { frame: Some(Arc::new(facts)), ..Decoration::default() }
}

#[test]
fn the_form_takes_a_framing_over_at_once_and_shows_what_it_gives() {
    let mut state = listener();
    state.form = Form::Framing(EndpointId(1));
    let rows = vec![row(1, "alpha\nbe"), row(2, "ta\n")];
    let mut window = window_of(state, stage(view(rows, vec![Decoration::default(); 2])));
    window.get_by_label("alpha␊be");
    window.get_by_role_and_label(Role::ComboBox, "Frames").click();
    window.run();
    window.get_by_label("Lines").click();
    window.run();
    let orders = app(&mut window).feed.take_orders();
    let line = Framing::Line { most_bytes: 1 << 20 };
    let retuned = orders.iter().any(|order| matches!(order, Order::Retune(_, settings) if settings.framing == line));
    assert!(retuned, "{orders:?}");
    let shown = orders.iter().any(|order| matches!(order, Order::Show(query) if query.framings.endpoints.len() == 1));
    assert!(shown, "{orders:?}");
    window.get_by_label("alpha");
    window.get_by_label("beta");

    // A mistake stands at its field and changes nothing.
    window.get_by_role_and_label(Role::TextInput, "Longest frame").focus();
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Longest frame").type_text("x");
    window.run();
    window.get_by_label("A number from 1 to 16777216");
    assert!(app(&mut window).feed.take_orders().is_empty());
}

#[test]
fn the_toggle_shows_frames_and_two_frames_of_a_chunk_are_selected_apart() {
    let mut window = window_of(
        listener(),
        stage(view(
            vec![row(3, "alpha"), row(3, "beta"), row(4, "cut")],
            vec![frame(0, &[1, 3], None), frame(1, &[3], None), frame(0, &[4], Some(Fault::TooLong))],
        )),
    );
    window.get_by_role_and_label(Role::Button, "Frames").click();
    window.run();
    let orders = app(&mut window).feed.take_orders();
    assert!(orders.iter().any(|order| matches!(order, Order::Show(query) if query.frames)), "{orders:?}");
    assert!(app(&mut window).state.show_frames);
    window.get_by(|node| node.role() == Role::ListItem && node.label().is_some_and(|said| said.contains("×2")));
    window.get_by(|node| {
        node.role() == Role::ListItem && node.label().is_some_and(|said| said.contains("longer than allowed"))
    });
    let beta = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
        node.role() == Role::ListItem && node.label().is_some_and(|said| said.contains("beta"))
    };
    window.get_by(beta).click();
    window.run();
    let state = &app(&mut window).state;
    assert_eq!((state.selected_event, state.selected_frame), (Some(3), Some(1)));
    window.key_press(egui::Key::ArrowUp);
    window.run();
    assert_eq!(app(&mut window).state.selected_frame, Some(0));
}

#[test]
fn a_wrong_checksum_says_so() {
    let sum = Some(Verdict::Wrong { expected: vec![0xc3], got: vec![0] });
    let wrong = Decoration { sum, ..Decoration::default() };
    let window = window_of(listener(), stage(view(vec![row(3, "ab")], vec![wrong])));
    window.get_by(|node| {
        node.role() == Role::ListItem && node.label().is_some_and(|said| said.contains("wrong checksum"))
    });
}
