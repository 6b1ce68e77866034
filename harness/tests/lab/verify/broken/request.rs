//! Reads requests as RFC 9112 asks, and as a fault has it.

use std::net::Ipv6Addr;

use super::answers::Next;
use super::fault::Fault;

const HEAD_BYTES_AT_MOST: usize = 16 * 1024;
const FIELDS_AT_MOST: usize = 100;
const BODY_BYTES_AT_MOST: usize = 2 << 20;
/// How long a line who is too strict takes.
const STRICT_LINE_BYTES: usize = 4_000;
/// Who waits for an end looks for it in what is longer than this only where that ends.
const LONG_BYTES: usize = 128 * 1024;

pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) is_old: bool,
    pub(super) stays_open: bool,
    pub(super) expects_continue: bool,
    pub(super) framing: Framing,
    /// All fields, with their names in small letters.
    pub(super) fields: Vec<(String, String)>,
}

/// How a body ends.
#[derive(Clone, Copy)]
pub(super) enum Framing {
    Length(usize),
    Chunked,
}

/// The first head, if it is whole or already wrong, and where it ends.
pub(super) fn whole_head(input: &mut Vec<u8>, fault: Fault) -> Option<(Result<Vec<u8>, u16>, usize)> {
    while input.starts_with(b"\r\n") {
        input.drain(..2);
    }
    if fault == Fault::AcceptsBareLf {
        mend_line_ends(input);
    }
    if fault == Fault::WaitsForEnds && input.len() > LONG_BYTES && !has_end(input) {
        return None;
    }
    let end = input.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
    // A line that ends in LF alone is seen as such before the rest has come.
    let searched = &input[..end.unwrap_or(input.len())];
    let bare = (0..searched.len()).any(|at| input[at] == b'\n' && (at == 0 || input[at - 1] != b'\r'));
    match (bare, end) {
        (true, _) if fault != Fault::AcceptsBareLf => Some((Err(400), input.len())),
        (_, Some(end)) if end <= HEAD_BYTES_AT_MOST => Some((Ok(input[..end].to_vec()), end)),
        (_, None) if fault == Fault::WaitsForEnds => None,
        _ if input.len() > HEAD_BYTES_AT_MOST => {
            let has_line = input[..HEAD_BYTES_AT_MOST].contains(&b'\n');
            Some((Err(if has_line { 431 } else { 414 }), input.len()))
        }
        _ => None,
    }
}

/// Whether there is an empty line, at the end of all that has come: looking through it all each time would take too long.
fn has_end(input: &[u8]) -> bool {
    input.ends_with(b"\r\n\r\n")
}

/// Has each line of a whole head end in CR LF.
fn mend_line_ends(input: &mut Vec<u8>) {
    let ends = |rest: &[u8], mark: &[u8]| rest.starts_with(mark).then_some(mark.len());
    let end = (0..input.len())
        .find_map(|at| Some(at + ends(&input[at..], b"\n\n").or_else(|| ends(&input[at..], b"\n\r\n"))?));
    if let Some(end) = end {
        let text = String::from_utf8_lossy(&input[..end]).replace("\r\n", "\n").replace('\n', "\r\n");
        drop(input.splice(..end, text.into_bytes()));
    }
}

/// The body at the front of `input` and where it ends; none while more of it has to come.
pub(super) fn whole_body(
    input: &[u8],
    framing: Framing,
    fault: Fault,
) -> Result<Option<(Vec<u8>, usize)>, u16> {
    match framing {
        Framing::Length(length) => Ok(input.get(..length).map(|body| (body.to_vec(), length))),
        Framing::Chunked
            if fault == Fault::WaitsForEnds && input.len() > HEAD_BYTES_AT_MOST && !has_end(input) =>
        {
            Ok(None)
        }
        Framing::Chunked => whole_chunks(input, fault),
    }
}

