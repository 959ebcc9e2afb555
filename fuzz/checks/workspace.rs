//! What must hold for any workspace file. Run by the fuzz target and by `tests/fuzz_corpus_payload.rs`.

use sockscope::workspace::{VERSION, Workspace, WorkspaceError};

/// A workspace that is read is written and read again as the same; a position lies within the text.
pub fn workspace(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match Workspace::parse(&text) {
        Ok(workspace) => {
            let written = workspace.to_text().expect("what was read can be written");
            // What is written is of the newest version.
            let expected = Workspace { version: VERSION, ..workspace };
            assert_eq!(Workspace::parse(&written).as_ref(), Ok(&expected), "{written}");
        }
        Err(WorkspaceError::Syntax { line, column, message }) => {
            assert!(line >= 1 && line <= text.split('\n').count(), "line {line}");
            let width = text.split('\n').nth(line - 1).map_or(0, |line| line.chars().count());
            assert!(column >= 1 && column <= width + 1, "line {line}, column {column} of {width}");
            assert!(!message.is_empty() && !message.chars().any(char::is_control), "{message:?}");
        }
        Err(_) => {}
    }
}

/// Whatever stands in a file of payloads: what is imported is bounded and composes, or is left out with a reason.
pub fn payload_import(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let words = sockscope::words::Words::of(sockscope::words::Language::English);
    match sockscope::workspace::import_text(text, "bench") {
        Ok(imported) => {
            for payload in &imported.payloads {
                assert!(payload.name.len() <= 200 && payload.remark.len() <= 200);
                assert_eq!(payload.folder, "bench");
                assert!(sockscope::payload::compile(&payload.draft).is_ok(), "{payload:?}");
            }
            assert!(imported.payloads.len() <= sockscope::workspace::MAX_ITEMS);
            assert!(imported.left_out.iter().all(|left_out| !left_out.sentence(words).is_empty()));
        }
        Err(why) => assert!(!why.sentence(words).is_empty()),
    }
}
