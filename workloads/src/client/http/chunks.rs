//! Takes a chunked body apart as it arrives (RFC 9112, 7.1). Nothing of it is kept: what is in the chunks is handed on.

/// Where in a chunked body the next byte stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    /// At the first digit of a chunk's size.
    #[default]
    Start,
    /// In the digits of the size, which are this much so far.
    Size(u64),
    /// Behind the size, where extensions may stand.
    Extension(u64),
    /// At the line feed behind both.
    SizeFeed(u64),
    /// In a chunk, with so much of it left.
    Data(u64),
    /// At the carriage return behind a chunk.
    DataEnd,
    /// At the line feed behind a chunk.
    DataFeed,
    /// At the start of a trailer's line, or of the empty one that is the last.
    Trailer,
    /// In a trailer's line.
    TrailerLine,
    /// At the line feed of a trailer's line.
    TrailerFeed,
    /// At the line feed of the empty line.
    LastFeed,
}

/// How far a chunked body has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunks {
    at: At,
}

impl Chunks {
    /// Takes in more of the body, and calls `data` with what is in the chunks. Gives how many bytes were used and whether
    /// the body is whole with them.
    ///
    /// # Errors
    /// A sentence on what is no chunked body; or what `data` says.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        mut data: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(usize, bool), String> {
        let mut used = 0;
        while let Some(byte) = bytes.get(used) {
            if let At::Data(left) = self.at {
                let piece = &bytes[used..][..left.min((bytes.len() - used) as u64) as usize];
                data(piece)?;
                used += piece.len();
                let left = left - piece.len() as u64;
                self.at = if left == 0 { At::DataEnd } else { At::Data(left) };
                continue;
            }
            used += 1;
            if self.at == At::LastFeed && *byte == b'\n' {
                return Ok((used, true));
            }
            self.at = self.at.after(*byte).ok_or("the reply's chunks are not SIZE CR LF BYTES CR LF")?;
        }
        Ok((used, false))
    }
}

impl At {
    /// Where the byte after `byte` stands, outside of a chunk's data; none if `byte` can't stand here.
    fn after(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Start, _) => Self::Size(digit(byte)?),
            (Self::Size(size) | Self::Extension(size), b'\r') => Self::SizeFeed(size),
            (Self::Size(size), b';' | b' ' | b'\t') => Self::Extension(size),
            (Self::Size(size), _) => Self::Size(size.checked_mul(16)?.checked_add(digit(byte)?)?),
            (Self::Extension(_), b'\n') => return None,
            (Self::Extension(_), _) => self,
            (Self::SizeFeed(0) | Self::TrailerFeed, b'\n') => Self::Trailer,
            (Self::SizeFeed(size), b'\n') => Self::Data(size),
            (Self::DataEnd, b'\r') => Self::DataFeed,
            (Self::DataFeed, b'\n') => Self::Start,
            (Self::Trailer, b'\r') => Self::LastFeed,
            (Self::TrailerLine, b'\r') => Self::TrailerFeed,
            (Self::Trailer | Self::TrailerLine, _) if byte != b'\n' => Self::TrailerLine,
            _ => return None,
        })
    }
}

fn digit(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}
