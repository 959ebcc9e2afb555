//! The find bar: typing, stepping, counting, marking.

use super::*;
use sockscope::filter::Filter;
use sockscope::model::Note;
use sockscope::session::{Decoration, FindSnapshot, FindStep, Found};

fn found(text: &str, number: u64, seq: u64, place: u64, step: u64) -> FindSnapshot {
    FindSnapshot {
        filter: Filter::parse(text).unwrap(),
        found: 1_204,
        scanned: u64::MAX,
        current: Some(Found { seq, place, number, frame: None }),
        step,
        wrapped: false,
        bar: vec![false, true, false, true].into(),
    }
}

fn searching(rows: std::ops::Range<u64>) -> Window {
    let mut window = window(stage(view_of(rows)));
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run();
    orders(&mut window);
    window
}

fn answer(window: &mut Window, find: FindSnapshot) {
    let view = ViewSnapshot { find, ..(*app(window).feed.view).clone() };
    app(window).feed.view = Arc::new(view);
    window.run();
}

#[test]
fn typing_searches_after_a_pause_from_what_is_on_screen() {
    let mut window = searching(1..500);
    window.get_by_role_and_label(Role::List, "Events").click();
    window.run();
    window.key_press(Key::Home);
    window.run();
    window.key_press(Key::PageDown);
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run();
    assert!(field(&window, "Find").is_focused());
    orders(&mut window);
    field(&window, "Find").type_text("event");
    window.step();
    window.step();
    let early = orders(&mut window);
    assert!(!early.iter().any(|order| matches!(order, Order::Find(_))), "{early:?}");
    settle(&mut window);
    let late = orders(&mut window);
    assert!(
        late.iter().any(|order| matches!(order, Order::Find(Some(filter)) if filter.text() == "event")),
        "{late:?}"
    );
    let from = late.iter().find_map(|order| match order {
        Order::FindStep(FindStep::Next, from) => *from,
        _ => None,
    });
    assert!(from.is_some_and(|from| from > 5 && from < 100), "{from:?}");
}

#[test]
fn an_answer_is_selected_shown_and_counted() {
    let mut window = searching(1..500);
    field(&window, "Find").type_text("event");
    settle(&mut window);
    answer(&mut window, found("event", 3, 250, 249, 1));
    assert_eq!(state(&mut window).selected_event, Some(250));
    let list = window.get_by_role_and_label(Role::List, "Events").rect();
    let row = event(&window, 250).rect();
    assert!(list.contains_rect(row), "{list:?} {row:?}");
    window.get_by_label("3 of 1,204");
    assert!(field(&window, "Find").is_focused(), "one may type on");

    window.key_press(Key::Enter);
    window.run();
    window.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
    window.run();
    window.key_press(Key::F3);
    window.run();
    window.key_press_modifiers(Modifiers::SHIFT, Key::F3);
    window.run();
    window.get_by_role_and_label(Role::Button, "Previous match").click();
    window.run();
    let steps: Vec<_> = orders(&mut window)
        .into_iter()
        .filter_map(|order| match order {
            Order::FindStep(step, from) => Some((step, from)),
            _ => None,
        })
        .collect();
    let (next, previous) = ((FindStep::Next, Some(250)), (FindStep::Previous, Some(250)));
    // The first is that of the typing.
    assert_eq!(steps[1..], [next, previous, next, previous, previous]);
}

#[test]
fn what_the_search_says_is_told() {
    let mut window = searching(1..200);
    field(&window, "Find").type_text("event");
    settle(&mut window);
    answer(&mut window, FindSnapshot { wrapped: true, ..found("event", 1, 9, 8, 1) });
    window.get_by_label_contains("went on from the other end");
    answer(&mut window, FindSnapshot { scanned: 80, ..found("event", 1, 9, 8, 1) });
    window.get_by_label_contains("searching… 40 %");
    answer(&mut window, FindSnapshot { found: 0, current: None, ..found("event", 1, 9, 8, 2) });
    window.get_by_label("Not found");
    state(&mut window).query.sent = false;
    window.run();
    window.get_by_label("Not found in the rows shown");
}

#[test]
fn escape_closes_the_bar_and_leaves_the_filter() {
    let mut window = searching(1..20);
    state(&mut window).filter_text = "event".into();
    field(&window, "Find").type_text("x");
    settle(&mut window);
    orders(&mut window);
    window.key_press(Key::Escape);
    window.run();
    assert!(!state(&mut window).find.open);
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Find(None))));
    assert_eq!(state(&mut window).filter_text, "event");
    // The rows have the keyboard now: the next Esc clears the filter.
    window.key_press(Key::Escape);
    window.run();
    assert_eq!(state(&mut window).filter_text, "");
    // What was looked for is still there.
    window.key_press(Key::F3);
    window.run();
    assert_eq!(field(&window, "Find").value().as_deref(), Some("x"));
}

#[test]
fn a_mistake_is_said_in_the_bar() {
    let mut window = searching(1..20);
    field(&window, "Find").type_text("/(/");
    settle(&mut window);
    assert!(state(&mut window).find.mistake.is_some());
    assert!(orders(&mut window).iter().all(|order| !matches!(order, Order::Find(Some(_)))));
}

#[test]
fn a_match_far_away_is_gone_to_before_its_row_is_read() {
    let view = ViewSnapshot { matched: 10_000_000, scanned: 10_000_000, total: 10_000_000, ..view_of(1..200) };
    let mut window = window(stage(view));
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run();
    field(&window, "Find").type_text("event");
    settle(&mut window);
    app(&mut window).feed.orders.clear();
    answer(&mut window, found("event", 7, 5_000_001, 5_000_000, 1));
    let wanted = app(&mut window).feed.orders.iter().any(
        |order| matches!(order, Order::Want(first, count) if (*first..first + *count as u64).contains(&5_000_000)),
    );
    assert!(wanted);
}

#[test]
fn a_noted_row_tells_its_note() {
    let mut view = view_of(1..4);
    let note = Note { seq: 2, text: "look\u{202e}here".into(), time: Timestamp(0) };
    let noted = Decoration { note: Some(Arc::new(note)), gap: Some(2_500_000), ..Decoration::default() };
    view.decorations = vec![Decoration::default(), noted, Decoration::default()];
    let window = window(stage(view));
    window.get_by_label("Note: look⟨U+202E⟩here");
}
