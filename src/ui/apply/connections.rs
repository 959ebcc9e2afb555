//! The table of connections: its order, and the table as CSV.

use std::path::{Path, PathBuf};

use super::{Seen, error_toast, failed, session, toast, words};
use crate::model::{Failure, Timestamp};
use crate::payload::visible_text;
use crate::session::{ConnectionColumn, ConnectionsCsv, ConnectionsOrder};
use crate::ui::action::{ConnectionList, ConnectionsAction, Tab};
use crate::ui::effects::{Ask, Effects, Job, WindowOrder};
use crate::ui::state::State;

/// More text than this is no good on a clipboard; a file takes it.
const MOST_COPIED_BYTES: usize = 32 * 1024 * 1024;

pub fn apply(state: &mut State, action: ConnectionsAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        ConnectionsAction::Arrange(order) => state.connections.order = order,
        ConnectionsAction::Want { list, first, count } => effects.want_connections(list, first, count),
        ConnectionsAction::CopyCsv => {
            let (order, now) = (state.connections.order.clone(), until(state, seen.now));
            effects.start(Job::CopyConnections { order, now });
        }
        ConnectionsAction::SaveCsvWithDialog => {
            let stem = state.saving.suggested.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let suggested = state.saving.suggested.with_file_name(format!("{stem}-connections.csv"));
            session::ask(state, Ask::SaveConnections, suggested, effects);
        }
    }
}

/// Tells the threads behind the lists who is looked at, where that changed.
pub fn list_connections(state: &mut State, effects: &mut dyn Effects) {
    let table = (state.tab == Tab::Connections).then(|| state.connections.order.clone());
    let by_endpoint = ConnectionsOrder { by: ConnectionColumn::Endpoint, ..ConnectionsOrder::default() };
    let outline = state.opened_file.is_some().then_some(by_endpoint);
    let told = &mut state.connections.told;
    if told.0 != table {
        effects.list_connections(ConnectionList::Table, table.clone());
        told.0 = table;
    }
    if told.1 != outline {
        effects.list_connections(ConnectionList::Outline, outline.clone());
        told.1 = outline;
    }
}

/// Another log is shown: its threads were told nothing yet.
pub fn forget(state: &mut State) {
    state.connections.told = (None, None);
}

pub fn copied(state: &mut State, csv: ConnectionsCsv, now: Timestamp, effects: &mut dyn Effects) {
    if csv.text.len() > MOST_COPIED_BYTES {
        let size = words(state).bytes(csv.text.len() as u64);
        let text = words(state).fill("connections.too_large_to_copy", &[("size", &size)]);
        return error_toast(state, text, now);
    }
    effects.window(WindowOrder::Copy(csv.text));
    let text = words(state).count("connections.copied", csv.connections);
    toast(state, text, now, None);
}

/// The dialog gave a path.
pub fn save(state: &State, path: PathBuf, now: Timestamp, effects: &mut dyn Effects) {
    let path = if path.extension().is_none() { path.with_extension("csv") } else { path };
    let (order, now) = (state.connections.order.clone(), until(state, now));
    effects.start(Job::SaveConnections { order, now, path });
}

pub fn saved(state: &mut State, path: &Path, result: Result<u64, Failure>, now: Timestamp) {
    match result {
        Ok(connections) => {
            let path = visible_text(&path.to_string_lossy(), 300);
            let connections = words(state).number(connections);
            let text = words(state).fill("connections.saved", &[("connections", &connections), ("path", &path)]);
            toast(state, text, now, None);
        }
        Err(failure) => failed(state, &failure, now),
    }
}

/// Until when open connections live: nothing lives in a file.
fn until(state: &State, now: Timestamp) -> Option<Timestamp> {
    state.opened_file.is_none().then_some(now)
}
