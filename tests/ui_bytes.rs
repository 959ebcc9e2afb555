//! The bytes panel driven by label and role: selecting, reading, searching, copying, comparing. No sockets, no display.
#![cfg(feature = "window")]

mod window_support;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Role, Vec2};
use egui_kittest::kittest::{By, NodeT, Queryable};
use sockscope::model::{
    ConnectionId, Doing, EndpointId, EndpointSettings, Failure, Flow, Happening, ListenerSettings, Protocol, Reason,
    Recorded, TextEncoding, Timestamp, Transport, What,
};
use sockscope::payload;
use sockscope::session::{Decoration, ViewSnapshot};
use sockscope::ui::action::{Action, LogAction};
use sockscope::ui::app::App;
use sockscope::ui::apply;
use sockscope::ui::effects::{Done, Job, WindowOrder};
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::{Configured, State};
use sockscope::ui::theme;

type Window = window_support::Window<Stage>;

const WIDE: Vec2 = egui::vec2(1380.0, 820.0);
const SMALL: Vec2 = egui::vec2(800.0, 500.0);

fn window(view: ViewSnapshot, selected: u64, size: Vec2) -> Window {
    let mut stage = Stage::default();
    stage.view = Arc::new(view);
    let mut state = State::default();
    state.selected_event = Some(selected);
    let listener = EndpointSettings::new(Protocol::TcpListener(ListenerSettings::default()));
    state.endpoints.push(Configured { id: EndpointId(1), settings: listener });
    let mut window = window_support::open(state, stage, size);
    window.run();
    window
}

fn app(window: &mut Window) -> &mut App<Stage> {
    window.state_mut().as_mut().expect("made in the first frame")
}

fn copied(window: &mut Window) -> Option<String> {
    let orders = app(window).feed.take_orders();
    orders.into_iter().rev().find_map(|order| match order {
        Order::Window(WindowOrder::Copy(text)) => Some(text),
        _ => None,
    })
}

fn row(seq: u64, what: What) -> Arc<Recorded> {
    let at = |port: u16| Some(SocketAddr::from(([127, 0, 0, 1], port)));
    let flow = Arc::new(Flow {
        endpoint: EndpointId(1),
        endpoint_uri: "tcp://127.0.0.1:9000".into(),
        connection: ConnectionId(7),
        transport: Transport::Tcp,
        role: sockscope::model::Role::Listener,
        local: at(9000),
        peer: at(51022),
        mirror: false,
    });
    let time = Timestamp(1_763_833_202_118_204_000 + seq * 1_500_000);
    Arc::new(Recorded { seq, event: sockscope::model::Event { time, flow, what }, damaged: false })
}

fn received(seq: u64, bytes: &[u8]) -> Arc<Recorded> {
    row(seq, What::Received(Bytes::copy_from_slice(bytes)))
}

fn view(rows: Vec<Arc<Recorded>>) -> ViewSnapshot {
    let count = rows.len() as u64;
    let rows = rows.into_iter().map(Some).collect();
    ViewSnapshot { matched: count, scanned: count, total: count, rows, ..ViewSnapshot::default() }
}

fn one(bytes: &[u8]) -> Window {
    window(view(vec![received(1, bytes)]), 1, WIDE)
}

fn sees(window: &Window, text: &str) -> bool {
    window.query_all_by_label_contains(text).next().is_some()
}

/// A button of the panel: the composer below and the log above have some of the same name.
fn press(window: &mut Window, name: &str) {
    let list = bytes_top(window);
    let found = window.get_all_by_role_and_label(Role::Button, name);
    let away = |node: &egui_kittest::Node<'_>| (node.rect().center().y - list).abs();
    found.min_by(|a, b| away(a).total_cmp(&away(b))).expect("there is one").click();
    window.run();
}

/// The upper edge of what is beneath the panel's head.
fn bytes_top(window: &Window) -> f32 {
    let close = ["Hide the bytes", "Stop comparing"];
    let node = close.iter().find_map(|name| window.query_by_label(name)).expect("the panel has a head");
    node.rect().bottom()
}

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.event(Event::PointerMoved(from));
    window.step();
    window.event(button(from, true));
    window.step();
    for step in 1..=4 {
        window.event(Event::PointerMoved(from + (to - from) * (step as f32 / 4.0)));
        window.step();
    }
    window.event(button(to, false));
    window.run();
}

