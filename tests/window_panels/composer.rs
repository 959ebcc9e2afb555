//! The composer: what is typed shows as bytes, mistakes are marked, the right thing is sent to the right place.

use std::time::Duration;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use sockscope::engine::{Repeat, SendProgress, SendState, Source, Target};
use sockscope::model::{
    ConnectionId, Doing, Draft, EndpointId, Failure, HostPort, PayloadFormat, Reason, SavedPayload, SendId, Timestamp,
};
use sockscope::ui::app::App;
use sockscope::ui::effects::{Done, Job};
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::{MeasuredFile, State};
use sockscope::workspace::Unsent;

use super::scene::{NOW, Scene};
use super::{Window, field, orders, press, retype, sees, value, window};

fn one_peer<'a>() -> Window<'a> {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 2);
    window(scene.state(), scene.stage())
}

fn sent(window: &mut Window<'_>) -> Vec<(Target, Vec<u8>, Option<Repeat>)> {
    orders(window)
        .into_iter()
        .filter_map(|order| match order {
            Order::Send(target, Source::Bytes(bytes), repeat) => Some((target, bytes.to_vec(), repeat)),
            _ => None,
        })
        .collect()
}

#[test]
fn nobody_to_send_to_is_said_and_send_is_off() {
    let mut window = window(State::default(), Stage::default());
    retype(&mut window, "Payload", "hello");
    assert!(sees(&window, "nobody is connected"));
    press(&mut window, "Send");
    window.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    assert_eq!(sent(&mut window), []);
}

#[test]
fn typing_shows_the_bytes_and_ctrl_enter_sends_them() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "hello\\r\\n");
    assert!(sees(&window, "7 bytes"));
    assert!(sees(&window, "68 65 6c 6c 6f 0d 0a"));
    window.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    let expected = (Target::Connection(ConnectionId(1)), b"hello\r\n".to_vec(), None);
    assert_eq!(sent(&mut window), [expected]);
    assert_eq!(value(&window, "Payload"), "hello\\r\\n", "the text stays");
}

#[test]
fn a_mistake_is_named_and_nothing_is_sent() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "a\\qb");
    assert!(sees(&window, "\\q is no escape"));
    press(&mut window, "Send");
    assert_eq!(sent(&mut window), []);
    // The other view begins empty, has its own mistakes, and the text of each stays.
    press(&mut window, "Format: Hex");
    retype(&mut window, "Payload", "00 0g");
    assert!(sees(&window, "g is not a hex digit"));
    press(&mut window, "Format: Text");
    assert_eq!(value(&window, "Payload"), "a\\qb");
}

#[test]
fn hex_is_sent_as_bytes() {
    let mut window = one_peer();
    press(&mut window, "Format: Hex");
    retype(&mut window, "Payload", "0x00, 01 ff");
    press(&mut window, "Send");
    assert_eq!(sent(&mut window)[0].1, [0, 1, 255]);
}

#[test]
fn the_target_is_chosen_from_the_list() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "x");
    window.get_by_role_and_label(egui::accesskit::Role::ComboBox, "Send to").click();
    window.run_steps(4);
    window.get_by_label("all 2 peers of 127.0.0.1:9000").click();
    window.run_steps(4);
    press(&mut window, "Send");
    assert_eq!(sent(&mut window)[0].0, Target::Endpoint(EndpointId(1)));
}

#[test]
fn a_udp_socket_wants_an_address() {
    let mut scene = Scene::default();
    let id = scene.udp("127.0.0.1:5005", 0);
    let mut window = window(scene.state(), scene.stage());
    assert!(sees(&window, "Type the address to send to."));
    retype(&mut window, "Address to send to", "127.0.0.1:7");
    retype(&mut window, "Payload", "x");
    press(&mut window, "Send");
    let to = HostPort::new("127.0.0.1", 7);
    assert_eq!(sent(&mut window), [(Target::Datagram { from: id, to }, b"x".to_vec(), None)]);
}

#[test]
fn a_datagram_over_the_limit_is_refused_with_the_limit() {
    let mut scene = Scene::default();
    scene.udp("127.0.0.1:5005", 1);
    let mut window = window(scene.state(), scene.stage());
    retype(&mut window, "Payload", &"a".repeat(65_508));
    assert!(sees(&window, "65"), "the limit is named");
    press(&mut window, "Send");
    assert_eq!(sent(&mut window), []);
    retype(&mut window, "Payload", &"a".repeat(65_507));
    press(&mut window, "Send");
    assert_eq!(sent(&mut window)[0].1.len(), 65_507);
}

