"""What is said on connections, kept in a capture file that other programs read."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

SEGMENT = 1400
"""Bytes of one packet."""


class Tap:
    """Passes connections on to a port, and keeps what both sides say, in its order."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.said: list[tuple[int, bool, bytes]] = []
        """(connection, whether the client said it, bytes); b"" = that side is done."""
        self._open: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        for number in range(1 << 14):
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            self._open += [client, server]
            self._start(self._pass, number, client, server, True)
            self._start(self._pass, number, server, client, False)

    def _pass(self, number: int, source: socket.socket, sink: socket.socket, asking: bool) -> None:
        while True:
            try:
                data = source.recv(1 << 16)
            except OSError:
                data = b""
            with self._lock:
                self.said.append((number, asking, data))
            try:
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        """No more connections; those that there are have ended."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for one in self._open:
            one.close()

    def write(self, path: Path, port: int) -> None:
        """A capture (pcap, raw IP) as if the server listened on this port."""
        sequences: dict[tuple[int, bool], int] = {}
        out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
        for number, asking, data in self.said:
            for start in range(0, len(data), SEGMENT):
                part = data[start : start + SEGMENT]
                sent = sequences.get((number, asking), 1)
                got = sequences.get((number, not asking), 1)
                sequences[number, asking] = sent + len(part)
                ports = (10_000 + number, port) if asking else (port, 10_000 + number)
                out.append(_packet(ports, sent, got, part, len(out)))
        path.write_bytes(b"".join(out))


def _packet(ports: tuple[int, int], sent: int, got: int, data: bytes, at: int) -> bytes:
    """A record with an IPv4 and a TCP header without checksums (RFC 791, RFC 9293)."""
    tcp = struct.pack("!HHIIBBHHH", *ports, sent, got, 0x50, 0x18, 65535, 0, 0) + data
    host = bytes((127, 0, 0, 1))
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + host + host
    return struct.pack("<IIII", at // 1000, at % 1000 * 1000, *[len(ip + tcp)] * 2) + ip + tcp
