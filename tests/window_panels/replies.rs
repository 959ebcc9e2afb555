//! The dialog of automatic replies: what is typed goes to the engine at once, what is wrong is said where it stands, a rule is
//! tried on a row, and a deleted one comes back.

use std::sync::Arc;

use bytes::Bytes;
use egui_kittest::kittest::Queryable as _;
use sockscope::engine::ReplyStatus;
use sockscope::model::{Draft, Event, FramePattern, MatchHow, Recorded, ReplyAct, ReplyRule, What};
use sockscope::session::ViewSnapshot;
use sockscope::ui::action::Form;
use sockscope::ui::stage::Order;

use super::scene::{NOW, Scene};
use super::{Window, orders, press, sees, window};

fn rule(how: MatchHow, pattern: &str, send: &str) -> ReplyRule {
    let pattern = FramePattern { how, pattern: pattern.into(), ..FramePattern::default() };
    ReplyRule { pattern, send: Draft { text: send.into(), ..Draft::default() }, ..ReplyRule::default() }
}

/// The dialog of a listener with these rules; a row with this content is selected.
fn opened<'a>(rules: Vec<ReplyRule>, content: &'static [u8], change: impl FnOnce(&mut Scene)) -> Window<'a> {
    let mut scene = Scene::default();
    let id = scene.listener("127.0.0.1:9000", 1);
    scene.endpoints[0].settings.replies = rules;
    let flow = scene.peer(id, 0).flow.clone();
    change(&mut scene);
    let (mut state, mut stage) = (scene.state(), scene.stage());
    state.form = Form::Replies(id);
    let event = Event { time: NOW, flow, what: What::Received(Bytes::from_static(content)) };
    let row = Arc::new(Recorded { seq: 7, event, damaged: false });
    let rows = vec![Some(row.clone())];
    stage.view =
        Arc::new(ViewSnapshot { matched: 1, scanned: 1, total: 1, rows, selected: Some(row), ..Default::default() });
    window(state, stage)
}

/// The rules as the engine was told last.
fn told(window: &mut Window<'_>) -> Option<Vec<ReplyRule>> {
    let retuned = orders(window).into_iter().filter_map(|order| match order {
        Order::Retune(_, settings) => Some(settings.replies.clone()),
        _ => None,
    });
    retuned.last()
}

#[test]
fn a_rule_is_tried_on_the_selected_row() {
    let rules = vec![rule(MatchHow::Regex, r"add (\d+) (?P<by>\d+)", "{{1}}+{{var:by}}")];
    let window = opened(rules, b"add 40 2", |_| ());
    assert!(sees(&window, "Fits the selected row 7."));
    assert!(sees(&window, "{{1}} = 40  {{2}} = 2"));
    assert!(sees(&window, "It would send 4 B: 40+2"));
    let other = opened(vec![rule(MatchHow::Text, "x", "y")], b"add", |_| ());
    assert!(sees(&other, "Does not fit the selected row 7."));
}

#[test]
fn what_a_reply_sends_is_shown_as_bytes_and_nothing_is_said_to_be_nothing() {
    let window = opened(vec![rule(MatchHow::Any, "", "OK {{1}}{{counter}}")], b"add", |_| ());
    assert!(sees(&window, "4f 4b 20 {{1}} 31") && sees(&window, "Captured from the request"));
    let nothing = |window: &Window<'_>| window.query_all_by_label("nothing to send").count();
    let before = nothing(&window);
    let empty = opened(vec![rule(MatchHow::Any, "", "")], b"add", |_| ());
    assert_eq!(nothing(&empty), before + 1);
}

#[test]
fn what_no_reply_has_is_said_while_it_is_typed() {
    for (send, said) in [
        ("{{ask:Name}}", "there is nobody to ask for Name"),
        ("{{2}}", "Nothing is ever captured as number 2 (groups in the pattern: 1)."),
        ("{{var:who}}", "No group of the pattern is called who"),
        ("{{conter}}", "counter"),
    ] {
        let window = opened(vec![rule(MatchHow::Regex, "a(b)", send)], b"", |_| ());
        assert!(sees(&window, said), "{send}");
    }
    let broken = opened(vec![rule(MatchHow::Regex, "a(b", "")], b"", |_| ());
    assert!(sees(&broken, "bracket is never closed"));
}

#[test]
fn rules_are_added_moved_switched_deleted_and_brought_back() {
    let (a, b) = (rule(MatchHow::Text, "a", "1"), ReplyRule { act: ReplyAct::Echo, ..rule(MatchHow::Any, "", "") });
    let mut window = opened(vec![a.clone(), b.clone()], b"", |_| ());
    press(&mut window, "Move rule 2 up");
    assert_eq!(told(&mut window), Some(vec![b.clone(), a.clone()]));
    press(&mut window, "Delete rule 1");
    assert_eq!(told(&mut window), Some(vec![a.clone()]));
    assert!(sees(&window, "Rule 1 was deleted."));
    press(&mut window, "Undo");
    assert_eq!(told(&mut window), Some(vec![b.clone(), a.clone()]));
    assert!(!sees(&window, "Rule 1 was deleted."));
    window.get_by_role_and_label(egui::accesskit::Role::CheckBox, "Rule 1 is on").click();
    assert_eq!(told(&mut window), Some(vec![ReplyRule { off: true, ..b }, a]));
    press(&mut window, "Add a rule");
    assert_eq!(told(&mut window).map(|rules| rules.len()), Some(3));
}

#[test]
fn hits_are_counted_and_a_rest_is_ended() {
    let any = rule(MatchHow::Any, "", "a");
    let mut window = opened(vec![any.clone(), any], b"", |scene| {
        let status = scene.status(sockscope::model::EndpointId(1));
        let hits = |hits| ReplyStatus { hits, last: Some(NOW) };
        status.replies = vec![hits(1), hits(1234)].into();
        status.replies_paused = true;
    });
    assert!(sees(&window, "1 hit") && sees(&window, "1,234 hits"));
    press(&mut window, "Let them act again");
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::ResumeReplies(_))));
}
