//! Up and Down through the texts that were sent. Called by: the composer's editor.

/// Where in the history the editor stands.
#[derive(Default)]
pub struct Place {
    /// Counted from the newest; `None`: the text being written.
    back: Option<usize>,
    /// What was being written before the first step back.
    written: String,
    /// The cursor stood in the first or last row when it was drawn last.
    pub in_first_row: bool,
    pub in_last_row: bool,
}

impl Place {
    /// The text one step older.
    pub fn older(&mut self, history: &[String], current: &str) -> Option<String> {
        let back = self.back.map_or(0, |back| back + 1);
        let text = history.get(history.len().checked_sub(back + 1)?)?;
        if self.back.is_none() {
            current.clone_into(&mut self.written);
        }
        self.back = Some(back);
        Some(text.clone())
    }

    /// The text one step newer; at the end what was being written.
    pub fn newer(&mut self, history: &[String]) -> Option<String> {
        let back = self.back?;
        if back == 0 {
            self.back = None;
            return Some(std::mem::take(&mut self.written));
        }
        self.back = Some(back - 1);
        history.get(history.len().checked_sub(back)?).cloned()
    }

    /// The person wrote something: the next step back begins at the newest again.
    pub fn forget(&mut self) {
        self.back = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_back_and_returns_to_what_was_written() {
        let history = ["one".to_owned(), "two".to_owned()];
        let mut place = Place::default();
        assert_eq!(place.older(&history, "draft").as_deref(), Some("two"));
        assert_eq!(place.older(&history, "two").as_deref(), Some("one"));
        assert_eq!(place.older(&history, "one"), None);
        assert_eq!(place.newer(&history).as_deref(), Some("two"));
        assert_eq!(place.newer(&history).as_deref(), Some("draft"));
        assert_eq!(place.newer(&history), None);
        assert_eq!(Place::default().older(&[], "x"), None);
    }
}
