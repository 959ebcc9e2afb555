//! What must hold for any filter text. Run by the fuzz target and by `tests/fuzz_corpus_filter.rs`.

use sockscope::filter::{Context, Filter, complete, tokens};
use sockscope::model::SavedFilter;
use sockscope::words::{Language, Words};

/// Nothing panics anywhere in the text; colours cover it; a mistake lies on characters and has words; what was understood is
/// written and understood again as the same.
pub fn filter_parse(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let saved = [SavedFilter { name: "saved".to_owned(), filter: text.clone().into_owned() }];
    let endpoints = ["tcp://127.0.0.1:9000".to_owned(), text.chars().take(40).collect()];
    let context = Context { endpoints: &endpoints, peers: &endpoints, saved: &saved };

    let mut at = 0;
    for (range, kind) in tokens(&text) {
        assert!(range.start == at && !range.is_empty() && text.get(range.clone()).is_some(), "{kind:?} at {range:?}");
        at = range.end;
    }
    assert_eq!(at, text.len());
    // Within characters too, and beyond the end.
    for cursor in (0..=text.len() + 1).step_by(1 + text.len() / 64) {
        let found = complete(&text, cursor, &context);
        assert!(text.get(found.replace.clone()).is_some(), "{cursor}: {found:?}");
        assert!(found.items.len() <= 50);
    }
    match Filter::parse(&text) {
        Ok(filter) => {
            if let Some(expression) = filter.expression() {
                let written = expression.to_string();
                // Written out it may be longer than a filter may be.
                if let Ok(again) = Filter::parse(&written) {
                    assert_eq!(again.expression(), Some(expression), "{written}");
                } else {
                    assert!(written.len() > text.len(), "{written}");
                }
            }
        }
        Err(mistake) => {
            assert!(text.get(mistake.at.clone()).is_some_and(|marked| !marked.is_empty()), "{mistake:?}");
            for language in Language::ALL {
                let told = Words::of(language).filter_mistake(&mistake);
                assert!(!told.is_empty() && !told.chars().any(char::is_control), "{told:?}");
            }
            if let Some(mended) = mistake.remedy(&text) {
                assert_ne!(mended, text);
            }
        }
    }
}