#[test]
fn an_empty_datagram_can_be_sent_and_an_empty_stream_cannot() {
    let mut scene = Scene::default();
    scene.udp("127.0.0.1:5005", 1);
    let mut udp = window(scene.state(), scene.stage());
    press(&mut udp, "Send");
    assert_eq!(sent(&mut udp)[0].1, Vec::<u8>::new());
    let mut tcp = one_peer();
    press(&mut tcp, "Send");
    assert_eq!(sent(&mut tcp), []);
    assert!(sees(&tcp, "nothing to send"));
}

#[test]
fn repeat_has_a_count_and_an_interval_and_stop_is_the_same_button() {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 1);
    let mut window = window(scene.state(), scene.stage());
    retype(&mut window, "Payload", "x");
    press(&mut window, "Repeat");
    retype(&mut window, "Number of times", "100");
    retype(&mut window, "Milliseconds between", "10");
    press(&mut window, "Send");
    let repeat = Some(Repeat { count: Some(100), every: Duration::from_millis(10) });
    assert_eq!(sent(&mut window)[0].2, repeat);
    // The engine sends.
    let mut engine = (*scene.engine()).clone();
    engine.sends.push(SendProgress {
        id: SendId(1),
        sent: 37,
        round_bytes: 1,
        rounds: 37,
        rounds_asked: Some(100),
        lateness: Default::default(),
        state: SendState::Running,
    });
    window.state_mut().feed.engine = engine.into();
    window.run_steps(4);
    assert!(sees(&window, "37 of 100"));
    press(&mut window, "Stop");
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::StopSend(SendId(1)))));
}

#[test]
fn a_wrong_interval_is_said() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "x");
    press(&mut window, "Repeat");
    retype(&mut window, "Milliseconds between", "soon");
    assert!(sees(&window, "whole number of milliseconds"));
    press(&mut window, "Send");
    assert_eq!(sent(&mut window), []);
}

#[test]
fn a_file_is_measured_by_a_job_and_sent_by_its_path() {
    let mut window = one_peer();
    press(&mut window, "Format: File");
    retype(&mut window, "Path of the file", "/tmp/firmware.bin");
    let jobs = orders(&mut window);
    assert!(
        jobs.iter().any(|order| matches!(order, Order::Start(Job::MeasureFile(path)) if path == "/tmp/firmware.bin")),
        "{jobs:?}"
    );
    window.state_mut().state.file = Some(MeasuredFile { path: "/tmp/firmware.bin".into(), size: Ok(4096) });
    window.run_steps(3);
    assert!(sees(&window, "4,096 bytes"));
    press(&mut window, "Send");
    assert!(
        orders(&mut window)
            .iter()
            .any(|order| matches!(order, Order::Send(_, Source::File(path), None) if path.ends_with("firmware.bin")))
    );
}

#[test]
fn up_and_down_walk_through_what_was_sent() {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 1);
    let mut state = scene.state();
    state.history = vec!["one".into(), "two".into()];
    let mut window = window(state, scene.stage());
    retype(&mut window, "Payload", "three");
    for (key, expected) in
        [(Key::ArrowUp, "two"), (Key::ArrowUp, "one"), (Key::ArrowDown, "two"), (Key::ArrowDown, "three")]
    {
        window.key_press(key);
        window.run_steps(3);
        assert_eq!(value(&window, "Payload"), expected);
    }
}

#[test]
fn a_payload_is_saved_under_a_name_and_sent_from_its_row() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "ping");
    press(&mut window, "Save payload");
    press(&mut window, "Save");
    assert!(sees(&window, "A name is needed."));
    retype(&mut window, "Name of the payload", "Ping");
    press(&mut window, "Save");
    let expected = SavedPayload {
        name: "Ping".into(),
        draft: Draft { text: "ping".into(), ..Draft::default() },
        ..SavedPayload::default()
    };
    assert_eq!(window.state().state.payloads, [expected]);
    retype(&mut window, "Payload", "other");
    press(&mut window, "Send Ping");
    assert_eq!(sent(&mut window)[0].1, b"ping");
    // A click on the row puts it into the composer.
    press(&mut window, "Ping");
    assert_eq!(value(&window, "Payload"), "ping");
}

