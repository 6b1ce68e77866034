//! A body in chunks (RFC 9112, 7.1): the lines between its data, and the trailer behind it.

use super::{Part, data};
use crate::http::head::{MAX_FIELDS, end_of_line};
use crate::http::refusal::Refusal;

/// How many bytes the extensions of all chunks may have together, and how many the trailer.
pub(super) const MAX_ASIDE_BYTES: usize = 16 * 1024;

/// The most digits a chunk's size may have: those of the largest 64-bit number.
const MAX_SIZE_DIGITS: u8 = 16;

/// How far a chunked body has been read.
#[derive(Debug)]
pub(in crate::http) struct Chunks {
    place: Place,
    /// How many bytes of data there may still be.
    data_left: u64,
    /// How many bytes of extensions there may still be.
    extensions_left: usize,
    /// How many bytes of the trailer there may still be ...
    trailer_left: usize,
    /// ... how many fields ...
    fields_left: usize,
    /// ... and how many bytes of its next line were searched for an end, in vain.
    seen: usize,
}

/// What comes next in a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The digits of a size, of which so many have come.
    Size { size: u64, digits: u8 },
    /// Whitespace after a size, which only an extension may follow.
    Gap { size: u64 },
    /// Extensions.
    Extensions { size: u64 },
    /// The line feed after a size.
    SizeEnd { size: u64 },
    /// So many bytes of data.
    Data(u64),
    /// The carriage return after a chunk's data.
    DataEnd,
    /// The line feed after that.
    ChunkEnd,
    /// A line of the trailer.
    Trailer,
    /// The next request.
    Nothing,
}

impl Chunks {
    /// For a body of at most `most` bytes of data.
    pub(super) fn new(most: u64) -> Self {
        Self {
            place: Place::Size { size: 0, digits: 0 },
            data_left: most,
            extensions_left: MAX_ASIDE_BYTES,
            trailer_left: MAX_ASIDE_BYTES,
            fields_left: MAX_FIELDS,
            seen: 0,
        }
    }

    /// Whether the body has ended.
    pub(super) fn is_done(&self) -> bool {
        self.place == Place::Nothing
    }

    /// See [`Decoder::decode`](super::Decoder::decode).
    pub(super) fn decode(&mut self, input: &[u8], room: usize) -> Result<(Part, usize), Refusal> {
        match &mut self.place {
            Place::Nothing => return Ok((Part::End, 0)),
            Place::Data(0) => self.place = Place::DataEnd,
            Place::Data(left) => return Ok(data(left, input, room)),
            _ => {}
        }
        let mut used = 0;
        while self.place != Place::Trailer {
            let Some(byte) = input.get(used) else { return Ok((Part::More, used)) };
            used += 1;
            if let Some(part) = self.step(*byte)? {
                return Ok((part, used));
            }
        }
        let (part, more) = self.trailer(&input[used..])?;
        Ok((part, used + more))
    }

    /// Takes a byte of what stands between the data.
    fn step(&mut self, byte: u8) -> Result<Option<Part>, Refusal> {
        self.place = match (self.place, byte) {
            (Place::Size { size, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F')
                if digits < MAX_SIZE_DIGITS =>
            {
                let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
                Place::Size { size: size << 4 | digit, digits: digits + 1 }
            }
            (Place::Size { size, digits: 1.. } | Place::Gap { size } | Place::Extensions { size }, _) => {
                self.step_in_line(size, byte)?
            }
            (Place::SizeEnd { size: 0 }, b'\n') => Place::Trailer,
            (Place::SizeEnd { size }, b'\n') => {
                self.data_left = self.data_left.checked_sub(size).ok_or(Refusal::LONG_BODY)?;
                self.place = Place::Data(size);
                return Ok(Some(Part::Chunk(size)));
            }
            (Place::DataEnd, b'\r') => Place::ChunkEnd,
            (Place::ChunkEnd, b'\n') => {
                self.place = Place::Size { size: 0, digits: 0 };
                return Ok(Some(Part::ChunkEnd));
            }
            (Place::DataEnd | Place::ChunkEnd, _) => return Err(Refusal::CHUNK_END),
            _ => return Err(Refusal::CHUNK_SIZE),
        };
        Ok(None)
    }

    /// Takes a byte that stands after a size in its line. Extensions mean nothing here (RFC 9112, 7.1.1), but must be
    /// text, and may not go on for ever.
    fn step_in_line(&mut self, size: u64, byte: u8) -> Result<Place, Refusal> {
        let in_extensions = matches!(self.place, Place::Extensions { .. });
        let next = match byte {
            b'\r' if !matches!(self.place, Place::Gap { .. }) => return Ok(Place::SizeEnd { size }),
            b';' => Place::Extensions { size },
            b'\t' | b' '..=b'~' | 0x80.. if in_extensions => Place::Extensions { size },
            b'\t' | b' ' => Place::Gap { size },
            _ => return Err(Refusal::CHUNK_SIZE),
        };
        self.extensions_left = self.extensions_left.checked_sub(1).ok_or(Refusal::EXTENSIONS)?;
        Ok(next)
    }

    /// Takes the lines of the trailer: fields that mean nothing here but must be right, and an empty line.
    fn trailer(&mut self, input: &[u8]) -> Result<(Part, usize), Refusal> {
        let mut used = 0;
        loop {
            let rest = &input[used..];
            let window = &rest[..rest.len().min(self.trailer_left)];
            let Some(end) = end_of_line(&window[self.seen..]) else {
                self.seen = window.len();
                let too_long = rest.len() > window.len();
                return if too_long { Err(Refusal::LONG_TRAILER) } else { Ok((Part::More, used)) };
            };
            let line = &window[..self.seen + end];
            self.seen = 0;
            self.trailer_left -= line.len();
            used += line.len();
            if line == b"\r\n" {
                self.place = Place::Nothing;
                return Ok((Part::End, used));
            }
            check_field(line)?;
            self.fields_left = self.fields_left.checked_sub(1).ok_or(Refusal::MANY_FIELDS)?;
        }
    }
}

/// Judges a line of a trailer.
fn check_field(line: &[u8]) -> Result<(), Refusal> {
    let mut room = [httparse::EMPTY_HEADER; 1];
    match httparse::parse_headers(line, &mut room) {
        Err(_) => Err(Refusal::FIELD),
        Ok(_) if line.ends_with(b"\r\n") => Ok(()),
        Ok(_) => Err(Refusal::LINE_END),
    }
}
