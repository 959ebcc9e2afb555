//! The texts of a payload, one a format, and how one is made of another when the format is switched.
//!
//! Owns: what was typed in each format and its undo. Views of the same bytes are linked: what is edited in one shows in the
//! other, as long as the bytes are the same at each sending. Never: overwrites what was typed for itself. Called by: the composer.

use std::ops::Range;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use egui::text_edit::TextEditState;

use super::piece::{self, Piece};
use crate::model::{Draft, PayloadFormat, TextEncoding};
use crate::payload::{self, Fill, MadeBy, Memory, Supplied};

/// More is not shown in another format: one would wait for it.
const MOST_CONVERTED_BYTES: usize = 1024 * 1024;

#[derive(Default)]
pub struct Views {
    pub format: PayloadFormat,
    views: [View; PayloadFormat::ALL.len()],
    /// Counts what may have changed the text or its format: a long text is not compared in every frame.
    changes: u64,
}

#[derive(Default)]
struct View {
    text: String,
    /// The bytes of it that are in the editor; all of a short one.
    piece: Range<usize>,
    /// What switching put there; while it stands there nobody has edited it.
    made: Option<String>,
    /// It showed the same bytes as the other linked ones when it was last left or entered.
    linked: bool,
    /// Cursor and undo, while another format is shown.
    state: Option<TextEditState>,
}

/// Why the other format does not show the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    Mistake,
    Templates,
    Long,
    /// Something else was typed there before.
    OwnText,
}

impl Views {
    pub fn text(&self) -> &String {
        &self.view(self.format).text
    }

    pub fn text_mut(&mut self) -> &mut String {
        self.changes += 1;
        &mut self.view_mut(self.format).text
    }

    /// Grows with every change of the text and of the format.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The text as the editor shows it.
    pub fn piece(&mut self) -> Piece<'_> {
        let view = self.view_mut(self.format);
        view.piece = piece::fit(&view.piece, &view.text);
        Piece { whole: &mut view.text, range: &mut view.piece, changed: false }
    }

    /// Which bytes of it that are.
    pub fn piece_range(&self) -> Range<usize> {
        let view = self.view(self.format);
        piece::fit(&view.piece, &view.text)
    }

    pub fn step(&mut self, step: piece::Step) {
        let view = self.view_mut(self.format);
        view.piece = piece::step(&view.piece, &view.text, step);
    }

    /// The editor changed the piece.
    pub fn edited(&mut self) {
        self.changes += 1;
    }

    /// A text from elsewhere in the format shown; the other formats keep theirs.
    pub fn take(&mut self, text: &str) {
        for view in &mut self.views {
            view.linked = false;
        }
        self.changes += 1;
        let view = self.view_mut(self.format);
        text.clone_into(&mut view.text);
        (view.made, view.piece) = (None, 0..0);
    }

    /// Shows another format. `state`: cursor and undo of the text shown until now; those of the next come back,
    /// and of which format it does not show the bytes.
    pub fn switch(
        &mut self,
        to: PayloadFormat,
        encoding: TextEncoding,
        state: Option<TextEditState>,
    ) -> (Option<TextEditState>, Option<(PayloadFormat, Apart)>) {
        let from = self.format;
        if from == to {
            return (state, None);
        }
        let state = self.leave_for(to, state);
        let files = from == PayloadFormat::File || to == PayloadFormat::File;
        let apart = if files { None } else { self.convert(from, to, encoding) };
        (state, apart.map(|apart| (from, apart)))
    }

    /// Shows another format as it was left.
    pub fn leave_for(&mut self, to: PayloadFormat, state: Option<TextEditState>) -> Option<TextEditState> {
        self.view_mut(self.format).state = state;
        self.changes += 1;
        self.format = to;
        self.view_mut(to).state.take()
    }

    fn convert(&mut self, from: PayloadFormat, to: PayloadFormat, encoding: TextEncoding) -> Option<Apart> {
        let source = &self.view(from).text;
        let target = self.view(to);
        if source.is_empty() && !self.view(from).linked {
            return None;
        }
        let bytes = match same_each_time(from, source, encoding) {
            Ok(bytes) => bytes,
            Err(apart) => {
                self.view_mut(from).linked = false;
                return Some(apart);
            }
        };
        let both_linked = self.view(from).linked && target.linked;
        let unedited = target.made.as_ref() == Some(&target.text);
        if !(target.text.is_empty() || both_linked || unedited) {
            let same = same_each_time(to, &target.text, encoding).is_ok_and(|there| there == bytes);
            self.link(from, to, same);
            return (!same).then_some(Apart::OwnText);
        }
        // Another spelling of the same bytes stays as it was typed.
        if !target.text.is_empty() && same_each_time(to, &target.text, encoding).is_ok_and(|there| there == bytes) {
            self.link(from, to, true);
            return None;
        }
        if bytes.len() > MOST_CONVERTED_BYTES {
            return Some(Apart::Long);
        }
        let text = written(to, &bytes, encoding);
        if same_each_time(to, &text, encoding).as_ref() != Ok(&bytes) {
            return Some(Apart::Mistake);
        }
        let view = self.view_mut(to);
        view.made = Some(text.clone());
        (view.text, view.piece) = (text, 0..0);
        self.link(from, to, true);
        None
    }

    fn link(&mut self, from: PayloadFormat, to: PayloadFormat, linked: bool) {
        self.view_mut(from).linked |= linked;
        self.view_mut(to).linked = linked;
    }

    fn view(&self, format: PayloadFormat) -> &View {
        &self.views[format as usize]
    }

    fn view_mut(&mut self, format: PayloadFormat) -> &mut View {
        &mut self.views[format as usize]
    }
}

