"""mitmproxy's flow dumps, of several versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.store.formats.found import Fault, Found, Lost, Skipped
from tests.store.formats.samples import found, read, recognisers, sample, those
from tests.store.formats.test_tnetstrings import dumped

FLOW: dict[str, Any] = {
    "version": 21,
    "type": "http",
    "client_conn": {"id": "c1"},
    "request": {
        "method": b"GET",
        "scheme": b"https",
        "host": "203.0.113.7",
        "port": 8443,
        "authority": b"shop.example:8443",
        "path": b"/a?b=1",
        "http_version": b"HTTP/2.0",
        "headers": [[b":authority", b"x"], [b"accept", b"*/*"]],
        "content": b"",
        "timestamp_start": 100.5,
    },
    "response": {
        "status_code": 200,
        "reason": b"",
        "headers": [[b"a", b"1"], [b"a", b"2"]],
        "content": b"\x00\xff",
        "timestamp_start": 100.6,
        "timestamp_end": 100.75,
    },
}


def written(folder: Path, *flows: dict[str, Any]) -> Path:
    """A dump of flows."""
    path = folder / "flows.mitm"
    path.write_bytes(b"".join(map(dumped, flows)))
    return path


@pytest.mark.parametrize(
    ("name", "flows"),
    [
        ("dumpfile-10.mitm", 1),
        ("dumpfile-19.mitm", 1),
        ("dumpfile-7-websocket.mitm", 6),
        ("event_stream.mitm", 2),
        ("successful_log.mitm", 2),
        ("websocket.mitm", 3),
    ],
)
def test_every_sample(name: str, flows: int) -> None:
    """Real dumps: as many flows as mitmproxy 11's own reader counts; those that call themselves HTTP
    are requests, the others are told."""
    path = sample(f"mitmproxy/{name}")
    data = path.read_bytes()
    assert recognisers(path) == ["mitmproxy"]
    items = read(path)
    assert len(those(items, Found)) == data.count(b"4:type;4:http;")
    assert len(those(items, Skipped)) == data.count(b"4:type;9:websocket;")
    assert len(those(items, Found)) + len(those(items, Skipped)) == flows
    assert not those(items, Fault)


@pytest.mark.parametrize("name", ["event_stream", "successful_log", "websocket"])
def test_as_its_own_har(name: str) -> None:
    """The same dumps exported to HAR by mitmproxy itself give the same exchanges."""
    har, dump = sample(f"har/mitmproxy-{name}.har"), sample(f"mitmproxy/{name}.mitm")
    entries = json.loads(har.read_text())["log"]["entries"]
    for one, other, entry in zip(found(dump), found(har), entries, strict=True):
        assert isinstance(one.request, HttpRequest)
        assert isinstance(other.request, HttpRequest)
        assert one.request == other.request
        assert isinstance(one.response, HttpResponse)
        assert isinstance(other.response, HttpResponse)
        assert one.response.status == other.response.status
        assert one.response.body == other.response.body
        assert (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)
        assert entry["request"]["url"].endswith(one.request.target.decode())


def test_a_flow(tmp_path: Path) -> None:
    """Address by the client's name for it, fields repeated, bytes exact."""
    items = read(written(tmp_path, FLOW))
    (one,) = those(items, Found)
    assert isinstance(one.request, HttpRequest)
    assert isinstance(one.response, HttpResponse)
    assert (one.scheme, one.host, one.port) == ("https", "shop.example", 8443)
    assert one.request.headers == ((b"Host", b"shop.example:8443"), (b"accept", b"*/*"))
    assert one.response.headers == ((b"a", b"1"), (b"a", b"2"))
    assert one.response.body == b"\x00\xff"
    assert (one.at, one.took, one.session) == (100.5, 250.0, "c1")
    assert [lost.what for lost in those(items, Lost)] == ["HTTP/2: carried as HTTP/1.1"]


def test_other_flows(tmp_path: Path) -> None:
    """TCP and DNS are told; a body that was not kept, too; an aborted request has no answer."""
    stream = [[b"content-type", b"text/event-stream"]]
    unkept = FLOW["response"] | {"content": None, "headers": stream}
    items = read(
        written(
            tmp_path,
            {"version": 21, "type": "tcp"},
            FLOW | {"response": unkept},
            FLOW | {"response": None},
            {"version": 21, "type": "http"},
        )
    )
    assert len(those(items, Skipped)) == 1
    assert [one.response is None for one in those(items, Found)] == [False, True]
    assert len(those(items, Fault)) == 1
    assert "a response's body that the tool has not kept" in [
        one.what for one in those(items, Lost)
    ]


def test_torn(tmp_path: Path) -> None:
    """What came before is read, the place is told."""
    path = written(tmp_path, FLOW)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"99:x")
    items = read(path)
    assert len(those(items, Found)) == 1
    (fault,) = those(items, Fault)
    assert fault.where == f"{path} flow 2 (byte {size})"
