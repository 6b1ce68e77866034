//! Why a request is not done as asked: a status, and a sentence for the reply's body.

use super::reply::Status;

/// An answer other than what was asked for. Where it is certain at which byte the next request begins, the connection
/// goes on; else it is closed (RFC 9112, 9.3 and 11.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: Status,
    /// One sentence, for the reply's body.
    pub(super) why: &'static str,
}

impl Refusal {
    pub(super) const CUT_SHORT: Self = bad("The connection ended before the request did.\n");

    // The first line.
    pub(super) const NOT_A_REQUEST: Self = bad("The first line is not METHOD TARGET HTTP/1.1.\n");
    pub(super) const LONG_LINE: Self =
        Self { status: Status::UriTooLong, why: "The first line is longer than 16384 bytes.\n" };
    pub(super) const VERSION: Self =
        Self { status: Status::VersionNotSupported, why: "Only HTTP/1.1 and HTTP/1.0 are spoken here.\n" };

    pub(super) const TARGET: Self =
        bad("What is asked for must be a path, as in /hello, or a URL such as http://localhost/hello.\n");

    pub(super) const ENCODING: Self =
        bad("In a path, a percent sign must be followed by two hexadecimal digits.\n");

    // The fields, of a head or of a trailer.
    pub(super) const FIELD: Self = bad("A field is not NAME: VALUE.\n");
    pub(super) const LINE_END: Self = bad("A line of the head or the trailer does not end in CR LF.\n");
    pub(super) const LONG_HEAD: Self = too_large("The head is longer than 16384 bytes.\n");
    pub(super) const LONG_TRAILER: Self = too_large("The trailer is longer than 16384 bytes.\n");
    pub(super) const MANY_FIELDS: Self = too_large("The head or the trailer has more than 100 fields.\n");
    pub(super) const HOST: Self = bad("A request must have one Host field that names a host.\n");
    pub(super) const EXPECTATION: Self =
        Self { status: Status::ExpectationFailed, why: "Nothing but 100-continue can be expected here.\n" };

    // Where the body ends.
    pub(super) const LENGTH: Self =
        bad("Content-Length must stand once, in digits, and be below 18446744073709551615.\n");
    pub(super) const TWO_LENGTHS: Self =
        bad("Content-Length and Transfer-Encoding can't both say where a body ends.\n");
    pub(super) const OLD_CODING: Self = bad("HTTP/1.0 has no Transfer-Encoding.\n");
    pub(super) const CODING_ORDER: Self =
        bad("In Transfer-Encoding, chunked must stand once and last, with nothing empty beside it.\n");
    pub(super) const CODING: Self = Self {
        status: Status::NotImplemented,
        why: "Of the transfer codings only chunked is understood here.\n",
    };

    // The body.
    pub(super) const CHUNK_SIZE: Self =
        bad("A chunk's size must be 1 to 16 hexadecimal digits, and its line end in CR LF.\n");
    pub(super) const CHUNK_END: Self = bad("A chunk's data must be followed by CR LF.\n");
    pub(super) const EXTENSIONS: Self = bad("The chunk extensions are longer than 16384 bytes in all.\n");
    pub(super) const LONG_BODY: Self =
        Self { status: Status::ContentTooLarge, why: "A body may have at most 1073741824 bytes.\n" };
    pub(super) const BODY: Self = Self {
        status: Status::ContentTooLarge,
        why: "GET and HEAD take no body here; send the request without one.\n",
    };

    // The method.
    pub(super) const METHOD: Self = Self {
        status: Status::NotImplemented,
        why: "There is no such method here; GET, HEAD and POST are known.\n",
    };
    pub(super) const ONLY_GET: Self =
        Self { status: Status::OnlyGet, why: "Only GET and HEAD are answered here.\n" };
    pub(super) const ONLY_POST: Self =
        Self { status: Status::OnlyPost, why: "Only POST is answered here.\n" };

    // A folder of pages.
    pub(super) const DENIED: Self =
        Self { status: Status::Forbidden, why: "The server may not read this file.\n" };
    pub(super) const UNREADABLE: Self =
        Self { status: Status::InternalServerError, why: "The server can't read this file.\n" };
    pub(super) const BUSY: Self =
        Self { status: Status::ServiceUnavailable, why: "Too many files are open just now; try again.\n" };

    /// More than a route gives; the sentence says how much that is.
    pub(super) const fn too_much(why: &'static str) -> Self {
        bad(why)
    }
}

const fn bad(why: &'static str) -> Refusal {
    Refusal { status: Status::BadRequest, why }
}

const fn too_large(why: &'static str) -> Refusal {
    Refusal { status: Status::FieldsTooLarge, why }
}
