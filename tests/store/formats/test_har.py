"""HAR: entries of browsers and proxies become exchanges, byte for byte."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.store.formats.found import Fault, Found, Lost, Skipped
from tests.store.formats.samples import found, read, recognisers, sample, those

HARS = (
    "api-pastries.har",
    "mitmproxy-event_stream.har",
    "mitmproxy-successful_log.har",
    "mitmproxy-websocket.har",
    "optic-capture.har",
)


def entry(url: str = "http://shop.example/a?b=1", **more: Any) -> dict[str, Any]:
    """An entry as HAR 1.2 describes it; `more` replaces parts of it."""
    request = {"method": "GET", "url": url, "httpVersion": "HTTP/1.1", "headers": []}
    response = {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "headers": []}
    response["content"] = {"size": 0, "mimeType": "text/plain", "text": "hello"}
    return {
        "startedDateTime": "2026-01-02T03:04:05.250Z",
        "time": 12.5,
        "request": request | more.get("request", {}),
        "response": response | more.get("response", {}),
    }


def har(folder: Path, *entries: dict[str, Any]) -> Path:
    """A HAR file, with the byte order mark that some tools write."""
    path = folder / "one.har"
    text = json.dumps({"log": {"version": "1.2", "creator": {}, "entries": entries}})
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    return path


@pytest.mark.parametrize("name", HARS)
def test_every_sample(name: str) -> None:
    """Real files: as many exchanges as a walk over the JSON counts, with their bodies' bytes."""
    path = sample(f"har/{name}")
    entries = json.loads(path.read_text("utf-8-sig"))["log"]["entries"]
    assert recognisers(path) == ["har"]
    exchanges = found(path)
    assert len(exchanges) == len(entries)
    for one, told in zip(exchanges, entries, strict=True):
        assert isinstance(one.request, HttpRequest)
        assert one.request.method == told["request"]["method"]
        assert isinstance(one.response, HttpResponse)
        assert one.response.status == told["response"]["status"]
        content = told["response"]["content"]
        if content.get("text") and content.get("encoding") != "base64":
            assert one.response.body == content["text"].encode()


def test_an_entry(tmp_path: Path) -> None:
    """Target, fields, times, address: what the entry says."""
    headers = [{"name": "Set-Cookie", "value": "a=1"}, {"name": "Set-Cookie", "value": "b=2"}]
    (one,) = found(har(tmp_path, entry(response={"headers": headers})))
    assert isinstance(one.request, HttpRequest)
    assert isinstance(one.response, HttpResponse)
    assert one.request.target == b"/a?b=1"
    assert one.request.headers == ((b"Host", b"shop.example"),)
    assert one.response.headers == ((b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"))
    assert (one.scheme, one.host, one.port) == ("http", "shop.example", 0)
    assert one.at == 1767323045.25
    assert one.took == 12.5


def test_bodies(tmp_path: Path) -> None:
    """Base64 is undone; a coding the tool has undone is named, and one that is not ours left out."""
    coded = [{"name": "Content-Encoding", "value": "gzip"}]
    odd = [{"name": "Content-Encoding", "value": "zstd, gzip"}]
    text = b64encode(b"\x00\xff").decode()
    items = read(
        har(
            tmp_path,
            entry(response={"content": {"text": text, "encoding": "base64"}}),
            entry(response={"content": {"text": "{}"}, "headers": coded}),
            entry(response={"content": {"text": "{}"}, "headers": odd}),
            entry(response={"content": {"size": 7}}),
            entry(request={"postData": {"mimeType": "text/plain", "text": "é"}, "method": "PUT"}),
        )
    )
    answers = [one.response for one in those(items, Found)]
    assert isinstance(answers[0], HttpResponse)
    assert answers[0].body == b"\x00\xff"
    assert isinstance(answers[1], HttpResponse)
    assert (answers[1].coding, answers[1].body) == ("gzip", b"{}")
    assert isinstance(answers[2], HttpResponse)
    assert (answers[2].coding, answers[2].headers) == ("", ())
    asked = those(items, Found)[4].request
    assert isinstance(asked, HttpRequest)
    assert asked.body == "é".encode()
    assert [one.what.partition(":")[0] for one in those(items, Lost)] == [
        "the coding 'zstd, gzip'",
        "a response's body that the tool has not kept",
    ]


def test_forms_kept_as_fields(tmp_path: Path) -> None:
    """Fields of a form are encoded again, and that is said."""
    data = {
        "mimeType": "application/x-www-form-urlencoded",
        "params": [{"name": "a b", "value": "&"}],
    }
    items = read(har(tmp_path, entry(request={"method": "POST", "postData": data})))
    (one,) = those(items, Found)
    assert one.request.body == b"a+b=%26"
    assert those(items, Lost)


def test_what_no_server_answers(tmp_path: Path) -> None:
    """data: URLs are counted; a request that was blocked has no answer."""
    items = read(har(tmp_path, entry("data:text/plain,x"), entry(response={"status": 0})))
    assert len(those(items, Skipped)) == 1
    assert [one.response for one in those(items, Found)] == [None]


def test_http2(tmp_path: Path) -> None:
    """Pseudo-headers are no fields, and the version is told."""
    named = [{"name": ":authority", "value": "shop.example"}, {"name": "accept", "value": "*/*"}]
    items = read(har(tmp_path, entry(request={"httpVersion": "h2", "headers": named})))
    (one,) = those(items, Found)
    assert isinstance(one.request, HttpRequest)
    assert one.request.headers == ((b"Host", b"shop.example"), (b"accept", b"*/*"))
    assert [lost.what for lost in those(items, Lost)] == ["HTTP/2: carried as HTTP/1.1"]


def test_faults_name_the_line(tmp_path: Path) -> None:
    """An entry that breaks the format is told with its line; the others are read."""
    path = tmp_path / "broken.har"
    good = json.dumps(entry())
    path.write_text(f'{{"log": {{"entries": [\n{good},\n{{"request": 1}},\n{good}]}}}}')
    items = read(path)
    assert len(those(items, Found)) == 2
    (fault,) = those(items, Fault)
    assert fault.where == f"{path}:3"
    cut = path.read_text()[:-8]
    path.write_text(cut)
    items = read(path)
    assert len(those(items, Found)) == 1
    assert [fault.where for fault in those(items, Fault)] == [f"{path}:3", f"{path}:4"]
    path.write_text('{"log": {"entries": [\n{]}}')
    (fault,) = those(read(path, "har"), Fault)
    assert fault.where == f"{path}:2"