#[test]
fn a_closed_target_is_not_exchanged_for_another() {
    let mut scene = Scene::default();
    let id = scene.listener("127.0.0.1:9000", 2);
    let mut state = scene.state();
    state.target = Some(Target::Connection(ConnectionId(2)));
    scene.peer(id, 1).state = sockscope::engine::ConnectionState::Closed;
    let mut window = window(state, scene.stage());
    retype(&mut window, "Payload", "x");
    assert!(sees(&window, "127.0.0.1:20001 is closed."));
    press(&mut window, "Send");
    assert_eq!(sent(&mut window), []);
}

#[test]
fn a_toast_with_undo_goes_by_itself_or_by_its_buttons() {
    use sockscope::model::Timestamp;
    use sockscope::ui::action::{Action, SendAction};
    use sockscope::ui::state::Toast;
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 1);
    let mut state = scene.state();
    let undo =
        Action::Send(SendAction::Edit(Draft { text: "back".into(), format: PayloadFormat::Text, ..Draft::default() }));
    let toast =
        |text: &str, undo| Toast { text: text.into(), is_error: false, until: Timestamp(NOW.0 + 1_000_000_000), undo };
    state.toasts = vec![toast("Removed it", Some(undo.into()))];
    let mut window = window(state, scene.stage());
    assert!(sees(&window, "Removed it"));
    press(&mut window, "Undo");
    assert!(!sees(&window, "Removed it"));
    assert_eq!(value(&window, "Payload"), "back");
    window.state_mut().state.toasts = vec![toast("Another", None)];
    window.run_steps(2);
    assert!(sees(&window, "Another"));
    window.state_mut().feed.now = Timestamp(NOW.0 + 2_000_000_000);
    window.run_steps(3);
    assert!(!sees(&window, "Another"));
}

#[test]
fn nothing_is_cut_off_in_the_smallest_window() {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 1);
    let mut window = window(scene.state(), scene.stage());
    window.set_size(egui::vec2(800.0, 500.0));
    window.run_steps(6);
    for label in [
        "Send to",
        "Payload",
        "Send",
        "Format: Text",
        "Format: File",
        "Line ending",
        "Checksum",
        "Repeat",
        "Save payload",
    ] {
        for node in window.query_all_by_label(label) {
            let rect = node.rect();
            let inside = egui::Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(800.0, 476.0));
            assert!(inside.contains_rect(rect), "{label} at {rect:?}");
        }
    }
}

#[test]
fn a_long_text_leaves_room_for_its_bytes_in_the_smallest_window() {
    let mut window = one_peer();
    window.set_size(egui::vec2(800.0, 500.0));
    window.run_steps(6);
    retype(&mut window, "Payload", &"0123456789abcde ".repeat(20_000));
    understood(&mut window);
    window.run_steps(6);
    let rect = |label: &str| window.query_all_by_label(label).last().unwrap().rect();
    assert!(rect("All bytes").bottom() <= 476.0, "{:?}", rect("All bytes"));
    assert!(rect("Last").bottom() + 28.0 <= rect("All bytes").top(), "a line of the text is between them");
    let log = rect("Pause");
    assert!(rect("Send to").top() >= log.bottom() + 100.0, "{:?}", rect("Send to"));
}

#[test]
fn the_composer_does_not_grow_by_itself() {
    for size in [egui::vec2(1440.0, 900.0), egui::vec2(800.0, 500.0)] {
        let mut window = one_peer();
        window.set_size(size);
        window.run_steps(6);
        let before = field(&window, "Payload").rect();
        window.run_steps(20);
        assert_eq!(field(&window, "Payload").rect(), before);
        assert!(before.height() <= 100.0, "{before:?}");
    }
}

/// A send to the second peer that failed with a long sentence.
fn failed_send<'a>() -> Window<'a> {
    failed(Failure::new(Doing::Send, "255.255.255.255:22199", Reason::BroadcastOff))
}

fn failed<'a>(failure: Failure) -> Window<'a> {
    let mut scene = Scene::default();
    scene.udp("127.0.0.1:5005", 2);
    let mut state = scene.state();
    state.target = Some(Target::Connection(ConnectionId(2)));
    let mut window = window(state, scene.stage());
    retype(&mut window, "Payload", &"x".repeat(400));
    press(&mut window, "Send");
    let id = window.state().state.last_send.expect("it was sent");
    let mut engine = (*window.state().feed.engine).clone();
    engine.sends = vec![SendProgress {
        id,
        sent: 0,
        round_bytes: 400,
        rounds: 0,
        rounds_asked: Some(1),
        lateness: Default::default(),
        state: SendState::Failed(failure),
    }];
    window.state_mut().feed.engine = engine.into();
    window.run_steps(4);
    window
}

