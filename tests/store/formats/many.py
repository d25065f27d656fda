"""Recordings of very many very small exchanges, one of each format: what memory and speed are
measured with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.store.formats import (
    test_goreplay,
    test_har,
    test_keploy,
    test_mitmproxy,
    test_postman,
    test_proxymock,
    test_wiremock,
)


def har(folder: Path, count: int) -> Path:
    """Entries without headers."""
    content = {"content": {"text": "ok"}}
    made = (
        test_har.entry(f"http://shop.example/p/{number}", response=content)
        for number in range(count)
    )
    return test_har.har(folder, *made)


def goreplay(folder: Path, count: int) -> Path:
    """Requests with their answers."""
    records: list[bytes] = []
    for number in range(count):
        name = b"%040x" % number
        asked = b"GET /p/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number
        records.append(test_goreplay.record(1, asked, name))
        records.append(test_goreplay.record(2, test_goreplay.OK, name))
    return test_goreplay.written(folder, *records)


def wiremock(folder: Path, count: int) -> Path:
    """Stubs in one file."""
    stubs = [test_wiremock.stub({"url": f"/p/{number}"}, body="ok") for number in range(count)]
    inside = folder / "w" / "mappings"
    inside.mkdir(parents=True)
    (inside / "all.json").write_text(json.dumps({"mappings": stubs}))
    return folder / "w"


def mitmproxy(folder: Path, count: int) -> Path:
    """Flows."""
    flow = test_mitmproxy.FLOW
    made = (
        flow | {"request": flow["request"] | {"path": b"/p/%d" % number}} for number in range(count)
    )
    return test_mitmproxy.written(folder, *made)


def postman(folder: Path, count: int) -> Path:
    """Requests with a saved response each."""
    saved = {"code": 200, "header": [], "body": "ok"}
    made = (test_postman.item(f"http://h/p/{number}", saved) for number in range(count))
    return test_postman.written(folder, *made)


def keploy(folder: Path, count: int) -> Path:
    """A test, and mocks in one file."""
    mocks = (
        test_keploy.MOCK.format(kind="Http", name=f"mock-{number}", type="HTTP_CLIENT").replace(
            "/up", f"/up/{number}"
        )
        for number in range(count)
    )
    return test_keploy.recorded(folder, *mocks)


def proxymock(folder: Path, count: int) -> Path:
    """Pairs in one file of JSON lines."""
    pair = test_proxymock.PAIR
    asked = pair["http"]["req"]
    lines = (
        json.dumps(
            pair
            | {"http": pair["http"] | {"req": asked | {"url": f"/p/{number}"}}}
            | {"location": f"/p/{number}", "uuid": str(number)}
        )
        for number in range(count)
    )
    return test_proxymock.written(folder, "\n".join(lines) + "\n", "raw.jsonl")


MANY: dict[str, Callable[[Path, int], Path]] = {
    "har": har,
    "proxymock": proxymock,
    "keploy": keploy,
    "goreplay": goreplay,
    "wiremock": wiremock,
    "mitmproxy": mitmproxy,
    "postman": postman,
}
