//! What is made of a content, made again only when the content is another: not in each frame.
//!
//! Owns: nothing; egui keeps it beside the widget. Called by: editors that compile what is typed.

use egui::{Id, Ui};

/// `make` is pure, and asks nothing of the window.
pub fn made_once<K, V>(ui: &Ui, id: Id, content: &K, make: impl Fn(&K) -> V) -> V
where
    K: Clone + PartialEq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    ui.data_mut(|data| {
        let kept = data.get_temp_mut_or_insert_with(id, || (content.clone(), make(content)));
        if kept.0 != *content {
            *kept = (content.clone(), make(content));
        }
        kept.1.clone()
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_same_content_is_made_once() {
        let (made, context) = (Cell::new(0), egui::Context::default());
        let mut read = Vec::new();
        for text in ["a", "a", "bc", "bc", "a"] {
            let mut output = context.run_ui(egui::RawInput::default(), |ui| {
                let content = text.to_owned();
                read.push(made_once(ui, Id::unique("made"), &content, |text| {
                    made.set(made.get() + 1);
                    text.len()
                }));
            });
            output.textures_delta.clear();
        }
        read.dedup();
        assert_eq!((read, made.get()), (vec![1, 2, 1], 3));
    }
}
