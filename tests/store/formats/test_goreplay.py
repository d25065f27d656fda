"""GoReplay's files, written from their description."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.store.formats.found import Fault, Found, Lost
from tests.store.formats.samples import found, read, recognisers, those

END = "\n🐵🙈🙉\n".encode()
ID = b"932079936fa4306fc308d67588178d17d823647c"
GET = b"GET /a?b=1 HTTP/1.1\r\nHost: shop.example:8080\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def record(kind: int, payload: bytes, name: bytes = ID, at: int = 1439818823587396305) -> bytes:
    """One record with its separator."""
    return b"%d %b %d\n%b" % (kind, name, at, payload) + END


def written(folder: Path, *records: bytes, name: str = "requests_0.gor") -> Path:
    """A file of records."""
    path = folder / name
    data = b"".join(records)
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["r.gor", "r.gor.gz"])
def test_a_pair(tmp_path: Path, name: str) -> None:
    """Request and response by their id, times in nanoseconds; packed or not."""
    later = record(2, OK, at=1439818823587396305 + 2_500_000)
    path = written(tmp_path, record(1, GET), later, name=name)
    assert recognisers(path) == ["goreplay"]
    (one,) = found(path)
    assert isinstance(one.request, HttpRequest)
    assert isinstance(one.response, HttpResponse)
    assert (one.request.method, one.request.target) == ("GET", b"/a?b=1")
    assert one.response.body == b"hi"
    assert (one.host, one.port, one.took) == ("shop.example", 8080, 2.5)
    assert one.at == pytest.approx(1439818823.587396)


def test_far_apart_and_absent(tmp_path: Path) -> None:
    """A response may come first or never; what a replay was answered does not count."""
    path = written(
        tmp_path,
        record(1, GET, b"aaaaaaaaaaaaaaaaaaaaaaaa"),
        record(2, OK, b"bbbbbbbbbbbbbbbbbbbbbbbb"),
        record(3, OK, b"aaaaaaaaaaaaaaaaaaaaaaaa"),
        record(1, GET, b"bbbbbbbbbbbbbbbbbbbbbbbb"),
    )
    items = read(path)
    assert [one.response is None for one in those(items, Found)] == [False, True]
    assert len(those(items, Lost)) == 1


def test_bodies_as_they_went(tmp_path: Path) -> None:
    """Chunks and codings are undone; a body may hold the separator's first byte, and be large."""
    packed = gzip.compress(b"x" * 2_000_000, mtime=0)
    large = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\xf0\r\n0\r\n\r\n"
    path = written(
        tmp_path,
        record(1, GET, b"a1"), record(2, large + packed, b"a1"),
        record(1, GET, b"b1"), record(2, chunked, b"b1"),
        record(1, GET, b"c1"), record(2, b"HTTP/1.0 200 OK\r\n\r\nto the end", b"c1"),
    )  # fmt: skip
    one, two, three = (exchange.response for exchange in found(path))
    assert isinstance(one, HttpResponse)
    assert (len(one.body), one.coding) == (2_000_000, "gzip")  # type: ignore[arg-type]  # bytes
    assert isinstance(two, HttpResponse)
    assert two.body == b"\n\xf0"
    assert isinstance(three, HttpResponse)
    assert three.body == b"to the end"


def test_broken(tmp_path: Path) -> None:
    """A torn tail, a record without a head, an answer to nothing, bytes that are no HTTP."""
    path = written(
        tmp_path,
        record(1, GET),
        record(1, GET),
        b"hello" + END,
        record(2, OK, b"zzz"),
        record(1, b"\x00\x01", b"yyy"),
        b"1 abc 5\nGET",
    )
    items = read(path)
    assert len(those(items, Found)) == 1
    faults = those(items, Fault)
    assert [one.where.rpartition(":")[2] for one in faults] == ["7", "13", "24", "21", "15"]
