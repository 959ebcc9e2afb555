//! What came from outside, shown so that it can neither hide, reorder nor command anything on a screen or a terminal.
//!
//! The one way for such text into every list, title, tooltip, terminal and export. Called by: words, session, ui, cli.

use std::fmt::Write;

use super::units::{LONGEST_CHARACTER_BYTES, Unit, Units, is_invisible};
use crate::model::TextEncoding;

const CUT: char = '…';

/// Bytes as one line of text for people: decoded, control characters as pictures (␍␊), bidi and other invisible
/// characters as `⟨U+202E⟩`, bytes that are no character as `⟨ff⟩`, at most `limit` bytes of output, `…` where cut.
///
/// Reads no more of `bytes` than can be shown.
pub fn visible(bytes: &[u8], encoding: TextEncoding, limit: usize) -> String {
    // Two bytes of output are the least that four bytes of input become, so this much always fills the line.
    let enough = limit.saturating_mul(2).saturating_add(4 * LONGEST_CHARACTER_BYTES);
    let mut line = Line::new(limit, bytes.len());
    for unit in Units::of(bytes.get(..enough).unwrap_or(bytes), encoding) {
        let open = match unit {
            Unit::Plain(text) => line.plain(text),
            Unit::Character(character, _) => line.character(character),
            Unit::Invalid(byte) => line.marked(format_args!("⟨{byte:02x}⟩")),
        };
        if !open {
            break;
        }
    }
    line.text
}

/// The same for text that is already decoded: host names, system messages, names in files.
pub fn visible_text(text: &str, limit: usize) -> String {
    let mut line = Line::new(limit, text.len());
    for character in text.chars() {
        if !line.character(character) {
            break;
        }
    }
    line.text
}

/// As much of the bytes as decides whether they are text.
const LOOKED_AT: usize = 1024;

/// Whether bytes read as text in this encoding. Tab, line ends and escape belong to text; of other control characters and
/// of bytes that are no character at most one in eight does, beside one at each end (STX and ETX, a closing NUL).
pub fn is_text(bytes: &[u8], encoding: TextEncoding) -> bool {
    let (mut readable, mut odd) = (0_usize, 0_usize);
    let (mut begins_odd, mut ends_odd) = (false, false);
    for unit in Units::of(bytes.get(..LOOKED_AT).unwrap_or(bytes), encoding) {
        let (units, is_odd) = match unit {
            Unit::Plain(text) => (text.len(), false),
            Unit::Character('\r' | '\n' | '\t' | '\x1b', _) => (1, false),
            Unit::Character(character, _) => (1, character.is_control()),
            Unit::Invalid(_) => (1, true),
        };
        begins_odd |= is_odd && readable + odd == 0;
        ends_odd = is_odd;
        if is_odd { odd += units } else { readable += units }
    }
    if readable >= 2 {
        odd = odd.saturating_sub(usize::from(begins_odd) + usize::from(ends_odd));
    }
    odd * 8 <= readable
}

/// One line under construction, never longer than `limit` bytes.
struct Line {
    text: String,
    limit: usize,
    /// The longest whole prefix that leaves room for the cut mark.
    room_for_cut: usize,
}

impl Line {
    fn new(limit: usize, expected: usize) -> Self {
        Self { text: String::with_capacity(expected.min(limit)), limit, room_for_cut: 0 }
    }

    /// Adds printable ASCII. `false`: the line is full and cut.
    fn plain(&mut self, text: &str) -> bool {
        let room = self.limit.saturating_sub(self.text.len());
        let cut_room = self.limit.saturating_sub(CUT.len_utf8());
        let fits = text.get(..room.min(text.len())).unwrap_or(text);
        if self.text.len() <= cut_room {
            self.room_for_cut = (self.text.len() + fits.len()).min(cut_room);
        }
        self.text.push_str(fits);
        if fits.len() < text.len() { self.cut() } else { true }
    }

    fn character(&mut self, character: char) -> bool {
        if !is_invisible(character) {
            let mut buffer = [0; 4];
            return self.whole(character.encode_utf8(&mut buffer));
        }
        match u32::from(character) {
            code @ 0..=0x1F => self.picture(0x2400 + code),
            0x7F => self.picture(0x2421),
            code => self.marked(format_args!("⟨U+{code:04X}⟩")),
        }
    }

    fn picture(&mut self, code: u32) -> bool {
        let mut buffer = [0; 4];
        self.whole(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut buffer))
    }

    fn marked(&mut self, mark: std::fmt::Arguments<'_>) -> bool {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = text.write_fmt(mark);
        self.whole(&text)
    }

    /// Adds a piece that must not be cut in two.
    fn whole(&mut self, piece: &str) -> bool {
        if self.text.len() + piece.len() > self.limit {
            return self.cut();
        }
        self.text.push_str(piece);
        if self.text.len() + CUT.len_utf8() <= self.limit {
            self.room_for_cut = self.text.len();
        }
        true
    }

    fn cut(&mut self) -> bool {
        self.text.truncate(self.room_for_cut);
        if self.text.len() + CUT.len_utf8() <= self.limit {
            self.text.push(CUT);
        }
        false
    }
}
