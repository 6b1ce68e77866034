"""loop: one client after another.

What the kernel does: it completes connections by itself and queues them at the listener; `accept` takes the first.
`recv` puts the process to sleep until something has come.
Good at: simplicity, and clients who want one short thing each.
Bad at: everybody else. A client that stays makes all others wait, and the processor is idle meanwhile.
Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 30, "TCP iterative server"; `TCPServer` of Python's
socketserver.
"""

from serving import Server


def main():
    server = Server(__doc__)
    for client in server.clients():
        with client:
            server.serve_only(client)


if __name__ == "__main__":
    main()
