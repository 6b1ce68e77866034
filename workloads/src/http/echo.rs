//! Sends the body of a request back while it arrives.
//!
//! The reply is framed as the request was: by the same length, or chunk for chunk. So memory stays bounded however
//! long the body is, and the reply does not depend on how the request was split on its way.
//!
//! Once a reply has begun to go out it can only be cut short, and no longer say what is wrong with the request. So its
//! first few kilobytes are held back until there is more or the body is whole.

use bytes::{Buf, BytesMut};

use super::body::{Decoder, Framing, Part};
use super::date;
use super::fields::Meaning;
use super::refusal::Refusal;
use super::reply::{Content, Head, Persistence, Status, hexadecimal};
use super::routes::MAX_BODY_BYTES;

/// So many bytes of a reply are held back until the request is whole.
const HELD_BYTES: usize = 16 * 1024;

/// One body on its way in and out.
pub(super) struct Echo {
    decoder: Decoder,
    framing: Framing,
    persistence: Persistence,
    /// The beginning of the reply, head included; none once the reply has begun to go out.
    held: Option<BytesMut>,
}

/// How far it got with what had arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// More of the body has to come.
    Starved,
    /// The output has reached its mark.
    Full,
    /// All of the body was sent back.
    Whole,
}

impl Echo {
    /// Begins the reply to a POST. Of its body so many bytes are here already.
    pub(super) fn begin(
        meaning: Meaning,
        here: usize,
        date: date::Field,
        output: &mut BytesMut,
    ) -> Result<Self, Refusal> {
        let Meaning { framing, persistence, .. } = meaning;
        let decoder = Decoder::new(framing, MAX_BODY_BYTES)?;
        // A body that is here already can't turn out wrong: then nothing need be held, and so copied, at all.
        let is_certain = matches!(framing, Framing::Length(length) if length <= here as u64);
        let mut held = if is_certain { None } else { Some(BytesMut::new()) };
        let (content, length) = match framing {
            Framing::Length(length) => (Content::Bytes, length),
            Framing::Chunked => (Content::Chunks, 0),
        };
        let reply = Head { status: Status::Ok, date, content, persistence };
        reply.write(length, held.as_mut().unwrap_or(output));
        Ok(Self { decoder, framing, persistence, held })
    }

    /// What becomes of the connection after the reply.
    pub(super) fn persistence(&self) -> Persistence {
        self.persistence
    }

    /// Whether the reply has begun to go out.
    pub(super) fn has_begun(&self) -> bool {
        self.held.is_none()
    }

    /// Sends back what has arrived, until `high_water` bytes of output are there.
    pub(super) fn advance(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
        high_water: usize,
    ) -> Result<Progress, Refusal> {
        let most_held = HELD_BYTES.min(high_water);
        loop {
            if self.held.as_ref().is_some_and(|held| held.len() >= most_held) {
                self.release(output);
            }
            let (sink, mark) = match &mut self.held {
                Some(held) => (held, most_held),
                None => (&mut *output, high_water),
            };
            let room = mark.saturating_sub(sink.len());
            if room == 0 && !self.decoder.is_done() {
                return Ok(Progress::Full);
            }
            let (part, used) = self.decoder.decode(input, room)?;
            match part {
                Part::Data => sink.extend_from_slice(&input[..used]),
                Part::Chunk(size) => {
                    sink.extend_from_slice(hexadecimal(size, &mut [0; 16]));
                    sink.extend_from_slice(b"\r\n");
                }
                Part::ChunkEnd => sink.extend_from_slice(b"\r\n"),
                Part::End if self.framing == Framing::Chunked => sink.extend_from_slice(b"0\r\n\r\n"),
                Part::More | Part::End => {}
            }
            input.advance(used);
            match part {
                Part::More => return Ok(Progress::Starved),
                Part::End => {
                    self.release(output);
                    return Ok(Progress::Whole);
                }
                Part::Chunk(_) | Part::Data | Part::ChunkEnd => {}
            }
        }
    }

    fn release(&mut self, output: &mut BytesMut) {
        if let Some(held) = self.held.take() {
            output.extend_from_slice(&held);
        }
    }
}
