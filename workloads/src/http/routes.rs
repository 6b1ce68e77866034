//! What the server has to offer, by path. The client uses the same table to know what is right.

use super::head::number;
use super::host::is_host;

/// The most bytes `/bytes/N` sends: 1 GiB.
pub const MAX_BYTES: u64 = 1 << 30;
/// The most bytes of a body that `/echo` sends back: 1 GiB.
pub const MAX_BODY_BYTES: u64 = 1 << 30;
/// The largest N of `/cpu/N`: a few seconds of work.
pub const MAX_CPU: u64 = 10_000_000;
/// The longest `/wait/MS`, in milliseconds: shorter than a connection may stay silent.
pub const MAX_WAIT_MS: u64 = 60_000;

pub(crate) const HELLO: &str = "Hello World\n";

/// What a target names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Index,
    Hello,
    /// So many bytes of the pattern.
    Bytes(u64),
    /// The count of primes below this.
    Cpu(u64),
    /// A wait of so many milliseconds.
    Wait(u64),
    /// The body of the request.
    Echo,
    /// More than a route gives; the sentence says how much that is.
    TooMuch(&'static str),
    /// Nothing that is here.
    Unknown,
    /// Not a path at all.
    NotAPath,
}

/// Finds what a request's target names. A query is allowed and changes nothing.
pub(crate) fn route(target: &str) -> Route {
    match target {
        "/hello" => Route::Hello,
        "/" => Route::Index,
        _ => match path(target) {
            Some("/hello") => Route::Hello,
            Some("/" | "") => Route::Index,
            Some("/echo") => Route::Echo,
            Some(path) => numbered(path),
            None => Route::NotAPath,
        },
    }
}

/// The path of a target in origin form or, as proxies are sent it, in absolute form (RFC 9112, 3.2). A fragment is the
/// client's own and belongs in no target; and where a target names a host, that must be one (RFC 9110, 4.2).
pub(super) fn path(target: &str) -> Option<&str> {
    if !target.is_ascii() || target.contains('#') {
        return None;
    }
    let target = target.split('?').next().unwrap_or_default();
    if target.starts_with('/') {
        return Some(target);
    }
    let (scheme, rest) = target.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // Unlike that of a `Host` field, the host may not be empty; a user's name before it is no part of one.
    let names_a_host = !authority.is_empty() && !authority.starts_with(':') && is_host(authority.as_bytes());
    (scheme.eq_ignore_ascii_case("http") && names_a_host).then_some(path)
}

fn numbered(path: &str) -> Route {
    let Some((name, text)) = path[1..].split_once('/') else { return Route::Unknown };
    let Some(n) = number(text.as_bytes()) else { return Route::Unknown };
    match name {
        "bytes" if n > MAX_BYTES => Route::TooMuch("In /bytes/N, N may be at most 1073741824.\n"),
        "bytes" => Route::Bytes(n),
        "cpu" if n > MAX_CPU => Route::TooMuch("In /cpu/N, N may be at most 10000000.\n"),
        "cpu" => Route::Cpu(n),
        "wait" if n > MAX_WAIT_MS => Route::TooMuch("In /wait/MS, MS may be at most 60000.\n"),
        "wait" => Route::Wait(n),
        _ => Route::Unknown,
    }
}

/// The body of `/cpu/N`.
pub(crate) fn counted(primes: u64) -> String {
    format!("{primes}\n")
}

/// The body of `/wait/MS`.
pub(crate) fn waited(ms: u64) -> String {
    format!("waited {ms} ms\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_with_or_without_a_query_or_a_host() {
        let targets = [
            ("/", Route::Index),
            ("/hello", Route::Hello),
            ("/bytes/0", Route::Bytes(0)),
            ("/cpu/1000", Route::Cpu(1000)),
            ("/wait/50", Route::Wait(50)),
            ("/echo", Route::Echo),
            ("/nothing", Route::Unknown),
        ];
        for (path, expected) in targets {
            assert_eq!(route(path), expected, "{path}");
            assert_eq!(route(&format!("{path}?a=/b")), expected, "{path} with a query");
            assert_eq!(route(&format!("HTTP://host:80{path}")), expected, "{path} with a host");
        }
        for target in
            ["http://host", "http://host?a", "http://[::1]:80/", "http://127.0.0.1:/", "http://a%41b"]
        {
            assert_eq!(route(target), Route::Index, "{target}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_there() {
        for target in [
            "/bytes",
            "/bytes/",
            "/bytes/-1",
            "/bytes/1/2",
            "/cpu/x",
            "/wait/1.5",
            "/hello/",
            "//1",
            "/echo/",
            "/echo/1",
        ] {
            assert_eq!(route(target), Route::Unknown, "{target}");
        }
    }

    #[test]
    fn what_is_no_path_is_told_apart() {
        for target in
            ["*", "hello", "host:80", "ftp://host/", "/h\u{e9}llo", "/hello?\u{e9}", "/hello#x", "/#"]
        {
            assert_eq!(route(target), Route::NotAPath, "{target}");
        }
    }

    #[test]
    fn a_target_in_absolute_form_names_a_host() {
        for authority in ["", ":80", "[x", "[::1", "u@h", "u:p@h", "@h", "h:x", "h:80:80", "%4", "h\\h"] {
            for path in ["", "/hello", "?a", "#a"] {
                let target = format!("http://{authority}{path}");
                assert_eq!(route(&target), Route::NotAPath, "{target}");
            }
        }
    }

    #[test]
    fn the_limits_are_the_ones_that_the_sentences_name() {
        for (name, most) in [("bytes", MAX_BYTES), ("cpu", MAX_CPU), ("wait", MAX_WAIT_MS)] {
            assert!(!matches!(route(&format!("/{name}/{most}")), Route::TooMuch(_)));
            let Route::TooMuch(why) = route(&format!("/{name}/{}", most + 1)) else { panic!("/{name}") };
            assert!(why.ends_with(&format!(" {most}.\n")), "{why}");
            assert!(matches!(route(&format!("/{name}/99999999999999999999999")), Route::TooMuch(_)));
        }
    }
}
