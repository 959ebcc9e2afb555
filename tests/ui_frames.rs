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
use sockscope::session::{Decoration, FrameFacts, SampleOf, ViewSnapshot};
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
    let facts = FrameFacts { index, chunks: chunks.to_vec(), raw_bytes: 9, fault, pending: false };
    Decoration { frame: Some(Arc::new(facts)), ..Decoration::default() }
}

#[test]
fn the_form_takes_a_framing_over_at_once_and_shows_what_it_gives() {
    let mut state = listener();
    state.form = Form::Framing(EndpointId(1));
    let rows = vec![row(1, "alpha\nbe"), row(2, "ta\n")];
    let mut window = window_of(state, stage(view(rows, vec![Decoration::default(); 2])));
    window.get_by_label("↓ alpha␊be");
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
    window.get_by_label("↓ alpha");
    window.get_by_label("↓ beta");

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

#[test]
fn a_delimiter_is_typed_as_text_or_in_hex_and_the_sample_is_of_raw_chunks() {
    let mut state = listener();
    (state.form, state.show_frames, state.query.frames) = (Form::Framing(EndpointId(1)), true, true);
    // Frames are shown; what the reader keeps beside them are chunks.
    let mut view = ViewSnapshot::default();
    (view.matched, view.scanned, view.total) = (1, 1, 1);
    (view.rows, view.decorations) = (vec![row(2, "al;;beta")], vec![frame(0, &[1, 2], None)]);
    view.sample = vec![row(1, "al;"), row(2, ";beta")].into_iter().flatten().collect();
    let mut window = window_of(state, stage(Arc::new(view)));
    let orders = app(&mut window).feed.take_orders();
    let asked = SampleOf { endpoint: EndpointId(1), connection: None };
    assert!(orders.iter().any(|order| matches!(order, Order::Sample(Some(of)) if *of == asked)), "{orders:?}");
    window.get_by_role_and_label(Role::ComboBox, "Frames").click();
    window.run();
    window.get_by_label("Up to a delimiter").click();
    window.run();
    app(&mut window).feed.take_orders();
    let retype = |window: &mut Window, text: &str| {
        window.get_by_role_and_label(Role::TextInput, "Delimiter").focus();
        window.run();
        window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        window.run();
        window.event(egui::Event::Text(text.to_owned()));
        window.run();
    };
    retype(&mut window, ";\\x3b");
    let delimiter = |window: &mut Window| {
        let orders = app(window).feed.take_orders();
        orders.into_iter().rev().find_map(|order| match order {
            Order::Retune(_, settings) => match settings.framing {
                Framing::Delimiter { bytes, .. } => Some(bytes),
                _ => None,
            },
            _ => None,
        })
    };
    assert_eq!(delimiter(&mut window).as_deref(), Some(&b";;"[..]));
    window.get_by_label("↓ al");
    window.get_by_label_contains("↓ ▲ unfinished: beta");
    // The chips stand in the form and, for the payload, behind it.
    let chips = window.get_all_by_role_and_label(Role::Button, "Hex");
    let places: Vec<_> = chips.map(|chip| chip.rect()).collect();
    let field = window.get_by_role_and_label(Role::TextInput, "Delimiter").rect();
    let chip = places.iter().find(|chip| (chip.center().y - field.center().y).abs() < 6.0).expect("beside the field");
    window.get_all_by_role_and_label(Role::Button, "Hex").find(|node| node.rect() == *chip).unwrap().click();
    window.run();
    retype(&mut window, "3b 0");
    window.get_by_label_contains("digit");
    assert_eq!(delimiter(&mut window), None);
    retype(&mut window, "3b");
    assert_eq!(delimiter(&mut window).as_deref(), Some(&b";"[..]));
}

#[test]
fn the_checksum_to_verify_is_chosen_from_the_catalogue() {
    let mut state = listener();
    state.form = Form::Framing(EndpointId(1));
    let mut window = window_of(state, stage(view(vec![row(1, "alpha")], vec![Decoration::default()])));
    let button = window.get_all_by_role_and_label(Role::Button, "Checksum: No checksum").last().expect("there is one");
    button.click();
    window.run();
    window.event(egui::Event::Text("modbus".to_owned()));
    window.run();
    window.key_press(egui::Key::Enter);
    window.run();
    let orders = app(&mut window).feed.take_orders();
    let verify = orders.into_iter().rev().find_map(|order| match order {
        Order::Retune(_, settings) => settings.verify,
        _ => None,
    });
    assert_eq!(verify.map(|verify| verify.checksum.algorithm).as_deref(), Some("CRC-16/MODBUS"));
    window.get_by_role_and_label(Role::TextInput, "Bytes behind it");
}

#[test]
fn wrong_checksums_are_counted_in_the_status_line_and_a_click_shows_them() {
    let rows = view(vec![row(2, "al")], vec![Decoration::default()]);
    let shown = ViewSnapshot { wrong_sums: Some(3), ..(*rows).clone() };
    let mut window = window_of(listener(), stage(Arc::new(shown)));
    window.get_by_role_and_label(Role::Button, "3 wrong checksums").click();
    window.run();
    assert_eq!(app(&mut window).state.filter_text, "is:badsum");
}

#[test]
fn a_frame_opens_by_its_sign_and_by_the_arrow_keys() {
    let chunk = |seq| Decoration { beneath: Some((seq, 0)), ..Decoration::default() };
    let mut state = listener();
    (state.show_frames, state.query.frames) = (true, true);
    state.opened_frames = vec![(3, 0)];
    let rows = vec![row(3, "alpha"), row(1, "al"), row(3, "pha;be"), row(4, "beta")];
    let decorations = vec![frame(0, &[1, 3], None), chunk(3), chunk(3), frame(0, &[3, 4], None)];
    let mut window = window_of(state, stage(view(rows, decorations)));
    let opened = |window: &mut Window| {
        let orders = app(window).feed.take_orders();
        orders.into_iter().rev().find_map(|order| match order {
            Order::OpenFrames(frames) => Some(frames),
            _ => None,
        })
    };
    window.get_by_label("Show the chunks of frame 1 at event 4").click();
    window.run();
    assert_eq!(opened(&mut window), Some(vec![(3, 0), (4, 0)]));
    let holds = |text: &'static str| {
        move |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.role() == Role::ListItem && node.label().is_some_and(|said| said.contains(text))
        }
    };
    // Down goes from the frame to its chunks, and on to the frame that ends in the same event as one of them.
    window.get_by(holds("alpha")).click();
    window.run();
    for (seq, beneath) in [(1, Some((3, 0))), (3, Some((3, 0))), (4, None)] {
        window.key_press(egui::Key::ArrowDown);
        window.run();
        let state = &app(&mut window).state;
        assert_eq!((state.selected_event, state.selected_beneath), (Some(seq), beneath));
    }
    window.key_press(egui::Key::ArrowLeft);
    window.run();
    assert_eq!(opened(&mut window), Some(vec![(3, 0)]));
    window.get_by(holds("pha;be")).click();
    window.run();
    window.key_press(egui::Key::ArrowLeft);
    window.run();
    assert_eq!(opened(&mut window), Some(vec![]));
    assert_eq!(app(&mut window).state.selected_frame, Some(0));
    window.key_press(egui::Key::ArrowRight);
    window.run();
    assert_eq!(opened(&mut window), Some(vec![(3, 0)]));
}