/// The bytes of a text that are the same each time, and made by nothing but what was typed.
fn same_each_time(format: PayloadFormat, text: &str, encoding: TextEncoding) -> Result<Bytes, Apart> {
    let draft = Draft { format, text: text.to_owned(), encoding, ..Draft::default() };
    let compiled = payload::compile(&draft).map_err(|_| Apart::Mistake)?;
    let bytes = compiled.fixed().ok_or(Apart::Templates)?;
    // Lengths and checksums come to the same bytes each time, and are templates all the same.
    let (supplied, mut memory) = (Supplied::default(), Memory::default());
    let mut fill = Fill::plain(crate::model::Timestamp(0), jiff::tz::TimeZone::UTC, &supplied, &mut memory);
    let rendered = compiled.render(&mut fill).map_err(|_| Apart::Templates)?;
    let typed = |made_by| matches!(made_by, MadeBy::Typed | MadeBy::Escape | MadeBy::Hex);
    if rendered.parts.iter().all(|part| typed(part.made_by)) { Ok(bytes.clone()) } else { Err(Apart::Templates) }
}

fn written(format: PayloadFormat, bytes: &[u8], encoding: TextEncoding) -> String {
    match format {
        PayloadFormat::Text => payload::bytes_to_text(bytes, encoding),
        PayloadFormat::Mixed => payload::bytes_to_mixed(bytes, encoding),
        PayloadFormat::Hex => payload::bytes_to_hex(bytes),
        PayloadFormat::Base64 => BASE64_STANDARD.encode(bytes),
        PayloadFormat::File => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PayloadFormat::{Base64, Hex, Mixed, Text};

    fn typed(format: PayloadFormat, text: &str) -> Views {
        let mut views = Views { format, ..Views::default() };
        *views.text_mut() = text.to_owned();
        views
    }

    fn go(views: &mut Views, to: PayloadFormat) -> Option<Apart> {
        views.switch(to, TextEncoding::Utf8, None).1.map(|(_, apart)| apart)
    }

    #[test]
    fn all_views_show_the_same_bytes_and_edits_go_both_ways() {
        let mut views = typed(Text, "hi\\r\\n");
        for (to, expected) in
            [(Hex, "68 69 0d 0a"), (Base64, "aGkNCg=="), (Mixed, "hi\\r\\n"), (Hex, "68 69 0d 0a"), (Text, "hi\\r\\n")]
        {
            assert_eq!(go(&mut views, to), None);
            assert_eq!(views.text(), expected);
        }
        go(&mut views, Hex);
        *views.text_mut() = "68 6f".into();
        go(&mut views, Text);
        assert_eq!(views.text(), "ho");
        views.text_mut().push('!');
        go(&mut views, Base64);
        assert_eq!(views.text(), "aG8h");
        go(&mut views, Hex);
        assert_eq!(views.text(), "68 6f 21");
    }

    #[test]
    fn the_same_bytes_stay_as_they_were_typed() {
        let mut views = typed(Text, "\\x68i");
        go(&mut views, Hex);
        go(&mut views, Text);
        assert_eq!(views.text(), "\\x68i");
    }

    #[test]
    fn what_was_typed_for_itself_stays() {
        let mut views = typed(Text, "a\\q");
        assert_eq!(go(&mut views, Hex), Some(Apart::Mistake));
        assert_eq!(views.text(), "");
        *views.text_mut() = "00 01".into();
        assert_eq!(go(&mut views, Text), Some(Apart::OwnText));
        assert_eq!(views.text(), "a\\q");
        *views.text_mut() = "{{counter}}".into();
        assert_eq!(go(&mut views, Hex), Some(Apart::Templates));
        assert_eq!(views.text(), "00 01");
        go(&mut views, Text);
        *views.text_mut() = "{{checksum:CRC-16/MODBUS}}".into();
        assert_eq!(go(&mut views, Hex), Some(Apart::Templates));
    }

    #[test]
    fn a_template_cuts_the_link() {
        let mut views = typed(Text, "hi");
        go(&mut views, Hex);
        go(&mut views, Text);
        *views.text_mut() = "hi {{uuid}}".into();
        assert_eq!(go(&mut views, Hex), Some(Apart::Templates));
        *views.text_mut() = "ff".into();
        assert_eq!(go(&mut views, Text), Some(Apart::OwnText));
        assert_eq!(views.text(), "hi {{uuid}}");
    }

    #[test]
    fn emptied_is_a_payload_too() {
        let mut views = typed(Text, "hi");
        go(&mut views, Hex);
        views.text_mut().clear();
        go(&mut views, Text);
        assert_eq!(views.text(), "");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_go_through_every_view(bytes: Vec<u8>) {
            let mut views = typed(Hex, &payload::bytes_to_hex(&bytes));
            for to in [Text, Base64, Mixed, Hex, Mixed, Text, Hex] {
                proptest::prop_assert_eq!(go(&mut views, to), None);
                let shown = same_each_time(to, views.text(), TextEncoding::Utf8);
                proptest::prop_assert_eq!(shown.as_deref(), Ok(&bytes[..]));
            }
        }
    }
}
