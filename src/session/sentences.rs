//! English sentences for the session file and its exports: the file reads the same in Wireshark whatever language the
//! window speaks. The window and the command line put happenings into words themselves.
//! Called by: `pcapng::journal` and the exports.

use crate::model::{Failure, Flow, Happening};
use crate::words::{Language, Words};

/// A happening in one English sentence, as it stands in the file and in exports.
pub(super) fn happening(happening: &Happening, flow: &Flow) -> String {
    english().happening(happening, flow)
}

pub(super) fn failure(failure: &Failure) -> String {
    english().failure(failure)
}

pub(super) fn hint(failure: &Failure) -> String {
    english().hint(failure)
}

fn english() -> &'static Words {
    Words::of(Language::English)
}