#[test]
fn a_failed_send_is_said_in_one_line_and_the_composer_does_not_grow() {
    for size in [egui::vec2(1440.0, 900.0), egui::vec2(800.0, 500.0)] {
        let mut window = failed_send();
        window.set_size(size);
        window.run_steps(6);
        let before = field(&window, "Payload").rect();
        window.run_steps(20);
        assert_eq!(field(&window, "Payload").rect(), before);
        let said = window.get_by_label_contains("may not send broadcasts").rect();
        assert!(said.height() < 24.0 && said.right() <= size.x, "{said:?}");
    }
}

#[test]
fn a_failed_send_is_no_longer_said_once_target_or_text_are_others() {
    let mut window = failed_send();
    assert!(sees(&window, "may not send broadcasts"));
    retype(&mut window, "Payload", "y");
    assert!(!sees(&window, "may not send broadcasts"));

    let mut window = failed_send();
    window.state_mut().state.target = Some(Target::Connection(ConnectionId(1)));
    window.run_steps(4);
    assert!(!sees(&window, "may not send broadcasts"));
}

#[test]
fn what_is_wrong_now_goes_before_what_went_wrong() {
    let mut window = failed_send();
    retype(&mut window, "Payload", &"x".repeat(65_508));
    assert!(sees(&window, "65,507"));
    assert!(!sees(&window, "may not send broadcasts"));
}

#[test]
fn save_payload_lets_one_type_the_name_at_once() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "hello");
    press(&mut window, "Save payload");
    window.event(egui::Event::Text("greeting".into()));
    window.run_steps(2);
    assert_eq!(value(&window, "Name of the payload"), "greeting");
    assert_eq!(value(&window, "Payload"), "hello");
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert_eq!(window.state().state.payloads[0].name, "greeting");
}

#[test]
fn the_views_of_a_payload_are_linked_both_ways() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "hi\\r\\n");
    press(&mut window, "Format: Hex");
    assert_eq!(value(&window, "Payload"), "68 69 0d 0a");
    press(&mut window, "Format: Base64");
    assert_eq!(value(&window, "Payload"), "aGkNCg==");
    press(&mut window, "Format: Hex");
    retype(&mut window, "Payload", "68 6f");
    press(&mut window, "Format: Text");
    assert_eq!(value(&window, "Payload"), "ho");
    // What stood there before comes back by Undo.
    field(&window, "Payload").focus();
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run_steps(3);
    assert_eq!(value(&window, "Payload"), "hi\\r\\n");
}

#[test]
fn a_draft_with_templates_stays_as_typed() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "n={{counter}}");
    press(&mut window, "Format: Hex");
    assert_eq!(value(&window, "Payload"), "");
    assert!(sees(&window, "Text has templates and stays as typed"));
    retype(&mut window, "Payload", "ff");
    assert!(!sees(&window, "Text has templates"));
    press(&mut window, "Format: Text");
    assert_eq!(value(&window, "Payload"), "n={{counter}}");
    assert!(sees(&window, "Text shows what was typed there before"));
}

#[test]
fn text_and_hex_stand_in_one_line() {
    let mut window = one_peer();
    press(&mut window, "Format: Text + hex");
    retype(&mut window, "Payload", "OK [01 ff]\\r");
    assert!(sees(&window, "4f 4b 20 01 ff 0d"));
    press(&mut window, "Send");
    assert_eq!(sent(&mut window)[0].1, b"OK \x01\xff\r");
}

#[test]
fn of_templates_an_example_is_shown_and_looking_does_not_count() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "{{counter}}/{{peer}}");
    assert!(sees(&window, "example: 17 bytes"));
    assert!(sees(&window, "31 2f 31 32 37"));
    window.run_steps(10);
    assert!(sees(&window, "31 2f 31 32 37"));
    press(&mut window, "Send");
    let orders = orders(&mut window);
    assert!(orders.iter().any(|order| matches!(order, Order::Send(_, Source::Payload { .. }, _))), "{orders:?}");
}