/// The middle of a byte in the hex column of the row that has this label: the dump's own geometry, seen from outside.
fn hex_place(window: &Window, label: &str, column: usize) -> Pos2 {
    let rect = window.get_by_label(label).rect();
    let char_width = window.ctx.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0'));
    let gap = if column >= 8 { 1.0 } else { 0.0 };
    let x = rect.left() + 6.0 + (6.0 + column as f32 * 3.0 + gap + 1.0) * char_width;
    Pos2::new(x, rect.center().y)
}

const HELLO: &str = "0000 68 65 6c 6c 6f 0d 0a hello··";

#[test]
fn dragging_over_hex_selects_in_the_text_as_well() {
    let mut window = one(b"hello\r\n");
    press(&mut window, "Both");
    let (from, to) = (hex_place(&window, HELLO, 1), hex_place(&window, HELLO, 3));
    drag(&mut window, from, to);
    assert!(sees(&window, "3 bytes from 0001 · 7 bytes · #1 · in"));
    let line = window.get_by_role_and_label(Role::ListItem, "hello␍␊");
    assert_eq!(line.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True));
    window.event(Event::Copy);
    window.run();
    assert_eq!(copied(&mut window).as_deref(), Some("65 6c 6c"));
    // And the other way round: from the first character of the text to the third.
    let rect = window.get_by_role_and_label(Role::ListItem, "hello␍␊").rect();
    let char_width = window.ctx.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0'));
    let at = |column: f32| Pos2::new(rect.left() + 6.0 + (column + 0.5) * char_width, rect.center().y);
    drag(&mut window, at(0.0), at(2.0));
    assert!(sees(&window, "3 bytes from 0000 · 7 bytes"));
    window.event(Event::Copy);
    window.run();
    assert_eq!(copied(&mut window).as_deref(), Some("hel"), "the text view copies text");
}

#[test]
fn keys_move_and_extend_the_selection() {
    let mut window = one(&(0..40).collect::<Vec<u8>>());
    window.get_by_role_and_label(Role::List, "Hex dump").click();
    window.run();
    let mut press = |key: Key, modifiers: Modifiers, expected: &str| {
        window.key_press_modifiers(modifiers, key);
        window.run();
        assert!(sees(&window, expected), "{key:?} {modifiers:?}: {expected}");
    };
    press(Key::Home, Modifiers::COMMAND, "1 byte from 0000");
    press(Key::ArrowRight, Modifiers::NONE, "1 byte from 0001");
    press(Key::ArrowDown, Modifiers::NONE, "1 byte from 0011");
    press(Key::ArrowRight, Modifiers::SHIFT, "2 bytes from 0011");
    press(Key::End, Modifiers::SHIFT, "15 bytes from 0011");
    press(Key::Home, Modifiers::SHIFT, "2 bytes from 0010");
    press(Key::End, Modifiers::COMMAND, "1 byte from 0027");
    press(Key::A, Modifiers::COMMAND, "40 bytes from 0000");
    window.key_press(Key::Escape);
    window.run();
    assert!(!sees(&window, "from 0000 · 40 bytes"), "Escape takes the selection away");
}

#[test]
fn the_inspector_reads_from_the_cursor_on_and_a_click_copies() {
    let mut window = one(&[0x2A, 0x34, 0x12, 0xFF, 0xFF]);
    assert!(sees(&window, "u8: 42"));
    assert!(sees(&window, "u16, little endian: 13354"));
    window.get_by_role_and_label(Role::List, "Hex dump").click();
    window.run();
    for key in [Key::Home, Key::ArrowRight] {
        window.key_press(key);
        window.run();
    }
    window.get_by_label("u16, little endian: 4660");
    assert!(sees(&window, "i16, big endian: 13330"));
    assert!(!sees(&window, "u64, little"), "four bytes are too few");
    window.get_by_role_and_label(Role::Button, "u16, little endian: 4660").click();
    window.run();
    assert_eq!(copied(&mut window).as_deref(), Some("4660"));
    press(&mut window, "Inspector");
    assert!(!sees(&window, "u16, little endian"));
}

