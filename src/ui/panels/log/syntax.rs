//! A filter as it is typed: its parts in their colours, a mistake underlined where it stands.
//!
//! Called by: every field in which a filter is typed.

use std::ops::Range;
use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{Color32, Galley, Stroke, TextBuffer, TextFormat, Ui};

use crate::filter::{self, TokenKind};
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
    let mistake = mistake.filter(|at| text.get(at.clone()).is_some_and(|part| !part.is_empty()));
    let mut parts: Vec<(&str, TextFormat)> = Vec::new();
    for (at, kind) in filter::tokens(text) {
        // A mistake may begin or end within a token.
        let wrong = mistake.clone().map_or(at.end..at.end, |wrong| clamped(&wrong, &at));
        let format = TextFormat::simple(theme::mono(), color_of(kind, theme));
        let marked = TextFormat { underline: Stroke::new(1.5, theme.error), ..format.clone() };
        for (part, format) in
            [(at.start..wrong.start, format.clone()), (wrong.clone(), marked), (wrong.end..at.end, format)]
        {
            if let Some(part) = text.get(part).filter(|part| !part.is_empty()) {
                parts.push((part, format));
            }
        }
    }
    widgets::formatted(&parts)
}

fn clamped(range: &Range<usize>, within: &Range<usize>) -> Range<usize> {
    let at = |place: usize| place.clamp(within.start, within.end);
    at(range.start)..at(range.end)
}

fn color_of(kind: TokenKind, theme: &Theme) -> Color32 {
    match kind {
        TokenKind::Blank | TokenKind::Text | TokenKind::Value => theme.text,
        TokenKind::Quoted => theme.ok,
        TokenKind::Regex => theme.outgoing,
        TokenKind::Key => theme.accent,
        TokenKind::Operator | TokenKind::Bracket => theme.dim,
        TokenKind::Keyword => theme.incoming,
        TokenKind::UnknownKey => theme.error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn underlined(text: &str, at: Range<usize>) -> String {
        let job = laid_out(text, Some(at), &Theme::DARK);
        let marked = job.sections.iter().filter(|section| section.format.underline.width > 0.0);
        marked.map(|section| &job.text[section.byte_range.start.0..section.byte_range.end.0]).collect()
    }

    #[test]
    fn exactly_what_is_wrong_is_underlined() {
        assert_eq!(underlined("dir:up x", 4..6), "up");
        assert_eq!(underlined("a size:9..1", 2..11), "size:9..1");
        assert_eq!(underlined("knd:x 泵", 0..3), "knd");
        assert_eq!(underlined("a", 1..1), "");
        assert_eq!(underlined("泵", 1..2), "", "not on the edges of a character");
    }

    proptest! {
        #[test]
        fn no_text_is_lost(text in "\\PC{0,60}", from in 0usize..60, length in 0usize..20) {
            let job = laid_out(&text, Some(from..from + length), &Theme::LIGHT);
            prop_assert_eq!(job.text, text);
        }
    }
}
