"""What is served, free of IO: a session is a generator that says what it needs next.

A server drives it and does what it says, each server in its own way:

    READ         more of what the client sends, please; b"" once the client sends no more
    REST         the same within a request: the rest of one is worth waiting for when the server is to stop
    bytes        send these; the session goes on once they are sent, so memory stays bounded
    Wait(s)      so many seconds pass; a thread sleeps, a loop looks after its other clients
    LINGER       nothing more will be said; hear the client out for a bounded while (see `http`)

When the generator returns, the connection is to be closed.
"""

import ipaddress
import re
import time
from email.utils import formatdate


class Wait:
    """So many seconds are to pass."""

    def __init__(self, seconds):
        self.seconds = seconds


READ = object()
REST = object()
LINGER = object()


def echo():
    """What came in goes out again."""
    while data := (yield READ):
        yield data


# HTTP/1.1 (RFC 9110 and 9112), strict: what can be read in two ways is refused.

HEAD_AT_MOST = 16 * 1024
FIELDS_AT_MOST = 100
BODY_AT_MOST = 1024 * 1024
BYTES_AT_MOST = 1024 * 1024 * 1024
CPU_AT_MOST = 1_000_000
WAIT_MS_AT_MOST = 60_000

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([!-~]+) HTTP/([0-9])\.([0-9])")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*((?:[!-~\x80-\xff][\t -~\x80-\xff]*)?)")
HOST = re.compile(rb"(?:\[([0-9A-Fa-f:.]+)\]|(?:[0-9A-Za-z\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;[\t -~\x80-\xff]*)?")
TARGET = re.compile(rb"(?:(?i:http)://([^/?#]+))?(/[^?#]*|)(?:\?[^#]*)?")
STANDARD_METHODS = {b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"}

REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    414: "URI Too Long",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    505: "HTTP Version Not Supported",
}

INDEX = b"""<!doctype html>
<title>One HTTP session under many servers</title>
<p>Every server here serves this page with the same session. There is <a href="/hello">/hello</a>,
<a href="/bytes/1000">/bytes/N</a>, <a href="/cpu/10000">/cpu/N</a>, <a href="/wait/100">/wait/MS</a>, and POST /echo.</p>
"""

# Lines of 72 printing characters and a line feed, so that every byte of a body can be checked.
PATTERN = (bytes(range(ord("0"), ord("0") + 72)) + b"\n") * 897


class Refusal(Exception):
    """Why a request is not answered; the connection ends with it."""

    def __init__(self, status, why, allow=None):
        super().__init__(why)
        self.status, self.why, self.allow = status, why, allow
        self.head_only = False


class Request:
    """What is asked for, and how it is to be answered."""

    def __init__(self, method, path, fields, minor):
        self.method, self.path, self.fields = method, path, fields
        options = {option.strip().lower() for option in b",".join(self.all(b"connection")).split(b",")}
        self.closing = b"close" in options or (minor == 0 and b"keep-alive" not in options)
        self.asked_to_stay = minor == 0 and not self.closing
        self.continues = minor > 0 and bool(self.all(b"expect"))

    def all(self, name):
        """The values of the fields of this name."""
        return [value for known, value in self.fields if known == name]


def http():
    """Answers one request after another, also when several have come at once (pipelining).

    What is wrong is refused with a reply that says why. A server that closed at once, with bytes of the client unread,
    would send a reset, which can overtake that reply (RFC 9112, 9.6): so the client is heard out first.
    """
    inbox = bytearray()
    try:
        while (yield from answer_one(inbox)):
            pass
    except Refusal as refusal:
        yield refuse(refusal)
        yield LINGER


def refuse(refusal):
    """The reply to a request that is not answered."""
    body = refusal.why.encode() + b"\n"
    allow = f"Allow: {refusal.allow}\r\n" if refusal.allow else ""
    head = reply_head(refusal.status, len(body), f"{allow}Connection: close\r\n")
    return head if refusal.head_only else head + body


def answer_one(inbox):
    """Reads a request and answers it. Gives whether another one may follow."""
    line = yield from request_line(inbox)
    if line is None:
        return False
    method, target, minor = line
    try:
        request = Request(method, path_of(target), (yield from read_fields(inbox, HEAD_AT_MOST)), minor)
        length = body_length(request, minor)
        judge_method(request, length)
        if request.continues and length != 0 and not inbox:
            yield b"HTTP/1.1 100 Continue\r\n\r\n"
        body = (yield from read_chunked(inbox)) if length is None else (yield from read_bytes(inbox, length))
        yield from respond(request, body)
    except Refusal as refusal:
        refusal.head_only = method == b"HEAD"
        raise
    return not request.closing