#[test]
fn sums_follow_the_selection() {
    let mut window = window(view(vec![received(1, b"123456789x")]), 1, egui::vec2(1380.0, 1400.0));
    // A taller panel, so that the last readings are on screen.
    let top = bytes_top(&window);
    let handles = window.get_all_by_label("Resize panel").map(|node| node.rect());
    let handle = handles
        .filter(|rect| rect.width() > rect.height())
        .min_by(|a, b| (a.center().y - top).abs().total_cmp(&(b.center().y - top).abs()));
    let at = handle.expect("panels can be resized").center() - egui::vec2(0.0, 1.0);
    drag(&mut window, at, at - egui::vec2(0.0, 500.0));
    assert!(bytes_top(&window) < top - 400.0);
    window.get_by_role_and_label(Role::List, "Hex dump").click();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::Home);
    window.run();
    for _ in 0..8 {
        window.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
        window.run();
    }
    for sum in ["length: 9", "0xdd", "0x31", "0x4b37", "0xcbf43926"] {
        assert!(sees(&window, sum), "{sum}");
    }
}

#[test]
fn searching_marks_counts_and_goes_around() {
    let mut window = one("ab 泵 AB\r\nab".as_bytes());
    press(&mut window, "Search in these bytes");
    window.get_by_role_and_label(Role::TextInput, "Search in these bytes").type_text("ab");
    window.run();
    assert!(sees(&window, "3 places"));
    for expected in ["1 of 3", "2 of 3", "3 of 3", "1 of 3"] {
        window.key_press(Key::Enter);
        window.run();
        assert!(sees(&window, expected), "{expected}");
    }
    press(&mut window, "Previous place");
    assert!(sees(&window, "3 of 3"));
    window.get_by_role_and_label(Role::TextInput, "Search in these bytes").click();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.get_by_role_and_label(Role::TextInput, "Search in these bytes").type_text("泵");
    window.run();
    assert!(sees(&window, "1 place"));
    window.key_press(Key::Escape);
    window.run();
    assert!(window.query_by_role_and_label(Role::TextInput, "Search in these bytes").is_none());
    assert!(sees(&window, "2 bytes from"), "what was gone to stays selected");
}

#[test]
fn text_is_decoded_in_the_encoding_of_the_connection() {
    let mut window = one(&[0xB1, 0xC3, b'\n', 0xFF, b'a']);
    window.get_by_label("0000 b1 c3 0a ff 61 ××·×a");
    press(&mut window, "Encoding: UTF-8");
    let of_connection = window.get_all_by_label("GBK").next().expect("listed");
    of_connection.click();
    window.run();
    window.get_by_label("0000 b1 c3 0a ff 61 泵·×a");
    assert_eq!(app(&mut window).state.connection_encodings.get(&ConnectionId(7)), Some(&TextEncoding::Gbk));
    press(&mut window, "Text");
    window.get_by_role_and_label(Role::ListItem, "泵␊");
    window.get_by_role_and_label(Role::ListItem, "⟨ff⟩a");
}

#[test]
fn long_lines_are_cut_and_lines_are_virtual() {
    let mut text = vec![b'x'; 9_000];
    text.extend_from_slice(b"\nend\n");
    let mut window = one(&text);
    press(&mut window, "Text");
    window.get_by_role_and_label(Role::List, "Text").click();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::End);
    window.run();
    window.get_by_role_and_label(Role::ListItem, "end␊");
    let cut = window.get_by_role_and_label(Role::ListItem, "… 4,905 bytes more");
    cut.click();
    window.run();
    assert!(sees(&window, "4,905 bytes from 1000"), "the rest of the line is selected");
    let items = window.get_all_by_role(Role::ListItem).count();
    assert!(items < 80, "{items} rows are laid out");
}

#[test]
fn sixty_four_kilobytes_draw_only_what_is_in_view() {
    let bytes: Vec<u8> = (0..65_536_u32).map(|n| (n * 7) as u8).collect();
    let mut window = one(&bytes);
    window.get_by_role_and_label(Role::List, "Hex dump").click();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::End);
    window.run();
    window.get(By::new().role(Role::ListItem).label_contains("fff0 90 97"));
    assert!(window.get_all_by_role(Role::ListItem).count() < 80);
}

#[test]
fn offsets_can_be_decimal_and_it_is_kept() {
    let mut window = one(&[b'a'; 20]);
    press(&mut window, "View");
    window.get_by_label("Decimal offsets").click();
    window.run();
    window.get_by_label("00016 61 61 61 61 aaaa");
    let app = app(&mut window);
    assert!(app.state.unsaved.preferences.is_some());
    assert!(apply::preferences(&app.state).decimal_offsets);
}

