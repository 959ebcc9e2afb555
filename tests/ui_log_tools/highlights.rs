//! Rules for colours: made, edited, ordered and taken away in their dialog.

use super::*;
use sockscope::model::{HighlightColor, HighlightRule};
use sockscope::session::Highlight;
use sockscope::ui::action::Form;

fn rule(filter: &str, color: HighlightColor) -> HighlightRule {
    HighlightRule { filter: filter.into(), color, enabled: true }
}

fn ordered(window: &mut Window) -> Option<Vec<Highlight>> {
    orders(window).into_iter().rev().find_map(|order| match order {
        Order::Highlight(rules) => Some(rules.to_vec()),
        _ => None,
    })
}

fn open(rules: Vec<HighlightRule>) -> Window {
    let mut state = State::default();
    state.highlights = rules;
    state.form = Form::Highlights;
    state.workspace_path = Some("/w/workspace.toml".into());
    window_of(state, stage(view_of(1..10)), egui::vec2(1440.0, 900.0))
}

#[test]
fn a_rule_is_added_and_counts_while_it_is_typed() {
    let mut window = open(vec![]);
    window.get_by_role_and_label(Role::Button, "Add a rule").click();
    window.run();
    assert!(field(&window, "Rows that fit 1").is_focused());
    assert_eq!(ordered(&mut window), Some(vec![]), "an empty rule highlights nothing");
    field(&window, "Rows that fit 1").type_text("event");
    window.run();
    let rules = ordered(&mut window).unwrap();
    assert_eq!((rules[0].filter.text(), rules[0].color), ("event", HighlightColor::Yellow));
    assert!(state(&mut window).unsaved.workspace.is_some(), "kept in the workspace");
    window.get_by_role_and_label(Role::Button, "Add a rule").click();
    window.run();
    assert_eq!(state(&mut window).highlights[1].color, HighlightColor::Green, "a colour of its own");
}

#[test]
fn rules_are_ordered_switched_off_and_deleted() {
    let mut window = open(vec![rule("a", HighlightColor::Red), rule("b", HighlightColor::Blue)]);
    window.get_by_role_and_label(Role::Button, "Move rule 2 up").click();
    window.run();
    let texts = |window: &mut Window| -> Vec<String> {
        ordered(window).unwrap().iter().map(|rule| rule.filter.text().to_owned()).collect()
    };
    assert_eq!(texts(&mut window), ["b", "a"]);
    window.get_by_role_and_label(Role::CheckBox, "In force 1").click();
    window.run();
    assert_eq!(texts(&mut window), ["a"]);
    window.get_by_role_and_label(Role::Button, "Delete rule 1").click();
    window.run();
    assert_eq!(state(&mut window).highlights, [rule("a", HighlightColor::Red)]);
    window.get_by_role_and_label(Role::ComboBox, "Colour: Red").click();
    window.run();
    window.get_by_role_and_label(Role::Button, "Purple").click();
    window.run();
    assert_eq!(state(&mut window).highlights, [rule("a", HighlightColor::Purple)]);
    window.get_by_role_and_label(Role::Button, "Close").click();
    window.run();
    assert_eq!(state(&mut window).form, Form::None);
}