def more(inbox):
    """Waits for more of a request."""
    data = yield REST
    if not data:
        raise Refusal(400, "The connection ended before the request did.")
    inbox += data


def read_line(inbox, at_most, too_long):
    """A line without its CR LF."""
    seen = 0
    while (end := inbox.find(b"\n", seen)) < 0 and len(inbox) <= at_most:
        seen = len(inbox)
        yield from more(inbox)
    if not 0 <= end < at_most:
        raise too_long
    line = bytes(inbox[: end + 1])
    del inbox[: end + 1]
    if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
        raise Refusal(400, "A line does not end in CR LF, or holds what no line may.")
    return line[:-2]


def read_bytes(inbox, length):
    """So many bytes."""
    while len(inbox) < length:
        yield from more(inbox)
    taken = bytes(inbox[:length])
    del inbox[:length]
    return taken


def request_line(inbox):
    """Method, target and minor version; none if the client has left between two requests."""
    while inbox in (b"", b"\r") or inbox.startswith(b"\r\n"):
        if len(inbox) > 1:
            del inbox[:2]  # some clients send an empty line before a request
            continue
        data = yield REST if inbox else READ
        if not data:
            return None
        inbox += data
    if not 0x21 <= inbox[0] <= 0x7E:
        raise Refusal(400, "That is no request.")  # at once: it may be TLS, and wait for us for ever
    line = yield from read_line(inbox, HEAD_AT_MOST, Refusal(414, "The first line is longer than 16384 bytes."))
    parts = REQUEST_LINE.fullmatch(line)
    if parts is None:
        raise Refusal(400, "The first line is not METHOD TARGET HTTP/1.1.")
    method, target, major, minor = parts.groups()
    if major != b"1" or minor not in b"01":
        raise Refusal(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    return method, target, int(minor)


def read_fields(inbox, room):
    """The fields up to the empty line, as pairs of a name in small letters and a value."""
    fields = []
    too_long = Refusal(431, "The fields are longer than 16384 bytes, or more than 100.")
    while line := (yield from read_line(inbox, room, too_long)):
        room -= len(line) + 2
        parts = FIELD.fullmatch(line)
        if parts is None:
            raise Refusal(400, "A field is not NAME: VALUE.")
        if len(fields) == FIELDS_AT_MOST:
            raise too_long
        fields.append((parts[1].lower(), parts[2].rstrip(b" \t")))
    return fields


def body_length(request, minor):
    """How long the body is; none if it comes in chunks. There must be one way to tell, or requests could be smuggled."""
    hosts, lengths = request.all(b"host"), request.all(b"content-length")
    if len(hosts) > 1 or (minor > 0 and not hosts) or not all(map(is_host, hosts)):
        raise Refusal(400, "A request has one Host field that names a host.")
    if any(value.lower() != b"100-continue" for value in request.all(b"expect")) and minor > 0:
        raise Refusal(417, "Only 100-continue can be expected.")
    codings = [coding.strip().lower() for value in request.all(b"transfer-encoding") for coding in value.split(b",")]
    if codings:
        if lengths or minor == 0 or b"chunked" in codings[:-1]:
            raise Refusal(400, "Transfer-Encoding stands without Content-Length, in HTTP/1.1, chunked last and once.")
        if codings != [b"chunked"]:
            raise Refusal(501, "Only the coding chunked is understood.")
        return None
    if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]+", length) for length in lengths):
        raise Refusal(400, "Content-Length stands once and in digits.")
    digits = lengths[0].lstrip(b"0") if lengths else b""
    if len(digits) > 18 or int(digits or b"0") > BODY_AT_MOST:
        raise Refusal(413, f"A body may have {BODY_AT_MOST} bytes.")
    return int(digits or b"0")


def judge_method(request, length):
    """Refuses a method that is not known or not for this path, and a body where none is expected."""
    allowed = (b"POST",) if request.path == "/echo" else (b"GET", b"HEAD")
    if request.method not in STANDARD_METHODS:
        raise Refusal(501, "That method is not known.")
    if request.path is None and request.method in (b"GET", b"HEAD", b"POST"):
        # Other methods may name something else: OPTIONS a `*`, CONNECT a host and a port.
        raise Refusal(400, "What is asked for must be a path, as in /hello, or a URL such as http://localhost/hello.")
    if request.method not in allowed:
        allow = b", ".join(allowed).decode()
        raise Refusal(405, f"Only {allow} is answered here.", allow)
    if request.method != b"POST" and length != 0:
        raise Refusal(413, "No body is taken here.")


