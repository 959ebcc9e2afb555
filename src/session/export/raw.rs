//! Just the payload bytes, one event after the other; what happened besides has none.
//! Called by: the registry beside it.

use std::io::{self, Write};

use super::{Export, Format};
use crate::model::Recorded;

pub(super) const FORMAT: Format = Format { name: "raw", extension: "bin", frames: false, begin: |_, _| Box::new(Raw) };

struct Raw;

impl Export for Raw {
    fn begin(&mut self, _to: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, to: &mut dyn Write, recorded: &Recorded) -> io::Result<()> {
        recorded.event.bytes().map_or(Ok(()), |bytes| to.write_all(bytes))
    }

    fn end(&mut self, _to: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
