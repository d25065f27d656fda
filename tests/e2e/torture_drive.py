"""The client that does to CI_GATE_TARGET what HTTP allows, on bare sockets, and checks the answers.

torture_drive.py [MEGABYTES]     given: only large bodies of that size
"""

from __future__ import annotations

import json
import os
import socket
import sys
import zlib
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from torture import CODERS, TEXT, block  # noqa: E402 - a script beside its service

TARGET = urlsplit(os.environ["CI_GATE_TARGET"])


def connected() -> socket.socket:
    """A connection to the service (through what records)."""
    return socket.create_connection((TARGET.hostname or "", TARGET.port or 0), 20)


def get(target: bytes, *fields: str, method: str = "GET", body: bytes = b"") -> bytes:
    """A request's bytes."""
    lines = [f"{method} ".encode() + target + b" HTTP/1.1", b"Host: torture.test"]
    lines += [field.encode("latin-1") for field in fields]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def until(connection: socket.socket, end: bytes) -> bytes:
    """Read until something comes."""
    data = bytearray()
    while end not in data:
        more = connection.recv(65536)
        assert more, f"closed before {end!r} came: {bytes(data[-200:])!r}"
        data += more
    return bytes(data)


def rest(connection: socket.socket) -> bytes:
    """Read until the end."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def sized(connection: socket.socket) -> tuple[bytes, int, int]:
    """Head, and size and checksum of the body that its Content-Length announces."""
    head, _, data = until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    size, check = len(data), zlib.crc32(data)
    while size < length:
        data = connection.recv(1 << 18)
        assert data, f"closed after {size} of {length} bytes"
        size, check = size + len(data), zlib.crc32(data, check)
    return head, size, check


def once(request: bytes, end: bytes) -> bytes:
    """One request on a connection of its own."""
    with connected() as connection:
        connection.sendall(request)
        return until(connection, end)


def shapes() -> None:
    """Everything that is small."""
    with connected() as connection:  # kept alive
        for number in range(3):
            connection.sendall(get(b"/plain?n=%d" % number))
            until(connection, b'"method": "GET"}')
        connection.sendall(get(b"/plain?n=p1") + get(b"/chunked") + get(b"/plain?n=p2"))
        data = until(connection, b'"p2", "method": "GET"}')
        assert data.index(b'"p1"') < data.index(b"X-Sum: 11") < data.index(b'"p2"')
        connection.sendall(get(b"/head", method="HEAD"))
        until(connection, b"gzip\r\n\r\n")
        for status in (204, 304):
            connection.sendall(get(b"/nothing?status=%d" % status))
            until(connection, b"Nothing\r\nContent-Length: 7\r\n\r\n")
        connection.sendall(get(b"/hints"))
        assert until(connection, b"<p>page").startswith(b"HTTP/1.1 103 ")
        connection.sendall(get(b"/cookies"))
        assert until(connection, b"{}").count(b"Set-Cookie") == 2
        connection.sendall(get(b"/slow"))
        until(connection, b"slow")
        for name, coder in CODERS.items():
            connection.sendall(get(b"/coded?as=" + name.encode()))
            until(connection, coder(TEXT))
        connection.sendall(get(b"/latin", "X-Client: \xe9\xff"))
        until(connection, b"caf\xe9")
        connection.sendall(get(b"/caf\xc3\xa9/\xe9?q=\xfc"))
        until(connection, b"/caf\xc3\xa9/\xe9?q=\xfc")
    with connected() as connection:  # a client that shuts its side
        connection.sendall(get(b"/close"))
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection).endswith(b"until the end")
    with connected() as connection:  # HTTP/1.0 without Host
        connection.sendall(b"GET /plain?n=old HTTP/1.0\r\n\r\n")
        assert rest(connection).endswith(b'"method": "GET"}')
    for byte in (b"GET /plain?n=bytewise HTTP/1.1\r\nHost: x\r\n\r\n",):
        with connected() as connection:
            for one in byte:
                connection.sendall(bytes((one,)))
            until(connection, b'"bytewise"')


def uploads() -> None:
    """Bodies that the client sends."""
    with connected() as connection:
        connection.sendall(
            get(b"/upload", "Expect: 100-continue", "Content-Length: 5", method="PUT")
        )
        until(connection, b"100 Continue\r\n\r\n")
        connection.sendall(b"hello")
        until(connection, b"}")
        connection.sendall(get(b"/upload", "Transfer-Encoding: chunked", method="POST"))
        connection.sendall(b"3\r\none\r\n5;x=y\r\n, two\r\n0\r\nX-Sum: 8\r\n\r\n")
        assert b'"size": 8' in until(connection, b"}")
        gzipped = CODERS["gzip"](TEXT)
        connection.sendall(get(b"/upload", "Content-Encoding: gzip", method="POST", body=gzipped))
        until(connection, b"}")
        part = b'--cut\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        form = part % (b"text", b"value") + part % (b"file", block(1)[:5000]) + b"--cut--\r\n"
        kind = "Content-Type: multipart/form-data; boundary=cut"
        connection.sendall(get(b"/upload", kind, method="POST", body=form))
        assert b'"size": %d' % len(form) in until(connection, b"}")
        connection.sendall(get(b"/upload", "Content-Type: image/png", method="PUT", body=block(2)))
        until(connection, b"}")
    with connected() as connection:  # answered before the body is there
        connection.sendall(get(b"/refused", "Content-Length: 5000", method="POST"))
        until(connection, b"too much")
        connection.sendall(b"x" * 5000)
        rest(connection)


def streams() -> None:
    """What does not end, what breaks off, what becomes something else."""
    events = once(get(b"/events?n=5"), b"0\r\n\r\n")
    assert events.count(b"tick") == 5
    with connected() as connection:  # never ends
        connection.sendall(get(b"/events?n=0"))
        until(connection, b"tick 7")
    with connected() as connection:
        connection.sendall(get(b"/cut"))
        assert rest(connection).endswith(b"only this")
    with connected() as connection:
        connection.sendall(get(b"/socket", "Connection: Upgrade", "Upgrade: twice"))
        until(connection, b"twice\r\n\r\n")
        connection.sendall(b"\x00\xffab")
        until(connection, b"\x00\xffab\x00\xffab")
    with connected() as connection:  # goes away while it is answered: more than any buffer holds
        connection.sendall(get(b"/large?mb=64"))
        connection.recv(1000)
    with connected() as connection:  # goes away while it asks
        connection.sendall(get(b"/upload", "Content-Length: 5000", method="POST") + b"half")


def calls() -> None:
    """What the service asks of others."""
    for name in ("shapes", "keep", "proxied", "alternating", "unreachable", "events", "large?mb=2"):
        with connected() as connection:
            connection.sendall(get(b"/call/" + name.encode()))
            head, _, _ = sized(connection)
            assert b" 200 " in head, head


def large(megabytes: int) -> None:
    """Bodies of this size, down and up, and both between the service and its upstream."""
    with connected() as connection:
        connection.sendall(get(b"/large?mb=%d" % megabytes))
        assert sized(connection)[1] == megabytes << 20
        length = f"Content-Length: {megabytes << 20}"
        connection.sendall(get(b"/upload", length, method="POST"))
        for number in range(megabytes * 16):
            connection.sendall(block(number))
        answer = json.loads(until(connection, b"}").partition(b"\r\n\r\n")[2])
        assert answer["size"] == megabytes << 20
        connection.sendall(get(b"/call/large?mb=%d" % megabytes))
        sized(connection)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        large(int(sys.argv[1]))
    else:
        shapes()
        uploads()
        streams()
        calls()
        with connected() as listing:
            listing.sendall(get(b"/listing"))
            sized(listing)
        large(3)