def read_chunked(inbox):
    """The body that comes in chunks; what they say besides is read and dropped (RFC 9112, 7.1)."""
    body = bytearray()
    bad = Refusal(400, "A chunk is not SIZE CR LF BYTES CR LF.")
    while True:
        parts = CHUNK.fullmatch((yield from read_line(inbox, HEAD_AT_MOST, bad)))
        if parts is None:
            raise bad
        size = int(parts[1], 16)
        if size == 0:
            yield from read_fields(inbox, HEAD_AT_MOST)
            return bytes(body)
        if len(body) + size > BODY_AT_MOST:
            raise Refusal(413, f"A body may have {BODY_AT_MOST} bytes.")
        body += yield from read_bytes(inbox, size)
        if (yield from read_bytes(inbox, 2)) != b"\r\n":
            raise bad


def path_of(target):
    """The path of a target in origin or in absolute form (RFC 9112, 3.2), without its query; none if it has another form.

    A fragment is the client's own and belongs in no target; and where a target names a host, that must be one.
    """
    parts = TARGET.fullmatch(target)
    if parts is None:
        return None
    host, path = parts.groups()
    if host is None:
        return path.decode() or None
    return path.decode() or "/" if is_host(host) and not host.startswith(b":") else None


def is_host(value):
    """Whether a value is HOST or HOST:PORT. The host may be empty."""
    parts = HOST.fullmatch(value)
    if parts is None or parts[1] is None:
        return parts is not None
    try:
        ipaddress.IPv6Address(parts[1].decode())
    except ValueError:
        return False
    return True


def respond(request, body):
    """Does what the path stands for."""
    name, _, number = request.path[1:].partition("/")
    number = int(number) if re.fullmatch("[0-9]{1,12}", number) else None
    if request.path == "/":
        yield reply(request, INDEX, kind="text/html; charset=utf-8")
    elif request.path == "/hello":
        yield reply(request, b"Hello World\n")
    elif request.path == "/echo":
        yield reply(request, body, kind="application/octet-stream")
    elif number is not None and name in LIMITS and number > LIMITS[name]:
        raise Refusal(400, f"At most /{name}/{LIMITS[name]}.")
    elif number is not None and name == "bytes":
        yield from respond_bytes(request, number)
    elif number is not None and name == "cpu":
        yield reply(request, f"{primes_below(number)}\n".encode())
    elif number is not None and name == "wait":
        yield Wait(number / 1000)
        yield reply(request, f"waited {number} ms\n".encode())
    else:
        yield reply(request, b"There is nothing here; / lists what there is.\n", status=404)


LIMITS = {"bytes": BYTES_AT_MOST, "cpu": CPU_AT_MOST, "wait": WAIT_MS_AT_MOST}


def respond_bytes(request, length):
    """A large body goes out in pieces: the next one is made when the last one is sent."""
    yield reply_head(200, length, connection_field(request))
    left = 0 if request.method == b"HEAD" else length
    while left > 0:
        yield PATTERN[:left]
        left -= min(left, len(PATTERN))


def primes_below(number):
    """How many primes there are, by trial division. It takes long, and no other client of a loop is served meanwhile."""
    odd = range(3, number, 2)
    return (number > 2) + sum(all(n % d for d in range(3, int(n**0.5) + 1, 2)) for n in odd)


def reply(request, body, status=200, kind="text/plain"):
    """A whole reply; to HEAD without its body."""
    head = reply_head(status, len(body), connection_field(request), kind)
    return head if request.method == b"HEAD" else head + body


def connection_field(request):
    """What becomes of the connection, where it must be said."""
    if request.closing:
        return "Connection: close\r\n"
    return "Connection: keep-alive\r\n" if request.asked_to_stay else ""


def reply_head(status, length, more_fields, kind="text/plain"):
    """The status line and the fields."""
    return (
        f"HTTP/1.1 {status} {REASONS[status]}\r\nDate: {date()}\r\n{more_fields}"
        f"Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def date():
    """The date in the form that HTTP wants, made anew each second."""
    global _dated
    now = int(time.time())
    if _dated[0] != now:
        _dated = (now, formatdate(now, usegmt=True))
    return _dated[1]


_dated = (0, "")

SESSIONS = {"echo": echo, "http": http}