#[test]
fn what_is_not_known_yet_is_a_placeholder() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "a{{ask:Name}}b{{file:/no/such}}");
    assert!(sees(&window, "example, to be filled in"));
    assert!(sees(&window, "61 {{ask:Name}} 62 {{file:/no/such}}"));
    // What was answered the last time is the example.
    window.state_mut().state.answered.insert("Name".into(), "xy".into());
    window.run_steps(3);
    assert!(sees(&window, "61 78 79 62 {{file:/no/such}}"));
    retype(&mut window, "Payload", "{{1}}");
    press(&mut window, "Send");
    assert!(orders(&mut window).iter().all(|order| !matches!(order, Order::Send(..))));
}

#[test]
fn a_template_is_inserted_at_the_cursor_by_keys_alone() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "n=");
    window.get_by_role_and_label(egui::accesskit::Role::Button, "Insert").focus();
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(4);
    window.get_by_label_contains("UUID").focus();
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert_eq!(value(&window, "Payload"), "n={{uuid}}");
    // One goes on typing behind it.
    window.event(egui::Event::Text("!".into()));
    window.run_steps(3);
    assert_eq!(value(&window, "Payload"), "n={{uuid}}!");
}

#[test]
fn a_marked_part_is_put_around_the_selection() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "abc");
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run_steps(2);
    press(&mut window, "Insert");
    window.get_by_label_contains("Length of a marked part").click();
    window.run_steps(4);
    assert_eq!(value(&window, "Payload"), "{{length:u16be,body}}{{begin:body}}abc{{end:body}}");
    assert!(sees(&window, "00 03 61 62 63"));
}

#[test]
fn a_file_for_a_template_is_asked_for_and_inserted() {
    use sockscope::ui::effects::Ask;
    let mut window = one_peer();
    retype(&mut window, "Payload", "x");
    press(&mut window, "Insert");
    window.get_by_label_contains("Content of a file").click();
    let jobs = orders(&mut window);
    assert!(
        jobs.iter().any(|order| matches!(order, Order::Start(Job::AskPath { what: Ask::TemplateFile, .. }))),
        "{jobs:?}"
    );
    window.state_mut().state.template_file = (1, "/tmp/a.bin".into());
    window.run_steps(4);
    assert_eq!(value(&window, "Payload"), "x{{file:/tmp/a.bin}}");
}

#[test]
fn a_repeat_says_how_late_it_was() {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 1);
    let mut engine = (*scene.engine()).clone();
    let mut window = window(scene.state(), scene.stage());
    engine.sends.push(SendProgress {
        id: SendId(1),
        sent: 37,
        round_bytes: 1,
        rounds: 37,
        rounds_asked: Some(100),
        lateness: sockscope::engine::Lateness { median: 300_000, p99: 1_100_000, most: 2_000_000 },
        state: SendState::Running,
    });
    window.state_mut().feed.engine = engine.into();
    window.run_steps(4);
    assert!(sees(&window, "late: median"));
}

#[test]
fn what_is_asked_is_typed_before_it_is_sent() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "hi {{ask:Name}}");
    press(&mut window, "Send");
    assert!(sees(&window, "Before it is sent"));
    window.event(egui::Event::Text("Ada".into()));
    window.run_steps(2);
    assert_eq!(value(&window, "Name"), "Ada");
    window.key_press(Key::Enter);
    let sent = orders(&mut window);
    let asks = sent.iter().find_map(|order| match order {
        Order::Send(_, Source::Payload { asks, .. }, _) => asks.get("Name").cloned(),
        _ => None,
    });
    assert_eq!(asks.as_deref(), Some("Ada"), "{sent:?}");
    assert!(!sees(&window, "Before it is sent"));
    // The next time it begins with that answer; Cancel sends nothing.
    press(&mut window, "Send");
    assert_eq!(value(&window, "Name"), "Ada");
    press(&mut window, "Cancel");
    assert!(!sees(&window, "Before it is sent"));
    assert!(orders(&mut window).iter().all(|order| !matches!(order, Order::Send(..))));
}

