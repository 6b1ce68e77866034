//! What the HTTP service answers, example by example.

use std::time::Duration;

use workloads::http::{Http, pattern};

use crate::driver::{Connection, Ending, http, moment};

/// One reply, taken apart.
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) ending: Ending,
}

impl Answer {
    pub(crate) fn status(&self) -> &str {
        self.head[9..].split("\r\n").next().unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find_map(|(field, value)| (field == name).then_some(value))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// What these bytes are answered with, all of which must be one reply.
pub(crate) fn answer(request: &str) -> Answer {
    answer_of(&http(), request.as_bytes())
}

/// What this service answers them with.
pub(crate) fn answer_of(service: &Http, request: &[u8]) -> Answer {
    let mut connection = Connection::to(service);
    connection.say(request);
    let bytes = &connection.heard;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head") + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    assert!(head.starts_with("HTTP/1.1 "), "{head}");
    Answer { head, body: bytes[end..].to_vec(), ending: connection.ending }
}

fn get(path: &str) -> Answer {
    answer(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
}

/// A GET of `/hello` with these lines besides.
fn with(version: &str, fields: &str) -> Answer {
    answer(&format!("GET /hello HTTP/{version}\r\n{fields}\r\n"))
}

pub(crate) fn assert_refused(request: &str, status: &str) {
    let answer = answer(request);
    let start: String = request.chars().take(60).collect();
    assert_eq!(answer.status(), status, "{start:?}");
    assert_eq!(answer.ending, Ending::Refused, "{start:?}");
    assert_eq!(answer.field("Connection"), Some("close"), "{start:?}");
    assert_eq!(answer.field("Content-Length"), Some(answer.body.len().to_string().as_str()), "{start:?}");
    assert!(answer.text().ends_with(".\n"), "{start:?} is told why");
}

#[test]
fn hello_is_twelve_bytes_of_text_with_a_small_head() {
    let mut connection = Connection::to(&http());
    connection.say(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let expected = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n\
                    Content-Length: 12\r\n\r\nHello World\n";
    assert_eq!(std::str::from_utf8(&connection.heard).unwrap(), expected);
    assert_eq!(connection.ending, Ending::Open);
}

#[test]
fn the_index_is_a_page_that_links_to_every_route() {
    let page = get("/");
    assert_eq!(page.status(), "200 OK");
    assert_eq!(page.field("Content-Type"), Some("text/html; charset=utf-8"));
    for link in ["/hello", "/bytes/100000", "/cpu/100000", "/wait/50"] {
        assert!(page.text().contains(&format!("href=\"{link}\"")), "{link}");
        assert_eq!(get(link).status(), "200 OK", "{link}");
    }
}

#[test]
fn bytes_are_the_pattern_in_the_length_asked_for() {
    for length in [0, 1, 73, 65_536, 1_000_000] {
        let reply = get(&format!("/bytes/{length}"));
        assert_eq!(reply.status(), "200 OK");
        assert_eq!(reply.field("Content-Length"), Some(length.to_string().as_str()));
        assert_eq!(reply.body.len(), length);
        assert!(reply.body.iter().zip(0..).all(|(byte, at)| *byte == pattern::piece(at, 1)[0]));
    }
}

#[test]
fn cpu_counts_primes() {
    assert_eq!(get("/cpu/100").text(), "25\n");
    assert_eq!(get("/cpu/0").text(), "0\n");
}

#[test]
fn wait_waits_as_long_as_it_says() {
    let mut connection = Connection::to(&http());
    connection.say(b"GET /wait/50 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(connection.waited, Duration::from_millis(50));
    assert!(connection.heard.ends_with(b"Content-Length: 13\r\n\r\nwaited 50 ms\n"));
}

#[test]
fn the_date_is_the_clocks() {
    let later = Http { clock: || moment(784_111_778), ..Http::default() };
    let mut connection = Connection::to(&later);
    connection.say(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(String::from_utf8_lossy(&connection.heard).contains("Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"));
}

#[test]
fn what_is_not_there_is_404_and_the_connection_goes_on() {
    let reply = get("/nothing");
    assert_eq!(reply.status(), "404 Not Found");
    assert_eq!(reply.ending, Ending::Open);
}

#[test]
fn more_than_a_route_gives_is_400_with_the_limit() {
    for (path, limit) in
        [("/bytes/1073741825", "1073741824"), ("/cpu/10000001", "10000000"), ("/wait/60001", "60000")]
    {
        assert_refused(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"), "400 Bad Request");
        assert!(get(path).text().contains(limit), "{}", get(path).text());
    }
}

#[test]
fn a_target_that_is_no_path_is_400_and_nothing_behind_it_is_answered() {
    for target in
        ["*", "a:80", "hello", "/h\u{e9}llo", "/hello?\u{e9}", "/hello#x", "/hello?a#x", "ftp://a/hello"]
    {
        for method in ["GET", "POST"] {
            let request = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_refused(&(request + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), "400 Bad Request");
        }
    }
}

#[test]
fn a_target_beyond_ascii_is_400_whatever_the_method() {
    for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS", "BREW"] {
        let reply = answer(&format!("{method} /h\u{e9}llo HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!((reply.status(), reply.ending), ("400 Bad Request", Ending::Refused), "{method}");
    }
}

#[test]
fn a_target_in_absolute_form_is_answered_if_it_names_a_host() {
    for authority in ["localhost", "localhost:8888", "127.0.0.1:", "[::1]:80", "a%41b"] {
        assert_eq!(get(&format!("http://{authority}/hello")).text(), "Hello World\n", "{authority}");
    }
    for authority in ["", ":80", "[x", "u@h", "u:p@h", "h:x", "h:80:80", "%4"] {
        for method in ["GET", "POST"] {
            let request = format!("{method} http://{authority}/hello HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_refused(&request, "400 Bad Request");
        }
    }
}

#[test]
fn other_standard_methods_are_told_what_is_allowed() {
    for (methods, path, allowed) in [
        (&["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"][..], "/hello", "GET, HEAD"),
        (&["GET", "HEAD", "PUT", "OPTIONS"], "/echo", "POST"),
        (&["POST"], "/nothing", "GET, HEAD"),
        (&["OPTIONS"], "*", "GET, HEAD"),
        (&["CONNECT"], "localhost:80", "GET, HEAD"),
    ] {
        for method in methods {
            let request = |fields| format!("{method} {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
            let reply = answer(&request("Content-Length: 0\r\n"));
            assert_eq!(reply.status(), "405 Method Not Allowed", "{method} {path}");
            assert_eq!(reply.field("Allow"), Some(allowed), "{method} {path}");
            assert_eq!(reply.ending, Ending::Open, "{method} {path}");
            if *method != "HEAD" {
                assert_refused(&request("Content-Length: 3\r\n"), "405 Method Not Allowed");
                assert_refused(&request("Transfer-Encoding: chunked\r\n"), "405 Method Not Allowed");
            }
        }
    }
}

#[test]
fn methods_that_mean_nothing_are_501() {
    for method in ["BREW", "get", "POSTED", "GETS", "M-SEARCH"] {
        for path in ["/hello", "/echo", "/nothing"] {
            let request = |fields| format!("{method} {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
            let reply = answer(&request(""));
            assert_eq!((reply.status(), reply.ending), ("501 Not Implemented", Ending::Open), "{method}");
            assert_refused(&request("Content-Length: 3\r\n"), "501 Not Implemented");
        }
    }
}

#[test]
fn head_has_the_head_of_get_and_no_body() {
    for path in ["/", "/hello", "/bytes/1000000", "/cpu/100", "/wait/5", "/nothing", "/cpu/10000001", "*"] {
        let reply = answer(&format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_eq!(reply.head, get(path).head, "{path}");
        assert!(reply.body.is_empty(), "{path}");
        assert_eq!(reply.ending, get(path).ending, "{path}");
    }
}

#[test]
fn a_refused_head_request_gets_no_body_either() {
    let reply = answer("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert_eq!(reply.status(), "413 Content Too Large");
    assert!(reply.body.is_empty());
}

#[test]
fn a_connection_stays_open_until_close_is_asked_for() {
    for (fields, ending) in [
        ("", Ending::Open),
        ("Connection: keep-alive\r\n", Ending::Open),
        ("Connection: closed\r\n", Ending::Open),
        ("Connection: close\r\n", Ending::Closed),
        ("connection: upgrade,\tCLOSE\r\n", Ending::Closed),
        ("Connection: keep-alive\r\nConnection: close\r\n", Ending::Closed),
    ] {
        let reply = with("1.1", &format!("Host: a\r\n{fields}"));
        assert_eq!(reply.ending, ending, "{fields}");
        let told = if ending == Ending::Closed { Some("close") } else { None };
        assert_eq!(reply.field("Connection"), told, "{fields}");
        assert_eq!(reply.text(), "Hello World\n");
    }
}

#[test]
fn http_1_0_closes_unless_asked_to_stay_and_then_says_so() {
    for (fields, ending, told) in [
        ("", Ending::Closed, "close"),
        ("Host: a\r\n", Ending::Closed, "close"),
        ("Connection: Keep-Alive\r\n", Ending::Open, "keep-alive"),
        ("Connection: keep-alive, close\r\n", Ending::Closed, "close"),
    ] {
        let reply = with("1.0", fields);
        assert_eq!((reply.ending, reply.field("Connection")), (ending, Some(told)), "{fields}");
        assert_eq!(reply.text(), "Hello World\n");
    }
}

#[test]
fn every_kind_of_reply_closes_when_asked_to() {
    for path in ["/", "/hello", "/bytes/200000", "/cpu/10", "/wait/1", "/nothing"] {
        let reply = answer(&format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        assert_eq!(reply.ending, Ending::Closed, "{path}");
        assert_eq!(reply.field("Connection"), Some("close"), "{path}");
        assert_eq!(reply.field("Content-Length"), Some(reply.body.len().to_string().as_str()), "{path}");
    }
}

#[test]
fn nothing_is_answered_after_a_close() {
    let mut connection = Connection::to(&http());
    connection.say(b"GET /hello HTTP/1.0\r\n\r\nGET /hello HTTP/1.0\r\n\r\n");
    assert_eq!(connection.heard.windows(12).filter(|part| part == b"Hello World\n").count(), 1);
}

#[test]
fn exactly_one_host_is_required_in_http_1_1_and_at_most_one_in_1_0() {
    assert_refused("GET / HTTP/1.1\r\n\r\n", "400 Bad Request");
    assert_refused("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", "400 Bad Request");
    assert_refused("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request");
    assert_refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 Bad Request");
    assert_refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 Bad Request");
    assert_refused("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "400 Bad Request");
    for host in ["", "localhost:8888", "[::1]:80", "a.b-c_d~e"] {
        assert_eq!(with("1.1", &format!("Host: {host}\r\n")).status(), "200 OK", "{host}");
    }
}

#[test]
fn get_and_head_may_come_with_an_empty_body_and_no_other() {
    assert_eq!(with("1.1", "Host: a\r\nContent-Length: 0\r\n").status(), "200 OK");
    assert_eq!(with("1.1", "Host: a\r\nContent-Length: 000\r\n").status(), "200 OK");
    for fields in ["Content-Length: 1", "Content-Length: 18446744073709551614", "Transfer-Encoding: chunked"]
    {
        let request = format!("GET /hello HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
        assert_refused(&request, "413 Content Too Large");
    }
}

#[test]
fn other_versions_are_505_and_what_is_no_version_400() {
    for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9"] {
        assert_refused(&format!("GET / {version}\r\nHost: a\r\n\r\n"), "505 HTTP Version Not Supported");
    }
    for version in ["HTTP/1", "HTTP/1.", "HTTP/1.1 ", "http/1.1", "HTTP/11", "HTTQ/1.1", " HTTP/1.1"] {
        assert_refused(&format!("GET / {version}\r\nHost: a\r\n\r\n"), "400 Bad Request");
    }
}

#[test]
fn malformed_heads_are_400() {
    for head in [
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\ta\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\nZ: z\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: z\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX\0: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \x0b\r\n\r\n",
        "GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\rHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n",
        "\x16\x03\x01",
    ] {
        assert_refused(head, "400 Bad Request");
    }
}

#[test]
fn empty_lines_before_a_request_are_skipped() {
    assert_eq!(answer("\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n\r\n").text(), "Hello World\n");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let mut connection = Connection::to(&http());
    let paths = ["/cpu/100", "/hello", "/wait/7", "/bytes/100000", "/cpu/10", "/nothing", "/hello"];
    let requests = paths.map(|path| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).concat();
    connection.say(requests.as_bytes());
    let one_by_one: Vec<u8> = paths
        .iter()
        .flat_map(|path| {
            let reply = get(path);
            [reply.head.into_bytes(), reply.body].concat()
        })
        .collect();
    assert!(connection.heard == one_by_one);
}

#[test]
fn a_request_is_pending_from_its_first_byte_until_it_is_whole() {
    let mut connection = Connection::to(&http());
    assert!(!connection.pending());
    assert!(connection.say(b"G").pending());
    assert!(connection.say(b"ET /hello HTTP/1.1\r\nHost: a\r\n\r").pending());
    assert!(!connection.say(b"\n").pending());
    assert!(connection.say(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET").pending());
    assert!(!connection.end().pending());
}

#[test]
fn an_index_page_tells_of_echo() {
    assert!(get("/").text().contains("<code>/echo</code>"));
}

#[test]
fn a_half_closed_client_gets_its_answers_and_a_cut_off_request_400() {
    let mut connection = Connection::to(&http());
    connection.say(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").end();
    assert!(connection.heard.ends_with(b"Hello World\n"));
    assert_eq!(connection.ending, Ending::Closed);

    let mut connection = Connection::to(&http());
    connection.say(b"GET /hello HTTP/1.1\r\nHost").end();
    assert!(connection.heard.starts_with(b"HTTP/1.1 400 Bad Request\r\n"));
    assert_eq!(connection.ending, Ending::Closed);
}
