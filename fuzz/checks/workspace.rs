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