#[test]
fn every_format_can_be_copied() {
    let mut window = one(b"hi\n");
    let formats = [
        ("As hex", "68 69 0a"),
        ("As hex without blanks", "68690a"),
        ("As text", "hi\n"),
        ("As text with escapes", "hi\\n"),
        ("As C array", "unsigned char bytes[3] = { 0x68, 0x69, 0x0a };"),
        ("As Rust array", "const BYTES: [u8; 3] = [0x68, 0x69, 0x0a];"),
        ("As Python bytes", "b\"hi\\n\""),
        ("As base64", "aGkK"),
    ];
    for (entry, expected) in formats {
        press(&mut window, "Copy");
        window.get_by_label(entry).click();
        window.run();
        assert_eq!(copied(&mut window).as_deref(), Some(expected), "{entry}");
    }
}

#[test]
fn changes_since_the_frame_before_are_told() {
    let mut shown = view(vec![received(3, &[1, 2, 3]), received(5, &[1, 9, 3])]);
    shown.before_selected = Some(received(3, &[1, 2, 3]));
    let mut window = window(shown, 5, WIDE);
    assert!(!sees(&window, "changed since"));
    press(&mut window, "Mark changes");
    assert!(sees(&window, "1 byte changed since event #3."));
    let at = hex_place(&window, "0000 01 09 03 ···", 1);
    window.event(Event::PointerMoved(at));
    window.run();
    window.run_steps(40);
    assert!(sees(&window, "02 → 09"), "the tooltip tells the old value");
    let lonely = view(vec![received(5, &[1, 9, 3])]);
    app(&mut window).feed.view = Arc::new(lonely);
    window.run();
    assert!(sees(&window, "No earlier event of this connection"));
}

fn pair(before: &[u8], after: &[u8]) -> ViewSnapshot {
    view(vec![received(3, before), received(5, after)])
}

fn compare(window: &mut Window, with: u64) {
    let action = Action::Log(LogAction::Compare(Some(with)));
    let app = app(window);
    let view = app.feed.view.clone();
    let engine = app.feed.engine.clone();
    let seen = apply::Seen { engine: &engine, view: &view, now: Timestamp(1) };
    apply::apply(&mut app.state, action, &seen, &mut app.feed);
    window.run();
}

#[test]
fn two_events_are_compared_side_by_side() {
    let mut window = window(pair(b"abcdef", b"abXcdeY!"), 5, WIDE);
    compare(&mut window, 3);
    assert!(sees(&window, "#3 ↓ 6 bytes"));
    window.get_by_label("0000 61 62 63 64 65 [66] | 0000 61 62 [+58] 63 64 65 [59] [+21]");
    assert!(sees(&window, "1 changed") && sees(&window, "2 added") && !sees(&window, "removed"));
    press(&mut window, "Next difference");
    assert!(sees(&window, "1 of 2"));
    press(&mut window, "Previous difference");
    assert!(sees(&window, "2 of 2"));
    press(&mut window, "Swap the two");
    window.get_by_label("0000 61 62 [-58] 63 64 65 [59] [-21] | 0000 61 62 63 64 65 [66]");
    assert!(sees(&window, "2 removed"));
    press(&mut window, "Stop comparing");
    assert_eq!(app(&mut window).state.compared_event, None);
    window.get_by_label("0000 61 62 58 63 64 65 59 21 abXcdeY!");
}

#[test]
fn where_it_is_narrow_one_stands_beneath_the_other() {
    let mut window = window(pair(b"abcdefgh12345678", b"abcdefgh12X45678"), 5, egui::vec2(800.0, 640.0));
    compare(&mut window, 3);
    window.get_by_label("0000 61 62 63 64 65 66 67 68");
    window.get_by_label("− 0008 31 32 [33] 34 35 36 37 38");
    window.get_by_label("+ 0008 31 32 [58] 34 35 36 37 38");
}

