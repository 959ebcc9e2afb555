//! The threads behind the lists of connections of one log, for as long as somebody looks at them.
//! Called by: `live`.

use std::sync::Arc;

use super::Waker;
use crate::session::{Clock, ConnectionsOrder, ConnectionsSnapshot, ConnectionsView, Log};
use crate::ui::action::ConnectionList;

#[derive(Default)]
pub struct Lists {
    table: Option<ConnectionsView>,
    outline: Option<ConnectionsView>,
}

impl Lists {
    /// `None`: nobody looks at it, and its thread ends.
    pub fn show(
        &mut self,
        list: ConnectionList,
        order: Option<ConnectionsOrder>,
        log: &Arc<Log>,
        clock: Option<Clock>,
        waker: &Waker,
    ) {
        let view = match list {
            ConnectionList::Table => &mut self.table,
            ConnectionList::Outline => &mut self.outline,
        };
        match order {
            Some(order) => {
                view.get_or_insert_with(|| ConnectionsView::new(log.clone(), clock, waker.as_fn())).arrange(order);
            }
            None => *view = None,
        }
    }

    pub fn want(&self, list: ConnectionList, first: u64, count: usize) {
        if let Some(view) = self.of(list) {
            view.want(first, count);
        }
    }

    pub fn snapshot(&self, list: ConnectionList) -> Arc<ConnectionsSnapshot> {
        self.of(list).map(ConnectionsView::snapshot).unwrap_or_default()
    }

    fn of(&self, list: ConnectionList) -> Option<&ConnectionsView> {
        match list {
            ConnectionList::Table => self.table.as_ref(),
            ConnectionList::Outline => self.outline.as_ref(),
        }
    }
}
