//! `sockscope export`: a recorded session in another format, to standard output or whole into a file.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use super::Refusal;
use super::arguments::ExportArguments;
use super::filters;
use super::live::sentence;
use super::standard;
use crate::model::Encodings;
use crate::session::export::{self as formats, Progress};
use crate::session::{Log, LogState, Query};
use crate::words::{Language, Words};

pub fn export(arguments: &ExportArguments) -> Result<(), Refusal> {
    let filter = match filters::parse(arguments.filter.as_deref().unwrap_or_default()) {
        Ok(filter) => filter,
        Err(told) => super::wrong_usage("export", &told),
    };
    let name = arguments.format.name();
    let format = formats::format(name).ok_or_else(|| format!("The format {name} is not known here."))?;
    if let Some(output) = arguments.output.as_deref().filter(|output| is_same_file(output, &arguments.session)) {
        return Err(format!("{} is the session itself. Choose another file for --output.", output.display()));
    }
    let open = if arguments.whole_session { Log::open_session } else { Log::open };
    let log = open(&arguments.session).map_err(|failure| sentence(&failure))?;
    // All of the file is read once; one that is still being recorded is taken as it is now.
    let state = log.wait_complete(Duration::MAX);
    let encodings = Encodings { everywhere: arguments.encoding, ..Encodings::default() };
    let query = Query { filter, encodings: encodings.into(), local_time: arguments.local, ..Query::default() };
    let progress = Progress::default();
    match &arguments.output {
        // A rename would put a file in the place of a device or a pipe: those are written to as they are.
        Some(path) if is_special(path) => {
            let on = |error: io::Error| format!("{} cannot be written: {error}.", path.display());
            let mut output = BufWriter::new(std::fs::OpenOptions::new().write(true).open(path).map_err(on)?);
            formats::write(&log, &query, format, &mut output, &progress).map_err(on)?;
            output.flush().map_err(on)?;
        }
        Some(path) => {
            formats::save(&log, &query, format, path, &progress).map_err(|failure| sentence(&failure))?;
        }
        None => {
            let mut output = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
            let outcome = formats::write(&log, &query, format, &mut output, &progress).and_then(|_| output.flush());
            // What could not be written is not tried again when the writer is dropped.
            let _ = output.into_parts();
            standard::quietly(outcome)?;
        }
    }
    if let Some(left_out) = state.imported.as_ref().map(|imported| Words::of(Language::English).left_out(imported))
        && !left_out.is_empty()
    {
        standard::complain(&format!("{}: {left_out}", arguments.session.display()));
    }
    whole(&arguments.session, &state)
}

/// An export in the place of what it is made from would destroy it.
fn is_same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|facts| !facts.is_file() && !facts.is_dir())
}

/// All that could be read is exported; a file that is not whole is said to be so, with code 1.
fn whole(path: &Path, state: &LogState) -> Result<(), Refusal> {
    match &state.damage {
        None if state.file_bytes == 0 => Err(format!("{} is empty: it holds no session.", path.display())),
        None => Ok(()),
        Some((0, why)) if state.imported.is_some() => {
            Err(format!("{} cannot be read: {why}. Nothing is exported.", path.display()))
        }
        Some((0, _)) => Err(format!(
            "{} is no session: it does not begin as a pcapng file does. Nothing is exported.",
            path.display()
        )),
        Some((at, why)) => Err(format!(
            "{} is not whole: reading stopped at byte {at} ({why}). All before it is exported.",
            path.display()
        )),
    }
}