/// The same of a chunked body, read anew from its beginning each time.
fn whole_chunks(input: &[u8], fault: Fault) -> Result<Option<(Vec<u8>, usize)>, u16> {
    let is_lenient = fault == Fault::AcceptsBadChunks;
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let Some(line) = line(input, &mut at, is_lenient)? else { return Ok(None) };
        if !is_lenient && has_controls(line) {
            return Err(400);
        }
        let size = chunk_size(line, is_lenient)?;
        if size == 0 {
            return Ok(end_of_trailers(input, at, is_lenient)?.map(|end| (body, end)));
        }
        if body.len().saturating_add(size) > BODY_BYTES_AT_MOST {
            return Err(413);
        }
        let Some(data) = input.get(at..at + size) else { return Ok(None) };
        body.extend_from_slice(data);
        at += size;
        match input.get(at..at + 2) {
            Some(b"\r\n") => at += 2,
            Some([b'\n', _]) if is_lenient => at += 1,
            Some(_) => return Err(400),
            None => return Ok(None),
        }
    }
}

fn end_of_trailers(input: &[u8], begin: usize, is_lenient: bool) -> Result<Option<usize>, u16> {
    let (mut at, mut fields) = (begin, 0);
    loop {
        let Some(line) = line(input, &mut at, is_lenient)? else { return Ok(None) };
        if at - begin > HEAD_BYTES_AT_MOST {
            return Err(431);
        }
        fields += 1;
        if fields > FIELDS_AT_MOST + 1 {
            return Err(431);
        }
        match line.iter().position(|byte| *byte == b':') {
            _ if has_controls(line) => return Err(400),
            _ if line.is_empty() => return Ok(Some(at)),
            Some(colon) if std::str::from_utf8(&line[..colon]).is_ok_and(is_token) => {}
            _ => return Err(400),
        }
    }
}

/// The line that begins at `at`, which is then behind it; none while its end has to come.
fn line<'a>(input: &'a [u8], at: &mut usize, is_lenient: bool) -> Result<Option<&'a [u8]>, u16> {
    let rest = &input[*at..];
    match rest.iter().take(HEAD_BYTES_AT_MOST).position(|byte| *byte == b'\n') {
        Some(end) => {
            *at += end + 1;
            match rest[..end].strip_suffix(b"\r") {
                Some(line) => Ok(Some(line)),
                None if is_lenient => Ok(Some(&rest[..end])),
                None => Err(400),
            }
        }
        None if rest.len() >= HEAD_BYTES_AT_MOST => Err(431),
        None => Ok(None),
    }
}

/// Whether there are control characters in a line, but for tabs.
fn has_controls(line: &[u8]) -> bool {
    line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
}

/// Whether this is a path, or a URL that names a host, and nothing but visible ASCII.
fn is_target(target: &str) -> bool {
    let is_plain = target.bytes().all(|byte| byte.is_ascii_graphic()) && !target.contains('#');
    let names_a_host = |rest: &str| {
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        !host.is_empty() && !host.starts_with(':') && is_host(host)
    };
    is_plain && (target.starts_with('/') || target.strip_prefix("http://").is_some_and(names_a_host))
}

/// Whether this is a host's name or address, and maybe a port.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => ("", port),
        _ => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    is_name && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn chunk_size(line: &[u8], is_lenient: bool) -> Result<usize, u16> {
    let text = std::str::from_utf8(line).map_err(|_| 400_u16)?;
    let mut digits = text.split(';').next().unwrap_or_default();
    if is_lenient {
        digits = digits.trim().trim_start_matches('+').trim_start_matches("0x");
    }
    let is_size = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_size { usize::from_str_radix(digits, 16).map_err(|_| 413) } else { Err(400) }
}

