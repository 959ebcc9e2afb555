//! A filter as it is typed: its parts in their colours, a mistake underlined where it stands.
//!
//! Called by: every field in which a filter is typed.

use std::ops::Range;
use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{Galley, Stroke, TextBuffer, TextFormat, Ui};

use crate::ui::state::Ctx;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets;

/// The layouter of a one-line field.
pub fn filter_layout(
    ctx: &Ctx<'_>,
    mistake: Option<Range<usize>>,
) -> impl FnMut(&Ui, &dyn TextBuffer, f32) -> Arc<Galley> {
    let theme = ctx.theme;
    move |ui, text, _| {
        let job = laid_out(text.as_str(), mistake.clone(), theme);
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    }
}

fn laid_out(text: &str, mistake: Option<Range<usize>>, theme: &Theme) -> LayoutJob {
    let mut parts: Vec<(&str, TextFormat)> = Vec::new();
    let plain = TextFormat::simple(theme::mono(), theme.text);
    let marked = mistake.filter(|at| text.get(at.clone()).is_some_and(|part| !part.is_empty()));
    match marked {
        Some(at) => {
            let wrong = TextFormat { underline: Stroke::new(1.5, theme.error), ..plain.clone() };
            parts.push((&text[..at.start], plain.clone()));
            parts.push((&text[at.clone()], wrong));
            parts.push((&text[at.end..], plain));
        }
        None => parts.push((text, plain)),
    }
    widgets::formatted(&parts)
}