#[test]
fn a_large_pair_is_compared_by_a_job() {
    let before: Vec<u8> = (0..4_000_u32).map(|n| (n * 7 % 251) as u8).collect();
    let after: Vec<u8> = (0..4_000_u32).map(|n| (n * 11 % 241) as u8).collect();
    let mut window = window(pair(&before, &after), 5, WIDE);
    compare(&mut window, 3);
    window.get_by_label("Comparing…");
    let job = app(&mut window).feed.take_orders().into_iter().find_map(|order| match order {
        Order::Start(Job::Compare { number, before, after }) => Some((number, before, after)),
        _ => None,
    });
    let (number, b, a) = job.expect("a job was started");
    assert_eq!((&b[..], &a[..]), (&before[..], &after[..]));
    let late = Some(std::time::Instant::now());
    let difference = Arc::new(payload::difference(&b, &a, late));
    let answer = |number| Done::Compared { number, difference: difference.clone() };
    app(&mut window).feed.landed.push(answer(number + 1));
    window.run();
    window.get_by_label("Comparing…");
    app(&mut window).feed.landed.push(answer(number));
    window.run();
    assert!(sees(&window, "Too different to align"));
    assert!(sees(&window, "changed"));
}

#[test]
fn events_without_bytes_are_not_compared_and_show_their_facts() {
    let failure = Failure {
        errno: Some(111),
        system: "Connection refused".into(),
        ..Failure::new(Doing::Connect, "127.0.0.1:9", Reason::Refused)
    };
    let failed = row(2, What::Happened(Box::new(Happening::Failed { failure })));
    let mut window = window(view(vec![received(1, b"x"), failed]), 2, WIDE);
    for fact in
        ["What to try", "Connection refused · error 111", "tcp://127.0.0.1:9000", "127.0.0.1:51022", "Own address"]
    {
        assert!(sees(&window, fact), "{fact}");
    }
    compare(&mut window, 1);
    assert!(sees(&window, "Only two events with bytes can be compared."));
}

#[test]
fn damaged_bytes_say_so() {
    let mut damaged = (*received(1, b"abc")).clone();
    damaged.damaged = true;
    let window = window(view(vec![Arc::new(damaged)]), 1, WIDE);
    assert!(sees(&window, "these bytes do not fit their checksum"));
}

#[test]
fn marks_of_the_log_are_drawn_without_harm() {
    let mut shown = view(vec![received(1, b"abc")]);
    let found: Arc<[std::ops::Range<usize>]> = vec![0..2, 2..99].into();
    shown.selected = shown.rows[0].clone();
    shown.selected_decoration = Decoration { found: found.clone(), filtered: found, ..Decoration::default() };
    let mut window = window(shown, 1, WIDE);
    press(&mut window, "Both");
    window.get_by_label("0000 61 62 63 abc");
}

#[test]
fn everything_holds_in_a_small_window_and_at_twice_the_size() {
    let bytes: Vec<u8> = (0..200).collect();
    for size in [SMALL, egui::vec2(690.0, 410.0)] {
        let mut window = window(view(vec![received(1, &bytes)]), 1, size);
        window.get_by_label("0000 00 01 02 03 04 05 06 07 ········");
        let close = window.get_by_label("Hide the bytes").rect();
        assert!(close.right() <= size.x, "{close:?}");
        for name in ["Copy", "View", "Search in these bytes"] {
            let all = window.get_all_by_role_and_label(Role::Button, name);
            let panel = bytes_top(&window);
            let node = all.min_by(|a, b| {
                let away = |node: &egui_kittest::Node<'_>| (node.rect().bottom() - panel).abs();
                away(a).total_cmp(&away(b))
            });
            let rect = node.expect(name).rect();
            assert!(rect.left() > 160.0 && rect.right() < close.left() + 1.0, "{name}: {rect:?}");
        }
        press(&mut window, "Search in these bytes");
        window.get_by_role_and_label(Role::TextInput, "Search in these bytes").type_text("hex");
        window.run();
        let field = window.get_by_role_and_label(Role::TextInput, "Search in these bytes").rect();
        assert!(field.right() < close.left() && field.width() > 50.0, "{field:?}");
    }
}

#[test]
fn the_panel_has_its_height_back_after_the_window_was_small() {
    let mut window = one(&(0..=255).collect::<Vec<u8>>());
    let top = |window: &Window| bytes_top(window);
    let before = top(&window);
    window.set_size(SMALL);
    window.run();
    assert!(top(&window) > 200.0 && top(&window) < 500.0);
    window.set_size(WIDE);
    window.run();
    window.run();
    assert!((top(&window) - before).abs() < 2.0, "{} is not {before}", top(&window));
}
