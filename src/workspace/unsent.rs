//! What stands in the composer, kept for the next start: one text a format, and the choices beside them.
//!
//! Owns: the file of it. Blocking IO. Called by: ui.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk;
use crate::model::{Checksum, Doing, Failure, LineEnding, PayloadFormat, TextEncoding};
use crate::payload::MAX_PAYLOAD_BYTES;

const FILE: &str = "composer.json";
/// Escapes of JSON make a text longer, at most six times; a file beyond is not ours.
const MAX_FILE_BYTES: u64 = 6 * MAX_PAYLOAD_BYTES + 4096;

/// Everything that a person typed and has not saved as a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unsent {
    /// The format that is shown.
    pub format: PayloadFormat,
    pub encoding: TextEncoding,
    pub ending: LineEnding,
    pub checksum: Checksum,
    /// Those that are not empty.
    pub texts: Vec<(PayloadFormat, String)>,
}

impl Unsent {
    /// What was kept in the folder; nothing where it is missing or broken.
    pub fn load(folder: &Path) -> Self {
        let bytes = disk::read(&folder.join(FILE), MAX_FILE_BYTES).unwrap_or_default();
        let unsent: Self = serde_json::from_slice(&bytes).unwrap_or_default();
        unsent.within_bounds()
    }

    pub fn save(&self, folder: &Path) -> Result<(), Failure> {
        let file = folder.join(FILE);
        let text = serde_json::to_vec(&self.clone().within_bounds())
            .map_err(|error| Failure::of_file(Doing::WriteFile, &file, &error.into()))?;
        disk::replace(&file, &text)
    }

    /// All texts together are no longer than a payload may be; the one that is shown is kept first.
    fn within_bounds(mut self) -> Self {
        let shown = self.format;
        self.texts.sort_by_key(|(format, text)| (*format != shown, text.len()));
        let mut room = MAX_PAYLOAD_BYTES as usize;
        self.texts.retain(|(_, text)| {
            let fits = text.len() <= room;
            room -= if fits { text.len() } else { 0 };
            fits
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back_whatever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Unsent::load(folder.path()), Unsent::default());
        let unsent = Unsent {
            format: PayloadFormat::Hex,
            encoding: TextEncoding::Gbk,
            ending: LineEnding::CrLf,
            checksum: "CRC-16/MODBUS".parse().unwrap(),
            texts: vec![(PayloadFormat::Hex, "01 zz".into()), (PayloadFormat::Text, "a\0\u{1b}{{泵\r\n".into())],
        };
        unsent.save(folder.path()).unwrap();
        assert_eq!(Unsent::load(folder.path()), unsent);
        std::fs::write(folder.path().join(FILE), "{ broken").unwrap();
        assert_eq!(Unsent::load(folder.path()), Unsent::default());
    }

    #[test]
    fn the_shown_text_is_kept_before_the_others() {
        let long = "x".repeat(MAX_PAYLOAD_BYTES as usize - 1);
        let texts = vec![(PayloadFormat::Text, "short".to_owned()), (PayloadFormat::Hex, long)];
        let unsent = Unsent { format: PayloadFormat::Hex, texts, ..Unsent::default() };
        let kept: Vec<_> = unsent.within_bounds().texts.into_iter().map(|(format, _)| format).collect();
        assert_eq!(kept, [PayloadFormat::Hex]);
    }
}
