//! Marking rows with the mouse and the keyboard, and what is done with them.

use super::*;
use sockscope::session::Query;
use sockscope::ui::action::Form;
use sockscope::ui::effects::WindowOrder;

fn click(window: &mut Window, seq: u64, held: Modifiers) {
    event(window, seq).click_modifiers(held);
    window.run();
}

fn copied(window: &mut Window) -> Option<String> {
    window.event(egui::Event::Copy);
    window.run();
    orders(window).into_iter().find_map(|order| match order {
        Order::Window(WindowOrder::Copy(text)) => Some(text),
        _ => None,
    })
}

fn is_selected(window: &Window, seq: u64) -> bool {
    event(window, seq).accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
}

#[test]
fn shift_marks_the_shown_rows_between() {
    let mut window = window(stage(view_of([3, 4, 5, 9, 10, 12])));
    click(&mut window, 4, Modifiers::NONE);
    click(&mut window, 10, Modifiers::SHIFT);
    assert_eq!(state(&mut window).marked, [4..=5, 9..=10]);
    window.get_by_label("4 events marked");
    for (seq, selected) in [(3, false), (4, true), (5, true), (9, true), (10, true), (12, false)] {
        assert_eq!(is_selected(&window, seq), selected, "{seq}");
    }
    let text = copied(&mut window).unwrap();
    let rows: Vec<&str> = text.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
    assert_eq!(rows, ["event 4.", "event 5.", "event 9.", "event 10."]);
    // The menu leaves the marks alone, another click does not.
    event(&window, 9).click_secondary();
    window.run();
    assert_eq!(state(&mut window).marked.len(), 2);
    window.key_press(Key::Escape);
    window.run();
    click(&mut window, 3, Modifiers::NONE);
    assert!(state(&mut window).marked.is_empty());
    assert_eq!(state(&mut window).selected_event, Some(3));
}

#[test]
fn shift_and_arrows_move_the_end_of_the_marked_rows() {
    let mut window = window(stage(view_of(1..30)));
    click(&mut window, 10, Modifiers::NONE);
    let press = |window: &mut Window, key| {
        window.key_press_modifiers(Modifiers::SHIFT, key);
        window.run();
        state(window).marked.clone()
    };
    assert_eq!(press(&mut window, Key::ArrowDown), [10..=11]);
    assert_eq!(press(&mut window, Key::ArrowDown), [10..=12]);
    assert_eq!(press(&mut window, Key::ArrowUp), [10..=11]);
    assert!(press(&mut window, Key::ArrowUp).is_empty());
    assert_eq!(press(&mut window, Key::ArrowUp), [9..=10]);
    assert_eq!(state(&mut window).selected_event, Some(10), "its bytes stay in view");
    // A click with Shift is where the arrows go on.
    click(&mut window, 14, Modifiers::SHIFT);
    assert_eq!(press(&mut window, Key::ArrowDown), [10..=15]);
    window.key_press(Key::Escape);
    window.run();
    assert!(state(&mut window).marked.is_empty());
}

#[test]
fn ctrl_marks_a_row_for_comparison() {
    let mut window = window(stage(view_of(1..10)));
    click(&mut window, 2, Modifiers::NONE);
    click(&mut window, 5, Modifiers::COMMAND);
    assert_eq!(state(&mut window).compared_event, Some(5));
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Select(Some(2), Some(5)))));
    click(&mut window, 5, Modifiers::COMMAND);
    assert_eq!(state(&mut window).compared_event, None);
    event(&window, 7).click_secondary();
    window.run();
    assert_eq!(state(&mut window).selected_event, Some(2), "a menu selects nothing else");
    window.get_by_label("Compare with the selected one").click();
    window.run();
    assert_eq!(state(&mut window).compared_event, Some(7));
}

#[test]
fn what_happened_is_not_offered_for_comparison() {
    use sockscope::model::Happening;
    let mut view = view_of(1..10);
    let mut happened = Recorded::clone(view.rows[3].as_deref().unwrap());
    happened.event.what = What::Happened(Box::new(Happening::Accepted));
    view.rows[3] = Some(Arc::new(happened));
    let mut window = window(stage(view));
    click(&mut window, 2, Modifiers::NONE);
    window.get_by_label_contains("Accepted").click_secondary();
    window.run();
    assert!(sees(&window, "Only ones like this"));
    assert!(!sees(&window, "Compare with the selected one"));
}

#[test]
fn all_rows_are_marked_and_too_many_are_not_copied() {
    let view = ViewSnapshot { matched: 10_000, scanned: 10_000, total: 10_000, ..view_of(1..200) };
    let mut window = window(stage(view));
    window.get_by_role_and_label(Role::List, "Events").click();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run();
    window.get_by_label("All 10,000 events shown are marked");
    assert_eq!(copied(&mut window), None);
    window.get_by_label_contains("Too many to copy");
    window.get_by_role_and_label(Role::Button, "Save marked…").click();
    window.run();
    assert_eq!(state(&mut window).form, Form::SaveLog);
}

#[test]
fn marks_of_shown_rows_go_when_the_filter_changes() {
    let mut narrow = State::default();
    narrow.query.sent = false;
    let view = ViewSnapshot { query: narrow.query.clone(), ..view_of(1..10) };
    let mut window = window_of(narrow, stage(view), egui::vec2(1440.0, 900.0));
    window.get_by_role_and_label(Role::List, "Events").click();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run();
    assert!(state(&mut window).marked_shown_only);
    window.get_by_role_and_label(Role::Button, "out").click();
    window.run();
    assert!(state(&mut window).marked.is_empty());
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Show(Query { sent: true, .. }))));
}

#[test]
fn a_connection_is_followed_from_the_menu() {
    use sockscope::session::Scope;
    use sockscope::ui::action::Tab;
    let mut window = window(stage(view_of(1..10)));
    event(&window, 4).click_secondary();
    window.run();
    window.get_by_label("Follow this connection").click();
    window.run();
    assert_eq!(state(&mut window).tab, Tab::Conversation);
    assert_eq!(state(&mut window).query.scope, Scope::Connection(ConnectionId(7)));
}
