//! A byte there and back over two pipes: what probes are made of in which one side waits for the other.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};

use super::Trouble;

/// What one side reads from and writes to.
pub(crate) struct End {
    from: PipeReader,
    to: PipeWriter,
}

/// Two sides that are connected. When one goes, the other hears it.
///
/// # Errors
/// There are too many descriptors open: see `ulimit -n`.
pub(crate) fn ends() -> io::Result<(End, End)> {
    let ((there, to), (from, back)) = (io::pipe()?, io::pipe()?);
    Ok((End { from, to }, End { from: there, to: back }))
}

impl End {
    /// Sends a byte, waits for it to come back one greater, and keeps that for the next time.
    ///
    /// # Errors
    /// The other side has gone, or sends another byte.
    pub(crate) fn there_and_back(&mut self, byte: &mut u8) -> Result<(), Trouble> {
        let mut message = [*byte];
        self.to.write_all(&message).map_err(gone)?;
        self.from.read_exact(&mut message).map_err(gone)?;
        if message[0] != byte.wrapping_add(1) {
            return Err(Trouble::Failed("another byte came back than was due; try again".to_owned()));
        }
        *byte = message[0];
        Ok(())
    }

    /// Sends every byte back, one greater, until the other side goes.
    ///
    /// # Errors
    /// The system's own.
    pub(crate) fn answer(mut self) -> Result<(), Trouble> {
        let mut byte = [0];
        loop {
            match self.from.read_exact(&mut byte) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                read => read?,
            }
            byte[0] = byte[0].wrapping_add(1);
            match self.to.write_all(&byte) {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
        }
    }
}

/// Why a pipe failed: a closed one is one whose other side has gone.
fn gone(error: io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => {
            Trouble::Failed("the other side ended before its time; try again".to_owned())
        }
        _ => error.into(),
    }
}
