//! Takes replies apart, and takes none that is not as RFC 9112 has it.

/// What a session says to whoever is to go on with a body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// One reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// It says that the connection ends.
    pub(crate) says_close: bool,
    pub(crate) body: Vec<u8>,
    /// The sizes of its chunks, if it came in some.
    pub(crate) chunks: Option<Vec<usize>>,
}

/// What can be read of what was heard, and what follows it: nothing if it is cut off, and a word for what is wrong with it.
pub(crate) type Read<'a, T> = Result<Option<(T, &'a [u8])>, &'static str>;

impl Reply {
    /// Whether it says that something is wrong, and that the connection ends.
    pub(crate) fn is_refusal(&self) -> bool {
        (400..600).contains(&self.status) && self.says_close
    }
}

/// What was heard, but for the 100s in it. A body that holds the bytes of one loses them as well, however it was split.
pub(crate) fn without_continues(heard: &[u8]) -> Vec<u8> {
    let mut rest = heard;
    let mut others = Vec::with_capacity(rest.len());
    while let Some(byte) = rest.first() {
        if let Some(behind) = rest.strip_prefix(CONTINUE) {
            rest = behind;
        } else {
            others.push(*byte);
            rest = &rest[1..];
        }
    }
    others
}

/// Whether a reply begins that has what was asked for.
pub(crate) fn begins_well(heard: &[u8]) -> bool {
    heard.strip_prefix(CONTINUE).unwrap_or(heard).starts_with(b"HTTP/1.1 200 OK\r\n")
}

/// Reads the reply at the front, which has no body if its request was for a head alone.
pub(crate) fn read(heard: &[u8], head_only: bool) -> Read<'_, Reply> {
    let heard = heard.strip_prefix(CONTINUE).unwrap_or(heard);
    let Some(end) = heard.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let lines = std::str::from_utf8(&heard[..end]).map_err(|_| "a head that is no text")?;
    let Head { status, says_close, framing } = head(lines)?;
    let reply = |body: &[u8], chunks| Reply { status, says_close, body: body.to_vec(), chunks };
    let rest = &heard[end + 4..];
    Ok(match framing {
        _ if head_only || status == 304 => Some((reply(&[], None), rest)),
        Framing::Length(length) => {
            rest.split_at_checked(length).map(|(body, rest)| (reply(body, None), rest))
        }
        Framing::Chunked => chunks(rest)?.map(|((body, sizes), rest)| (reply(&body, Some(sizes)), rest)),
    })
}

/// The head of a reply.
struct Head {
    status: u16,
    says_close: bool,
    framing: Framing,
}

/// Where the body of a reply ends.
enum Framing {
    Length(usize),
    Chunked,
}

fn head(lines: &str) -> Result<Head, &'static str> {
    let mut lines = lines.split("\r\n");
    let status = lines.next().and_then(status).ok_or("no status line")?;
    let (mut framing, mut says_close, mut dates) = (None, false, 0);
    for line in lines {
        let (name, value) = line.split_once(": ").ok_or("a line without a colon")?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_name) || value.bytes().any(|byte| byte.is_ascii_control())
        {
            return Err("a field that is none");
        }
        let says_framing = match (name, value) {
            ("Content-Length", value) => {
                Some(Framing::Length(value.parse().map_err(|_| "a length that is no number")?))
            }
            ("Transfer-Encoding", "chunked") => Some(Framing::Chunked),
            ("Transfer-Encoding", _) => return Err("a coding that nobody asked for"),
            _ => None,
        };
        if says_framing.is_some() && framing.is_some() {
            return Err("two words on where the body ends");
        }
        framing = says_framing.or(framing);
        says_close |= (name, value) == ("Connection", "close");
        dates += usize::from(name == "Date");
    }
    if dates != 1 {
        return Err("not one Date");
    }
    // The one reply here that has no body (RFC 9112, 6.3), whatever it says of that of another one.
    let framing = framing.or((status == 304).then_some(Framing::Length(0)));
    Ok(Head { status, says_close, framing: framing.ok_or("no word on where the body ends")? })
}

fn status(line: &str) -> Option<u16> {
    let (digits, reason) = line.strip_prefix("HTTP/1.1 ")?.split_once(' ')?;
    let is_reason =
        !reason.is_empty() && reason.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b' ');
    if digits.len() == 3 && is_reason { digits.parse().ok() } else { None }
}

/// The data of a body in chunks, and their sizes.
fn chunks(mut rest: &[u8]) -> Read<'_, (Vec<u8>, Vec<usize>)> {
    let (mut body, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
        let digits = std::str::from_utf8(&rest[..end]).map_err(|_| "a size that is no text")?;
        let size = usize::from_str_radix(digits, 16).map_err(|_| "a size that is no number")?;
        let Some((data, behind)) = rest[end + 2..].split_at_checked(size) else { return Ok(None) };
        rest = match behind {
            [b'\r', b'\n', behind @ ..] => behind,
            [] | [b'\r'] => return Ok(None),
            _ => return Err("a chunk without an end"),
        };
        if size == 0 {
            return Ok(Some(((body, sizes), rest)));
        }
        body.extend_from_slice(data);
        sizes.push(size);
    }
}
