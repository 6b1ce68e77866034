//! Pages from a folder: whole, in one part, or not at all if the client has them.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::answers::Reply;
use super::connection::Connection;
use super::fault::Fault;
use super::request::Request;

/// The folder that is shown, if one is.
static ROOT: OnceLock<PathBuf> = OnceLock::new();

/// Shows this folder, unless its name is empty.
pub(super) fn show(root: &str) {
    if !root.is_empty() {
        let _ = ROOT.set(PathBuf::from(root));
    }
}

/// The path of a page, and whether it can only be a directory.
struct Place {
    path: PathBuf,
    is_directory: bool,
}

impl Connection {
    /// The reply that shows a page; none if there is nothing to show.
    pub(super) fn page(&self, request: &Request) -> Option<Reply> {
        let place = place(ROOT.get()?, &request.path, self.fault)?;
        let found = look(&place.path, self.fault)?;
        match (found.is_dir(), place.is_directory) {
            (true, false) if self.fault != Fault::NeverMoves => {
                let index = place.path.join("index.html");
                look(&index, self.fault)?;
                let target = request.path.split('?').next().unwrap_or_default();
                let location = format!("{}Location: {target}/\r\n", connection_of(request));
                Some(self.made(301, b"", 0, &location, true))
            }
            (true, _) => {
                let index = place.path.join("index.html");
                let found = look(&index, self.fault).filter(Metadata::is_file)?;
                self.file(request, &index, &found)
            }
            (false, false) if found.is_file() => self.file(request, &place.path, &found),
            (false, _) => None,
        }
    }

    fn file(&self, request: &Request, path: &Path, found: &Metadata) -> Option<Reply> {
        let kind = if self.fault == Fault::TypesNothing { "text/plain" } else { kind(path) };
        let tag = format!("\"{}-{}-{}\"", found.mtime(), found.mtime_nsec(), found.len());
        let modified = httpdate::fmt_http_date(found.modified().ok()?);
        let about = format!(
            "{}Content-Type: {kind}\r\nETag: {tag}\r\nLast-Modified: {modified}\r\n",
            connection_of(request)
        );
        if let Some(status) = self.condition(request, &tag, found) {
            // A 304 has no body and needs no length.
            return Some(self.made(status, b"", 0, &about, true));
        }
        let asked = request.field("range").and_then(|range| range_of(range, found.len()));
        let is_same = request.field("if-range").is_none_or(|value| value == tag);
        let (status, range, more) = match asked {
            Some(range) if is_same || self.fault == Fault::MixesPages => {
                if range.is_empty() {
                    let beyond = format!("{about}Content-Range: bytes */{}\r\n", found.len());
                    return Some(self.made(416, b"", 0, &beyond, true));
                }
                let said =
                    format!("Content-Range: bytes {}-{}/{}\r\n", range.start, range.end - 1, found.len());
                let end = range.end - u64::from(self.fault == Fault::CutsRanges);
                (206, range.start..end, said)
            }
            _ => (200, 0..found.len(), String::new()),
        };
        // The length is that of the filling, of which nothing is sent.
        let length = (range.end - range.start) as usize;
        let mut reply = self.made(status, b"", length, &format!("{about}{more}"), true);
        if request.method != "HEAD" || self.fault == Fault::HeadWithBody {
            reply.file = Some((File::open(path).ok()?, range));
        }
        Some(reply)
    }

    /// The status that a condition of the request comes to; none if the page is to be sent (RFC 9110, 13.2.2).
    fn condition(&self, request: &Request, tag: &str, found: &Metadata) -> Option<u16> {
        if self.fault == Fault::HeedsNoCondition {
            return None;
        }
        let is_after = |date: &str| {
            let date = httpdate::parse_http_date(date).ok()?;
            let modified =
                httpdate::parse_http_date(&httpdate::fmt_http_date(found.modified().ok()?)).ok()?;
            Some(modified > date)
        };
        let is_in = |list: &str| {
            list.split(',').any(|one| one.trim() == "*" || one.trim().trim_start_matches("W/") == tag)
        };
        let is_another = match (request.field("if-match"), request.field("if-unmodified-since")) {
            (Some(list), _) => !is_in(list),
            (None, date) => date.and_then(is_after).unwrap_or(false),
        };
        let has_it = match (request.field("if-none-match"), request.field("if-modified-since")) {
            (Some(list), _) => is_in(list) || self.fault == Fault::BelievesEveryTag,
            (None, date) => date.and_then(is_after).is_some_and(|is_after| !is_after),
        };
        match (is_another, has_it) {
            (true, _) => Some(412),
            (_, true) => Some(304),
            _ => None,
        }
    }
}

impl Request {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

fn connection_of(request: &Request) -> &'static str {
    request.persistence().0
}

/// The place that a target names; none if it is not one that is ever shown.
fn place(root: &Path, target: &str, fault: Fault) -> Option<Place> {
    let path = target.split('?').next()?.strip_prefix('/')?;
    let (names, is_directory) = path.strip_suffix('/').map_or((path, path.is_empty()), |names| (names, true));
    let mut place = root.to_owned();
    for name in names.split('/').filter(|_| !names.is_empty()) {
        let name = decoded(name)?;
        let is_hidden = name.starts_with('.') && fault != Fault::ShowsHidden;
        let is_up = name == ".." && fault == Fault::Climbs;
        let is_odd = name.is_empty() || name.contains(|one: char| one.is_control() || "/\\".contains(one));
        if is_odd || (is_hidden && !is_up) {
            return None;
        }
        if name == "." || (name == ".." && !is_up) {
            return None;
        }
        place.push(name);
    }
    Some(Place { path: place, is_directory })
}

/// A name in which bytes may be written as `%41`.
fn decoded(name: &str) -> Option<String> {
    let mut parts = name.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// What is at a path, if no link is on the way there.
fn look(path: &Path, fault: Fault) -> Option<Metadata> {
    let root = ROOT.get()?;
    if fault == Fault::FollowsLinks {
        return fs::metadata(path).ok();
    }
    let has_link = path
        .ancestors()
        .take_while(|ancestor| *ancestor != root)
        .any(|part| fs::symlink_metadata(part).is_ok_and(|found| found.is_symlink()));
    if has_link { None } else { fs::metadata(path).ok() }
}

fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain",
        _ => "application/octet-stream",
    }
}

/// One range of a page, empty if it is beyond its end. None if it is not understood, or there are several.
fn range_of(text: &str, length: u64) -> Option<std::ops::Range<u64>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        return Some(length.saturating_sub(last.parse().ok()?)..length);
    }
    let first: u64 = first.parse().ok()?;
    let end = if last.is_empty() { length } else { last.parse::<u64>().ok()?.saturating_add(1).min(length) };
    Some(first.min(end)..end)
}
