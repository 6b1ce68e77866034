"""Python's own socketserver.ForkingTCPServer answering /hello: what a course's fork server is measured against.

It does the least that such a server can: it reads up to the empty line, sends twelve bytes, and closes. So it is to be
loaded with a new connection for each request:

    cargo run --release -p benches --example ratios -- --close \
        python-forking='exec python3 benches/floor/forking_tcp_server.py {port}' concur:fork
"""

import socketserver
import sys
from email.utils import formatdate

HEAD_AT_MOST = 16 * 1024


class Hello(socketserver.StreamRequestHandler):
    """One client, in a child process of its own."""

    timeout = 30  # seconds of silence

    def handle(self):
        left = HEAD_AT_MOST
        while left > 0 and (line := self.rfile.readline(left)) not in (b"\r\n", b""):
            left -= len(line)
        date = formatdate(usegmt=True)
        self.wfile.write(
            f"HTTP/1.1 200 OK\r\nDate: {date}\r\nConnection: close\r\nContent-Type: text/plain\r\n"
            "Content-Length: 12\r\n\r\nHello World\n".encode()
        )


class Server(socketserver.ForkingTCPServer):
    """As it comes, but for what a load of short connections needs."""

    allow_reuse_address = True
    request_queue_size = 1024
    max_children = 1024


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        sys.exit("usage: forking_tcp_server.py PORT")
    with Server(("127.0.0.1", int(sys.argv[1])), Hello) as server:
        server.serve_forever()