/// Where the body ends that a head announces (RFC 9112, 6.3).
fn framing(lengths: &[&str], codings: &[&str], is_old: bool, fault: Fault) -> Result<Framing, u16> {
    let is_chunked = |coding: &str| coding.trim().eq_ignore_ascii_case("chunked");
    let codings: Vec<bool> = codings.iter().flat_map(|value| value.split(',')).map(is_chunked).collect();
    match (codings.as_slice(), lengths) {
        ([], []) => Ok(Framing::Length(0)),
        ([], [first, more @ ..]) => {
            let is_certain = more.is_empty() || fault == Fault::BelievesFirstLength;
            if !is_certain || first.is_empty() || !first.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(400);
            }
            let length = first.parse().ok().filter(|length| *length <= BODY_BYTES_AT_MOST);
            length.map(Framing::Length).ok_or(413)
        }
        // Without a length, and chunked once at most, namely last.
        ([before @ .., last], []) if !is_old && !before.contains(&true) => match (before, last) {
            ([], true) => Ok(Framing::Chunked),
            _ => Err(501),
        },
        _ => Err(400),
    }
}

impl Request {
    pub(super) fn persistence(&self) -> (&'static str, Next) {
        match (self.stays_open, self.is_old) {
            (true, true) => ("Connection: keep-alive\r\n", Next::Read),
            (true, false) => ("", Next::Read),
            (false, _) => ("Connection: close\r\n", Next::Close),
        }
    }

    pub(super) fn parse(head: &[u8], fault: Fault) -> Result<Self, u16> {
        let text = std::str::from_utf8(head).map_err(|_| 400_u16)?;
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let first = lines.next().unwrap_or_default();
        let ends_early = first.contains(['\r', '\0']) && fault != Fault::AcceptsOddHeads;
        if ends_early {
            return Err(400);
        }
        if fault == Fault::TooStrict && first.len() > STRICT_LINE_BYTES {
            return Err(414);
        }
        let first: Vec<&str> = first.split(' ').collect();
        let [method, target, version] = first.as_slice() else { return Err(400) };
        let is_path = is_target(target) || !matches!(*method, "GET" | "HEAD" | "POST");
        if !is_token(method) || !(is_path || fault == Fault::AcceptsOddHeads) {
            return Err(400);
        }
        let is_old = match version.strip_prefix("HTTP/").map(str::as_bytes) {
            Some(b"1.1") => false,
            Some(b"1.0") => true,
            Some([major, b'.', minor]) if major.is_ascii_digit() && minor.is_ascii_digit() => {
                return Err(505);
            }
            _ => return Err(400),
        };
        let (mut hosts, mut close, mut keep_alive, mut expects_continue) = (0, false, false, false);
        let (mut lengths, mut codings, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        for (index, line) in lines.enumerate() {
            if index >= FIELDS_AT_MOST {
                return Err(431);
            }
            let is_blank_taken = index == 0 && fault == Fault::AcceptsOddHeads;
            let line = if is_blank_taken { line.trim_start() } else { line };
            let (name, value) = line.split_once(':').ok_or(400_u16)?;
            if fault == Fault::TooStrict && !value.starts_with(' ') {
                return Err(400);
            }
            if !is_token(name) || has_controls(value.as_bytes()) {
                return Err(400);
            }
            let value = value.trim_matches([' ', '\t']);
            fields.push((name.to_ascii_lowercase(), value.to_owned()));
            match name.to_ascii_lowercase().as_str() {
                "host" if !is_host(value) => return Err(400),
                "host" => hosts += 1,
                "connection" => {
                    close |= value.eq_ignore_ascii_case("close");
                    keep_alive |= value.eq_ignore_ascii_case("keep-alive");
                }
                "expect" if !value.eq_ignore_ascii_case("100-continue") => return Err(417),
                "expect" => expects_continue = !is_old,
                "content-length" => lengths.push(value),
                "transfer-encoding" => codings.push(value),
                _ => {}
            }
        }
        if hosts > 1 || (hosts == 0 && !is_old) {
            return Err(400);
        }
        let path =
            target.strip_prefix("http://").map_or(*target, |rest| &rest[rest.find('/').unwrap_or(0)..]);
        let stays_open = !close && (!is_old || keep_alive) && fault != Fault::OnlyHello;
        let framing = framing(&lengths, &codings, is_old, fault)?;
        let (method, path) = ((*method).to_owned(), path.to_owned());
        Ok(Self { method, path, is_old, stays_open, expects_continue, framing, fields })
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
