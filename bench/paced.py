"""An open-loop HTTP client: requests leave when they are due, whatever the answers do.

    python paced.py RATE SECONDS HOST:PORT PATH_PREFIX [PROXY_URL]

Prints one line of JSON: sent, answered, and the latencies' median and 99th percentile in
milliseconds. Paths are PATH_PREFIX followed by a running number.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from typing import cast

import uvloop

CONNECTIONS = 16


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request in flight."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.data = b""
        self.sent = 0
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready for a request."""
        self.transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one by shape only
        self.client.idle.append(self)

    def send(self, request: bytes) -> None:
        """Start the clock and send."""
        assert self.transport is not None
        self.sent = time.perf_counter_ns()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Stop the clock at the last byte of an answer."""
        self.data += data
        head, found, body = self.data.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line[:15].lower() == b"content-length:"
        )
        if len(body) >= length:
            self.client.latencies.append(time.perf_counter_ns() - self.sent)
            self.client.bad += b" 200 " not in head[:16]
            self.data = body[length:]
            self.client.idle.append(self)


class Client:
    """Sends on whatever connection is idle; opens another when none is."""

    def __init__(self, host: str, port: int) -> None:
        self.address = (host, port)
        self.idle: deque[Connection] = deque()
        self.latencies: list[int] = []
        self.bad = 0

    async def run(self, rate: float, count: int, prefix: bytes, tail: bytes) -> None:
        """`count` requests, `rate` a second."""
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            await loop.create_connection(lambda: Connection(self), *self.address)
        start = time.perf_counter()
        for number in range(count):
            wait = start + number / rate - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            while not self.idle:
                await asyncio.sleep(0.0005)
            self.idle.popleft().send(b"GET " + prefix + b"%d" % (number + 1) + tail)
        end = time.perf_counter() + 10
        while len(self.latencies) < count and time.perf_counter() < end:
            await asyncio.sleep(0.01)


def main() -> None:
    """Measure, print."""
    rate, seconds, target, path = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4]
    prefix, address = path.encode(), target
    if len(sys.argv) > 5:
        prefix, address = f"http://{target}{path}".encode(), sys.argv[5].split("//")[1].rstrip("/")
    host, _, port = address.rpartition(":")
    client = Client(host, int(port))
    count = int(rate * seconds)
    tail = f" HTTP/1.1\r\nHost: {target}\r\nAccept: */*\r\n\r\n".encode()
    uvloop.run(client.run(rate, count, prefix, tail))
    taken = sorted(client.latencies)
    print(
        json.dumps(
            {
                "sent": count,
                "answered": len(taken) - client.bad,
                "p50": taken[len(taken) // 2] / 1e6,
                "p99": taken[int(len(taken) * 0.99)] / 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
