//! The fields of a request that only a page heeds: they are read when one was found not to be for the routes, so that these
//! pay nothing for them.

use super::super::head;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) target: &'a str,
    /// A range is asked for with GET alone (RFC 9110, 14.2).
    pub(super) is_get: bool,
    /// The values of all fields of a name are one list (RFC 9110, 5.2).
    pub(super) if_match: Vec<&'a [u8]>,
    pub(super) if_none_match: Vec<&'a [u8]>,
    pub(super) if_modified_since: Single<'a>,
    pub(super) if_unmodified_since: Single<'a>,
    pub(super) if_range: Single<'a>,
    pub(super) range: Single<'a>,
}

/// A field that has one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Single<'a> {
    /// It is not there.
    #[default]
    Absent,
    /// It has this value.
    One(&'a [u8]),
    /// It stands there several times, so that nobody can say which is meant: it means nothing.
    Several,
}

impl<'a> Single<'a> {
    /// The value, if there is one.
    pub(super) fn one(self) -> Option<&'a [u8]> {
        if let Self::One(value) = self { Some(value) } else { None }
    }

    fn add(&mut self, value: &'a [u8]) {
        *self = if *self == Self::Absent { Self::One(value) } else { Self::Several };
    }
}

impl<'a> Asked<'a> {
    /// Reads a head that was found right before.
    pub(super) fn read(head: &'a [u8]) -> Option<Self> {
        let mut room = head::fields();
        let mut request = httparse::Request::new(&mut []);
        request.parse_with_uninit_headers(head, &mut room).ok()?;
        let mut asked = Self {
            target: request.path?,
            is_get: request.method? == "GET",
            if_match: Vec::new(),
            if_none_match: Vec::new(),
            if_modified_since: Single::Absent,
            if_unmodified_since: Single::Absent,
            if_range: Single::Absent,
            range: Single::Absent,
        };
        for field in request.headers {
            asked.add(field.name, field.value);
        }
        Some(asked)
    }

    fn add(&mut self, name: &str, value: &'a [u8]) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match name.len() {
            5 if is("range") => self.range.add(value),
            8 if is("if-match") => self.if_match.push(value),
            8 if is("if-range") => self.if_range.add(value),
            13 if is("if-none-match") => self.if_none_match.push(value),
            17 if is("if-modified-since") => self.if_modified_since.add(value),
            19 if is("if-unmodified-since") => self.if_unmodified_since.add(value),
            _ => {}
        }
    }

    /// What stands behind the target's question mark, with it.
    pub(super) fn query(&self) -> &'a str {
        self.target.find('?').map_or("", |at| &self.target[at..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_without_regard_to_case_and_lists_are_joined() {
        let head =
            b"GET /a?b?c HTTP/1.1\r\nHost: a\r\nrange: bytes=0-\r\nIF-MATCH: \"a\"\r\nIf-Match: \"b\"\r\n\
                     If-Range: \"a\"\r\nIf-Modified-Since: x\r\nIf-Modified-Since: x\r\n\r\n";
        let asked = Asked::read(head).unwrap();
        assert_eq!((asked.target, asked.query(), asked.is_get), ("/a?b?c", "?b?c", true));
        assert_eq!(asked.range, Single::One(b"bytes=0-"));
        assert_eq!(asked.if_range.one(), Some(&b"\"a\""[..]));
        assert_eq!(asked.if_match, [b"\"a\"", b"\"b\""]);
        assert_eq!(asked.if_modified_since, Single::Several);
        assert_eq!((asked.if_unmodified_since, asked.if_none_match.len()), (Single::Absent, 0));
    }
}
