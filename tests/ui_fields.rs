//! The fields of the selected payload driven by label and role: tree, linked selection, faults, the choice of the decoder.
//! No sockets, no display.
#![cfg(feature = "window")]

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use egui::{Role, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use sockscope::model::{
    ConnectionId, DecoderChoice, EndpointId, EndpointSettings, Flow, ListenerSettings, Protocol, Recorded, Timestamp,
    Transport, What,
};
use sockscope::session::ViewSnapshot;
use sockscope::ui::app::App;
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::{Configured, State};
use sockscope::ui::theme;

type Window = Harness<'static, Option<App<Stage>>>;

const WIDE: Vec2 = egui::vec2(1380.0, 820.0);
const SMALL: Vec2 = egui::vec2(800.0, 500.0);
/// Holding registers 555, 0 and 100 as the Modbus specification answers them.
const REGISTERS: [u8; 15] = [0, 7, 0, 0, 0, 9, 17, 3, 6, 2, 0x2B, 0, 0, 0, 100];

fn window(view: ViewSnapshot, selected: u64, size: Vec2, decoder: DecoderChoice) -> Window {
    let mut stage = Stage::default();
    stage.view = Arc::new(view);
    let mut state = State::default();
    state.selected_event = Some(selected);
    let mut settings = EndpointSettings::new(Protocol::TcpListener(ListenerSettings::default()));
    settings.decoder = decoder;
    state.endpoints.push(Configured { id: EndpointId(1), settings });
    let mut start = Some((state, stage));
    let mut window = Harness::builder()
        .with_size(size)
        .with_max_steps(20)
        .with_step_dt(1.0 / 60.0)
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

fn received(port: u16, bytes: &[u8]) -> ViewSnapshot {
    let at = |port: u16| Some(SocketAddr::from(([127, 0, 0, 1], port)));
    let flow = Arc::new(Flow {
        endpoint: EndpointId(1),
        endpoint_uri: "tcp://127.0.0.1:9000".into(),
        connection: ConnectionId(7),
        transport: Transport::Tcp,
        role: sockscope::model::Role::Listener,
        local: at(port),
        peer: at(51022),
        mirror: false,
    });
    let what = What::Received(Bytes::copy_from_slice(bytes));
    let event = sockscope::model::Event { time: Timestamp(1_763_833_202_118_204_000), flow, what };
    let row = Arc::new(Recorded { seq: 1, event, damaged: false });
    ViewSnapshot { matched: 1, scanned: 1, total: 1, rows: vec![Some(row)], ..ViewSnapshot::default() }
}

fn sees(window: &Window, text: &str) -> bool {
    window.query_all_by_label_contains(text).next().is_some()
}

fn press(window: &mut Window, name: &str) {
    window.get_by_role_and_label(Role::Button, name).click();
    window.run();
}

#[test]
fn a_field_selects_its_bytes() {
    let mut window = window(received(502, &REGISTERS), 1, WIDE, DecoderChoice::ByPort);
    assert!(sees(&window, "Modbus/TCP: Read Holding Registers, response: 3 registers, unit 17"));
    assert!(sees(&window, "Register 0: 555 (0x022b)"));
    press(&mut window, "Register 0: 555 (0x022b)");
    assert!(sees(&window, "2 bytes from 0009"), "the head says what is selected");
    press(&mut window, "Transaction Identifier: 7 (0x0007)");
    assert!(sees(&window, "2 bytes from 0000"));
}

#[test]
fn fields_fold() {
    let mut window = window(received(502, &REGISTERS), 1, WIDE, DecoderChoice::ByPort);
    press(&mut window, "Fold Registers");
    assert!(!sees(&window, "Register 0:") && sees(&window, "Byte Count: 6"));
    press(&mut window, "Unfold Registers");
    assert!(sees(&window, "Register 0:"));
}

#[test]
fn a_fault_stands_above_the_fields_before_it() {
    let window = window(received(502, &REGISTERS[..12]), 1, WIDE, DecoderChoice::ByPort);
    assert!(sees(&window, "At byte 0006: what Length counts has 9 bytes, 6 of them are here"));
    assert!(sees(&window, "Function Code: 3 (0x03)"));
}

#[test]
fn the_choice_of_the_decoder_is_one_of_the_endpoint() {
    let mut window = window(received(9000, b"{\"a\": 1}"), 1, WIDE, DecoderChoice::ByPort);
    assert!(window.query_by_role_and_label(Role::Button, "Fields").is_none(), "nothing decodes");
    choose(&mut window, "JSON");
    let app = window.state_mut().as_mut().expect("made in the first frame");
    let chosen = app.feed.take_orders().into_iter().find_map(|order| match order {
        Order::Retune(EndpointId(1), settings) => Some(settings.decoder),
        _ => None,
    });
    assert_eq!(chosen, Some(DecoderChoice::Named("json".into())));
    assert!(sees(&window, "JSON: {1 member}") && sees(&window, "a: 1"));
    choose(&mut window, "None");
    assert!(!sees(&window, "JSON: {1 member}"));
}

fn choose(window: &mut Window, name: &str) {
    // The menu bar has one of the same name, further up.
    let views = window.get_all_by_role_and_label(Role::Button, "View");
    views.max_by(|a, b| a.rect().top().total_cmp(&b.rect().top())).expect("there is one").click();
    window.run();
    window.get_by_label_contains("Decoder").click();
    window.run();
    window.get_by_label(name).click();
    window.run();
}

#[test]
fn fields_and_readings_share_a_place() {
    let mut window = window(received(502, &REGISTERS), 1, WIDE, DecoderChoice::ByPort);
    press(&mut window, "Inspector");
    assert!(!sees(&window, "Register 0:"));
    press(&mut window, "Fields");
    assert!(sees(&window, "Register 0:"));
    press(&mut window, "Fields");
    assert!(!sees(&window, "Register 0:"));
}

#[test]
fn a_small_window_and_a_long_payload_hold() {
    let long = format!("[{}0]", "1,".repeat(60_000));
    let window = window(received(9000, long.as_bytes()), 1, SMALL, DecoderChoice::Named("json".into()));
    assert!(window.query_by_label("Hide the bytes").is_some());
    let window = self::window(received(9000, long.as_bytes()), 1, WIDE, DecoderChoice::Named("json".into()));
    assert!(sees(&window, "Fields of the first 65,536 bytes") && sees(&window, "more than 10000 fields"));
}

#[test]
fn a_byte_leads_to_its_field_also_in_a_folded_one() {
    let mut window = window(received(502, &REGISTERS), 1, WIDE, DecoderChoice::ByPort);
    press(&mut window, "Fold Registers");
    assert!(!sees(&window, "Register 1:"));
    // The keyboard walks from byte to byte: the twelfth belongs to register 1.
    window.get_by_role_and_label(Role::List, "Hex dump").focus();
    window.run();
    for _ in 0..12 {
        window.key_press(egui::Key::ArrowRight);
        window.run();
    }
    let field = window.get_by_role_and_label(Role::Button, "Register 1: 0 (0x0000)");
    let node = egui_kittest::kittest::NodeT::accesskit_node(&field);
    assert_eq!(node.toggled(), Some(egui::accesskit::Toggled::True));
}
