//! The composer's checksum popup and the checksum finder, driven by label and role. No sockets, no display.
#![cfg(feature = "window")]

use egui::accesskit::Role;
use egui::{Key, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockscope::model::{EndpointId, EndpointSettings, ListenerSettings, Protocol};
use sockscope::ui::action::Form;
use sockscope::ui::app::App;
use sockscope::ui::effects::{Done, Job, WindowOrder};
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::{Configured, State};

type Window<'a> = Harness<'a, App<Stage>>;

fn window<'a>(form: Form, size: Vec2) -> Window<'a> {
    let mut state = State::default();
    state.form = form;
    let mut state = Some(state);
    let mut window = Harness::builder()
        .with_size(size)
        .with_max_steps(40)
        .build_eframe(|cc| App::new(&cc.egui_ctx, state.take().unwrap_or_default(), Stage::default()));
    window.run_steps(6);
    window
}

fn composer<'a>() -> Window<'a> {
    window(Form::None, egui::vec2(1440.0, 900.0))
}

fn press(window: &mut Window<'_>, label: &str) {
    window.get_by_role_and_label(Role::Button, label).click();
    window.run_steps(4);
}

fn sees(window: &Window<'_>, text: &str) -> bool {
    window.query_all_by_label_contains(text).next().is_some()
}

fn retype(window: &mut Window<'_>, label: &str, text: &str) {
    let field = window
        .query_all_by_label(label)
        .find(|node| matches!(node.accesskit_node().role(), Role::TextInput | Role::MultilineTextInput))
        .unwrap_or_else(|| panic!("no field {label}"));
    field.focus();
    window.run_steps(2);
    window.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    window.run_steps(1);
    window.event(egui::Event::Text(text.to_owned()));
    window.run_steps(4);
}

fn frames(window: &mut Window<'_>, text: &str) {
    retype(window, "Frames with their checksum", text);
    window.run_steps(4);
}

#[test]
fn a_checksum_is_found_by_typing_and_taken_by_enter() {
    let mut window = composer();
    retype(&mut window, "Payload", "123456789");
    press(&mut window, "Checksum: No checksum");
    // The field has the keyboard at once.
    window.event(egui::Event::Text("x25".to_owned()));
    window.run_steps(3);
    assert!(sees(&window, "CRC-16/IBM-SDLC") && !sees(&window, "CRC-16/MODBUS"));
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert!(sees(&window, "Checksum: CRC-16/IBM-SDLC"));
    assert!(!sees(&window, "Search checksums"), "Enter closes");
    assert!(sees(&window, "6e 90"), "its protocols send 0x906e low byte first");
}

#[test]
fn order_and_form_are_chosen_and_the_last_one_stands_first() {
    let mut window = composer();
    retype(&mut window, "Payload", "123456789");
    press(&mut window, "Checksum: No checksum");
    press(&mut window, "CRC-16/MODBUS");
    assert!(sees(&window, "37 4b"));
    press(&mut window, "High byte first");
    assert!(sees(&window, "4b 37"));
    press(&mut window, "HEX DIGITS");
    assert!(sees(&window, "34 42 33 37"));
    assert!(sees(&window, "Checksum: CRC-16/MODBUS big HEX"));
    retype(&mut window, "Search checksums", "crc-24/ble");
    press(&mut window, "CRC-24/BLE");
    assert!(sees(&window, "Checksum: CRC-24/BLE HEX"), "the form stays, the order is the new one's own");
    window.key_press(Key::Escape);
    window.run_steps(4);
    assert!(!sees(&window, "Search checksums"));
    press(&mut window, "Checksum: CRC-24/BLE HEX");
    let top = |window: &Window<'_>, name: &str| window.get_by_role_and_label(Role::Button, name).rect().top();
    assert!(top(&window, "CRC-24/BLE") < top(&window, "CRC-16/MODBUS"));
    assert!(top(&window, "CRC-16/MODBUS") < top(&window, "SUM-8"));
    // By the keys alone: the chosen row is where they begin, none at all stands above it.
    window.key_press(Key::ArrowUp);
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert!(sees(&window, "Checksum: No checksum"));
}

#[test]
fn a_key_is_asked_for_where_one_is_needed_and_never_shown_on_the_button() {
    let mut window = composer();
    retype(&mut window, "Payload", "what do ya want for nothing?");
    press(&mut window, "Checksum: No checksum");
    window.event(egui::Event::Text("hmac md5".to_owned()));
    window.run_steps(3);
    window.key_press(Key::Enter);
    window.run_steps(4);
    retype(&mut window, "Key", "Jefe");
    assert!(sees(&window, "75 0c 78 3e"));
    assert!(sees(&window, "Checksum: HMAC-MD5") && !sees(&window, "Checksum: HMAC-MD5 key"));
}

#[test]
fn the_finder_opens_from_the_popup_and_gives_its_answer_to_the_composer() {
    let mut window = composer();
    press(&mut window, "Checksum: No checksum");
    press(&mut window, "Find a checksum…");
    frames(&mut window, "01 03 00 00 00 02 c4 0b\n01 03 00 00 00 01 84 0a");
    assert!(sees(&window, "fit"), "how many fit is said");
    assert!(sees(&window, "by chance 1 in 4,294,967,296"));
    press(&mut window, "Use CRC-16/MODBUS");
    assert_eq!(window.state().state.form, Form::None);
    assert!(sees(&window, "Checksum: CRC-16/MODBUS"));
}

#[test]
fn a_line_is_copied_for_the_payload_language() {
    let mut window = window(Form::ChecksumFinder, egui::vec2(1440.0, 900.0));
    press(&mut window, "Text");
    frames(&mut window, "$AB03\\r\\n\n$XYZ5B\\r\\n");
    assert!(sees(&window, "without the first byte") && sees(&window, "2 bytes follow"));
    press(&mut window, "Copy XOR-8 HEX");
    let orders = window.state_mut().feed.take_orders();
    let copied = orders.into_iter().find_map(|order| match order {
        Order::Window(WindowOrder::Copy(text)) => Some(text),
        _ => None,
    });
    assert_eq!(copied.as_deref(), Some("XOR-8 HEX"));
}

#[test]
fn what_is_wrong_is_said_at_its_line() {
    let mut window = window(Form::ChecksumFinder, egui::vec2(800.0, 500.0));
    frames(&mut window, "01 02\n\n0g");
    assert!(sees(&window, "Line 3: g is not a hex digit"));
    frames(&mut window, "01 02 03 04 05 06 07 08 a1 b2 c3 d4\nff ee dd 09 09 09 09 08 07 06 11 22 33");
    assert!(sees(&window, "No checksum of the catalogue fits."));
    let close = window.get_by_role_and_label(Role::Button, "Close").rect();
    assert!(close.bottom() <= 500.0, "{close:?}");
    press(&mut window, "Close");
    assert_eq!(window.state().state.form, Form::None);
}

#[test]
fn a_long_frame_is_searched_on_a_thread_that_can_be_stopped() {
    let mut window = window(Form::ChecksumFinder, egui::vec2(1440.0, 900.0));
    let mut frame: Vec<u8> = (0..2000_u32).map(|n| n as u8).collect();
    frame.extend(sockscope::payload::checksum(&sockscope::model::Checksum::of("CRC-32/ISO-HDLC"), &frame));
    frames(&mut window, &sockscope::payload::bytes_to_hex(&frame));
    let job = |window: &mut Window<'_>| {
        let orders = window.state_mut().feed.take_orders();
        orders.into_iter().rev().find_map(|order| match order {
            Order::Start(Job::FindChecksum { number, finder, finding }) => Some((number, finder, finding)),
            _ => None,
        })
    };
    let (number, finder, finding) = job(&mut window).expect("a job");
    assert!(sees(&window, "Trying… 0 %"));
    press(&mut window, "Stop");
    assert!(finding.cancel.load(std::sync::atomic::Ordering::Relaxed) && finder.clone().run(&finding).is_none());
    assert!(sees(&window, "Stopped."));
    window.state_mut().feed.landed.push(Done::ChecksumsFound { number, found: None });
    window.run_steps(3);
    assert!(sees(&window, "Stopped."));
    // Something else is asked for: the answer to the old question is none.
    press(&mut window, "Text");
    press(&mut window, "Hex");
    let (next, finder, finding) = job(&mut window).expect("another job");
    assert!(next > number);
    window.state_mut().feed.landed.push(Done::ChecksumsFound { number, found: Some(Vec::new()) });
    window.run_steps(3);
    assert!(sees(&window, "Trying…") && !sees(&window, "No checksum of the catalogue fits."));
    window.state_mut().feed.landed.push(Done::ChecksumsFound { number: next, found: finder.run(&finding) });
    window.run_steps(3);
    assert!(sees(&window, "CRC-32/ISO-HDLC"));
}

