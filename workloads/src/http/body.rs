//! Takes the body of a request apart: what of it is data, and where it ends (RFC 9112, 6 and 7.1).
//!
//! The decoder looks at each byte once and keeps none, so what a body comes to does not depend on how it was split,
//! and a body of any size needs no room. A wrong byte is refused when it is seen; in the trailer, when its line is whole.

mod chunks;

use self::chunks::Chunks;
use super::refusal::Refusal;

/// How a request says where its body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// After so many bytes; after none if there is no body.
    Length(u64),
    /// In pieces that each say how long they are.
    Chunked,
}

/// What the bytes that were just looked at are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing yet: more of the body has to come.
    More,
    /// A chunk begins that has so many bytes, at least one.
    Chunk(u64),
    /// All of them are data.
    Data,
    /// The chunk has ended.
    ChunkEnd,
    /// The body has ended.
    End,
}

/// Reads one body.
#[derive(Debug)]
pub(super) enum Decoder {
    /// So many bytes are left.
    Length(u64),
    Chunked(Chunks),
}

impl Decoder {
    /// For a body of at most `most` bytes of data.
    pub(super) fn new(framing: Framing, most: u64) -> Result<Self, Refusal> {
        match framing {
            Framing::Length(length) if length > most => Err(Refusal::LONG_BODY),
            Framing::Length(length) => Ok(Self::Length(length)),
            Framing::Chunked => Ok(Self::Chunked(Chunks::new(most))),
        }
    }

    /// Whether the body has ended.
    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunks) => chunks.is_done(),
        }
    }

    /// Looks at the bytes that come next: what the first of them are, and how many those are. At most `room` of them
    /// are taken as data. [`Part::More`] comes once all are taken but the unfinished rest of a line.
    pub(super) fn decode(&mut self, input: &[u8], room: usize) -> Result<(Part, usize), Refusal> {
        match self {
            Self::Length(0) => Ok((Part::End, 0)),
            Self::Length(left) => Ok(data(left, input, room)),
            Self::Chunked(chunks) => chunks.decode(input, room),
        }
    }
}