#[test]
fn what_stood_in_the_composer_stands_there_at_the_next_start() {
    let unsent = Unsent {
        format: PayloadFormat::Hex,
        checksum: "CRC-16/MODBUS".parse().unwrap(),
        texts: vec![(PayloadFormat::Hex, "01 zz".into()), (PayloadFormat::Text, "hello".into())],
        ..Unsent::default()
    };
    let mut state = State::default();
    state.unsent = unsent.clone().into();
    let mut window = window(state, Stage::default());
    assert_eq!(value(&window, "Payload"), "01 zz");
    assert!(sees(&window, "Checksum: CRC-16/MODBUS"));
    assert!(!orders(&mut window).iter().any(|order| matches!(order, Order::Start(Job::SaveUnsent(_)))));
    retype(&mut window, "Payload", "01 03");
    window.get_by_label("Format: Text").click();
    window.run_steps(4);
    let App { state, feed, .. } = window.state_mut();
    sockscope::ui::apply::flush(state, feed);
    let saved = orders(&mut window).into_iter().find_map(|order| match order {
        Order::Start(Job::SaveUnsent(unsent)) => Some(unsent),
        _ => None,
    });
    let texts = vec![(PayloadFormat::Text, "hello".into()), (PayloadFormat::Hex, "01 03".into())];
    assert_eq!(saved.as_deref(), Some(&Unsent { format: PayloadFormat::Text, texts, ..unsent }));
}

/// Has the long draft understood as a job does.
fn understood(window: &mut Window<'_>) {
    let now = window.state().feed.now;
    window.state_mut().feed.now = Timestamp(now.0 + 10_000_000_000);
    window.run_steps(4);
    let question = orders(window).into_iter().find_map(|order| match order {
        Order::Start(Job::Understand(question)) => Some(*question),
        _ => None,
    });
    let answer = sockscope::ui::understood::understand(question.expect("a job is asked"));
    window.state_mut().feed.landed.push(Done::Understood(answer.into()));
    window.run_steps(4);
}

#[test]
fn a_long_text_is_edited_in_pages_and_understood_by_a_job() {
    let mut window = one_peer();
    field(&window, "Payload").focus();
    window.run_steps(2);
    let text = "0123456789abcde ".repeat(20_000);
    window.event(egui::Event::Paste(text.clone()));
    window.run_steps(4);
    assert!(sees(&window, "to 320,000 of 320,000"), "the page in which the paste ends");
    assert!(value(&window, "Payload").len() < 64 * 1024);
    understood(&mut window);
    assert!(sees(&window, "320,000 bytes"));
    press(&mut window, "First");
    assert!(sees(&window, "Bytes 1 to"));
    let page = value(&window, "Payload");
    retype(&mut window, "Payload", &format!("NEW{page}\\q"));
    understood(&mut window);
    press(&mut window, "Last");
    press(&mut window, "Show the mistake");
    let page = value(&window, "Payload");
    retype(&mut window, "Payload", &page.replace("\\q", ""));
    understood(&mut window);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    let sent = sent(&mut window);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1, format!("NEW{text}").into_bytes());
}

#[test]
fn a_paste_beyond_the_limit_is_refused_in_words_and_loses_nothing() {
    let mut window = one_peer();
    retype(&mut window, "Payload", "stays");
    window.event(egui::Event::Paste("x".repeat(64 * 1024 * 1024)));
    window.run_steps(4);
    assert_eq!(value(&window, "Payload"), "stays");
    assert!(sees(&window, "Send them as a file."));
}

#[test]
fn a_file_that_was_refused_can_be_allowed_where_it_is_said() {
    let mut window = failed(Failure::new(Doing::ReadFile, "/elsewhere/a.bin", Reason::NotAllowed));
    press(&mut window, "Allow this file");
    let asked = orders(&mut window);
    let is_pick = |order: &Order| matches!(order, Order::Start(Job::PickFile(file)) if file.ends_with("a.bin"));
    assert!(asked.iter().any(is_pick), "{asked:?}");
    assert!(!sees(&window, "Allow this file"), "the failure is history");
    let window = failed(Failure::new(Doing::ReadFile, "../a.bin", Reason::NotAllowed));
    assert!(!sees(&window, "Allow this file"), "which file that is depends on the folder");
}

#[test]
fn of_a_long_payload_the_computed_bytes_are_seen_and_all_are_a_press_away() {
    let mut window = one_peer();
    let text = format!("{}{{{{checksum:CRC-16/MODBUS}}}}{}", "a".repeat(500), "b".repeat(500));
    retype(&mut window, "Payload", &text);
    assert!(sees(&window, "61 … ce 1f …"), "the checksum stands in the line");
    assert!(sees(&window, "• Checksum"), "the colours are said");
    press(&mut window, "All bytes");
    assert!(sees(&window, "00000000  61 61 61 61"));
    // What was typed alone needs neither.
    retype(&mut window, "Payload", "ab");
    assert!(!sees(&window, "• Checksum") && window.query_by_label("All bytes").is_none());
}