#[test]
fn a_key_is_never_copied_and_an_endpoint_verifies_with_what_was_found() {
    let mut window = window(Form::ChecksumFinder, egui::vec2(1440.0, 900.0));
    let checksum = sockscope::model::Checksum { key: "secret".into(), ..sockscope::model::Checksum::of("HMAC-MD5") };
    let frame = [b"hello".to_vec(), sockscope::payload::checksum(&checksum, b"hello")].concat();
    retype(&mut window, "Key (for HMAC)", "secret");
    frames(&mut window, &sockscope::payload::bytes_to_hex(&frame));
    let button = window.get_by_role_and_label(Role::Button, "Verify with HMAC-MD5");
    assert!(button.accesskit_node().is_disabled(), "there is no socket");
    press(&mut window, "Copy HMAC-MD5");
    let orders = window.state_mut().feed.take_orders();
    assert!(orders.iter().any(|order| *order_text(order) == *"HMAC-MD5"), "{orders:?}");
    let settings = EndpointSettings::new(Protocol::TcpListener(ListenerSettings::default()));
    window.state_mut().state.endpoints.push(Configured { id: EndpointId(1), settings });
    window.run_steps(3);
    press(&mut window, "Verify with HMAC-MD5");
    let orders = window.state_mut().feed.take_orders();
    let verify = orders.into_iter().find_map(|order| match order {
        Order::Retune(EndpointId(1), settings) => settings.verify,
        _ => None,
    });
    assert_eq!(verify.map(|verify| verify.checksum), Some(checksum));
    assert_eq!(window.state().state.form, Form::None);
}

fn order_text(order: &Order) -> String {
    match order {
        Order::Window(WindowOrder::Copy(text)) => text.clone(),
        _ => String::new(),
    }
}