/// Takes data, of which `left` bytes are to come.
fn data(left: &mut u64, input: &[u8], room: usize) -> (Part, usize) {
    let used = (*left).min(input.len().min(room) as u64);
    *left -= used;
    (if used == 0 { Part::More } else { Part::Data }, used as usize)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::chunks::MAX_ASIDE_BYTES;
    use super::*;
    use crate::http::head::MAX_FIELDS;

    /// What a body comes to: its data, the sizes of its chunks, and how many bytes it took.
    type Body = (Vec<u8>, Vec<u64>, usize);

    /// Reads a body that comes in these pieces and then no more; none if it has not ended by then.
    fn read(framing: Framing, pieces: &[&[u8]], most: u64, room: usize) -> Result<Option<Body>, Refusal> {
        let mut decoder = Decoder::new(framing, most)?;
        let (mut input, mut taken) = (Vec::new(), 0);
        let (mut data, mut sizes) = (Vec::new(), Vec::new());
        // One round more than there are pieces: an empty body needs none.
        for piece in pieces.iter().chain([&&b""[..]]) {
            input.extend_from_slice(piece);
            loop {
                let (part, used) = decoder.decode(&input, room)?;
                match part {
                    Part::Chunk(size) => sizes.push(size),
                    Part::Data => data.extend_from_slice(&input[..used]),
                    Part::More | Part::ChunkEnd | Part::End => {}
                }
                input.drain(..used);
                taken += used;
                match part {
                    Part::More => {
                        assert!(!decoder.is_done());
                        break;
                    }
                    Part::End => {
                        assert!(decoder.is_done());
                        return Ok(Some((data, sizes, taken)));
                    }
                    Part::Chunk(_) | Part::Data | Part::ChunkEnd => {}
                }
            }
        }
        Ok(None)
    }

    fn chunked(body: &[u8]) -> Result<Option<Body>, Refusal> {
        let whole = read(Framing::Chunked, &[body], 1_000, usize::MAX);
        let singles: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(read(Framing::Chunked, &singles, 1_000, 1), whole, "{:?}", String::from_utf8_lossy(body));
        whole
    }

    /// The body's data, if that is all there is.
    fn decoded(body: &[u8]) -> Vec<u8> {
        let (data, sizes, taken) = chunked(body).unwrap().expect("an end");
        assert_eq!((sizes.iter().sum::<u64>(), taken), (data.len() as u64, body.len()));
        data
    }

    fn refusal(body: &[u8]) -> Refusal {
        chunked(body).expect_err(&String::from_utf8_lossy(body))
    }

    #[test]
    fn chunks_are_joined() {
        assert_eq!(decoded(b"0\r\n\r\n"), b"");
        assert_eq!(decoded(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), b"hello world");
        assert_eq!(decoded(b"0000000000000003\r\n\r\n\0\r\n000\r\n\r\n"), b"\r\n\0");
        let large = [&b"fF\r\n"[..], &[7; 255], b"\r\n0\r\n\r\n"].concat();
        assert_eq!(decoded(&large), [7; 255]);
    }

    #[test]
    fn a_body_ends_where_it_says_and_the_rest_is_not_touched() {
        let (data, sizes, taken) = chunked(b"2\r\nhi\r\n0\r\n\r\nGET / ").unwrap().unwrap();
        assert_eq!((&data[..], &sizes[..], taken), (&b"hi"[..], &[2][..], 12));
        let body = read(Framing::Length(5), &[b"hel", b"loGET"], 5, 2).unwrap();
        assert_eq!(body, Some((b"hello".to_vec(), vec![], 5)));
        assert_eq!(read(Framing::Length(0), &[], 5, 2).unwrap(), Some((vec![], vec![], 0)));
    }

    #[test]
    fn an_unfinished_body_is_waited_for() {
        let body = b"5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n";
        for end in 0..body.len() {
            assert_eq!(chunked(&body[..end]), Ok(None), "after {end} bytes");
        }
        assert_eq!(read(Framing::Length(5), &[b"hell"], 5, 9), Ok(None));
    }

    #[test]
    fn a_size_is_hexadecimal_digits_and_nothing_else() {
        for line in [
            "\r\n",
            "g\r\n",
            "-1\r\n",
            "+1\r\n",
            "0x1\r\n",
            "1x\r\n",
            " 1\r\n",
            "\t1\r\n",
            "1 \r\n",
            "1\t\r\n",
            "1 2\r\n",
            "1_0\r\n",
            "1.\r\n",
            "1,\r\n",
            "1\n",
            "1\r1",
            "1\0\r\n",
            "\n",
            "1\r\r\n",
            ";a\r\n",
            "1 ;a\r1",
            "00000000000000001\r\n",
            "fffffffffffffffff\r\n",
            "\u{661}\r\n",
        ] {
            assert_eq!(refusal(line.as_bytes()), Refusal::CHUNK_SIZE, "{line:?}");
        }
    }

    #[test]
    fn a_wrong_byte_is_refused_before_its_line_is_whole() {
        for start in [&b"z"[..], b"1z", b"1\n", b"1\rz", b"1;a\n", b"1;a\0", b"1 \r", b"\r"] {
            assert_eq!(refusal(start), Refusal::CHUNK_SIZE, "{start:?}");
        }
        for start in [&b"1\r\nab"[..], b"1\r\na\n", b"1\r\na\ra", b"2\r\na\r\n0\r\n\r\n"] {
            assert_eq!(refusal(start), Refusal::CHUNK_END, "{start:?}");
        }
    }

    #[test]
    fn extensions_are_passed_over() {
        let body =
            b"1;a\r\n1\r\n1;a=\"b;\\\"c\"\r\n2\r\n1 ; a = b ;c\t\r\n3\r\n1;\xe9\r\n4\r\n0;last\r\n\r\n";
        assert_eq!(decoded(body), b"1234");
    }

    #[test]
    fn extensions_have_a_limit_in_all() {
        let body = |long: usize| format!("1;{}\r\na\r\n1;b\r\nb\r\n0\r\n\r\n", "x".repeat(long - 3));
        assert_eq!(decoded(body(MAX_ASIDE_BYTES).as_bytes()), b"ab");
        assert_eq!(refusal(body(MAX_ASIDE_BYTES + 1).as_bytes()), Refusal::EXTENSIONS);
        assert_eq!(refusal(&[&b"1"[..], &b" ".repeat(MAX_ASIDE_BYTES + 1)].concat()), Refusal::EXTENSIONS);
    }

    #[test]
    fn a_body_above_its_limit_is_refused_when_that_is_known() {
        assert_eq!(decoded(&[&b"3e8\r\n"[..], &[0; 1_000], b"\r\n0\r\n\r\n"].concat()), [0; 1_000]);
        assert_eq!(refusal(b"3e9\r\n"), Refusal::LONG_BODY);
        assert_eq!(refusal(b"ffffffffffffffff\r\n"), Refusal::LONG_BODY);
        assert_eq!(refusal(b"1\r\na\r\n3e8\r\n"), Refusal::LONG_BODY);
        assert_eq!(Decoder::new(Framing::Length(1_001), 1_000).unwrap_err(), Refusal::LONG_BODY);
    }

    #[test]
    fn a_trailer_is_read_and_dropped() {
        assert_eq!(decoded(b"1\r\na\r\n0\r\nX: y\r\nContent-Length: 9\r\nempty:\r\n\r\n"), b"a");
    }

    #[test]
    fn a_malformed_trailer_is_refused() {
        for trailer in [
            "X : y\r\n",
            " X: y\r\n",
            "no colon\r\n",
            ": y\r\n",
            "X: a\0\r\n",
            "X: a\rb\r\n",
            "X: y\r\n z\r\n",
        ] {
            assert_eq!(refusal(format!("0\r\n{trailer}\r\n").as_bytes()), Refusal::FIELD, "{trailer:?}");
        }
        for trailer in ["X: y\n\r\n", "\n", "X: y\r\n\n"] {
            assert_eq!(refusal(format!("0\r\n{trailer}").as_bytes()), Refusal::LINE_END, "{trailer:?}");
        }
    }

    #[test]
    fn a_trailer_has_the_limits_of_a_head() {
        let many = |fields: usize| format!("0\r\n{}\r\n", "X: y\r\n".repeat(fields));
        assert_eq!(decoded(many(MAX_FIELDS).as_bytes()), b"");
        assert_eq!(refusal(many(MAX_FIELDS + 1).as_bytes()), Refusal::MANY_FIELDS);
        let long = |bytes: usize| format!("0\r\nX: {}\r\n\r\n", "y".repeat(bytes - 7));
        assert_eq!(decoded(long(MAX_ASIDE_BYTES).as_bytes()), b"");
        assert_eq!(refusal(long(MAX_ASIDE_BYTES + 1).as_bytes()), Refusal::LONG_TRAILER);
        assert_eq!(
            refusal(&[&b"0\r\n"[..], &b"x".repeat(MAX_ASIDE_BYTES + 1)].concat()),
            Refusal::LONG_TRAILER
        );
    }

    /// Cuts bytes into pieces; the places are taken modulo the length.
    fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        places.extend([0, bytes.len()]);
        places.sort_unstable();
        places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
    }

    proptest! {
        #[test]
        fn any_chunking_of_any_body_decodes_to_it(
            body in vec(any::<u8>(), 0..2_000),
            chunk_cuts in vec(any::<usize>(), 0..8),
            zeros in 0_usize..4,
            extension in "(;[ -~]{0,9})?",
            trailer in "([A-Za-z]{1,5}: [ -~]{0,9}\r\n){0,3}",
            cuts in vec(any::<usize>(), 0..12),
            room in 1_usize..3_000,
        ) {
            let chunks = pieces(&body, &chunk_cuts);
            let chunks: Vec<_> = chunks.into_iter().filter(|chunk| !chunk.is_empty()).collect();
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend_from_slice("0".repeat(zeros).as_bytes());
                wire.extend_from_slice(format!("{:X}{extension}\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(format!("0\r\n{trailer}\r\n").as_bytes());
            let sizes: Vec<u64> = chunks.iter().map(|chunk| chunk.len() as u64).collect();
            let expected = Ok(Some((body, sizes, wire.len())));
            wire.extend_from_slice(b"GET");
            prop_assert_eq!(read(Framing::Chunked, &pieces(&wire, &cuts), 2_000, room), expected);
        }

        #[test]
        fn any_bytes_are_read_the_same_however_they_are_split(
            scraps in vec(prop_oneof![
                vec(any::<u8>(), 1..4),
                prop::sample::select(vec!["0", "3", "1;a", "\r\n", "\r\n", "abc", "X: y", "\r", "\n", "0\r\n\r\n"])
                    .prop_map(|scrap| scrap.as_bytes().to_vec()),
            ], 0..20),
            cuts in vec(any::<usize>(), 0..12),
            room in 1_usize..9,
        ) {
            let wire = scraps.concat();
            let whole = read(Framing::Chunked, &[&wire], 1_000, usize::MAX);
            prop_assert_eq!(read(Framing::Chunked, &pieces(&wire, &cuts), 1_000, room), whole);
        }
    }
}
