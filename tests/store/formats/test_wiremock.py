"""WireMock's stubs: calls with the answers they give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ci_gate.codecs.http1.keys import FIELDS
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.store.formats.found import Fault, Found, Lost, Relaxed, Skipped
from tests.store.formats.samples import found, read, recognisers, sample, those


def written(folder: Path, *stubs: dict[str, Any]) -> Path:
    """A folder of mappings, one file each, with one body in __files."""
    (folder / "w" / "mappings").mkdir(parents=True)
    (folder / "w" / "__files").mkdir()
    (folder / "w" / "__files" / "b.bin").write_bytes(b"\x00\xff")
    for number, stub in enumerate(stubs):
        (folder / "w" / "mappings" / f"{number}.json").write_text(json.dumps(stub))
    return folder / "w"


def stub(request: dict[str, Any], **response: Any) -> dict[str, Any]:
    """A stub."""
    return {
        "request": {"method": "GET", "url": "/a"} | request,
        "response": {"status": 200} | response,
    }


def test_sample() -> None:
    """Real mappings: as many calls as a walk over the JSON counts, bodies from __files."""
    path = sample("wiremock")
    count = 0
    for file in (path / "mappings").glob("*.json"):
        count += len(json.loads(file.read_text()).get("mappings", [1]))
    assert recognisers(path) == ["wiremock"]
    exchanges = found(path)
    assert len(exchanges) == count == 9
    bodies = {one.request.target: one.response.body for one in exchanges}  # type: ignore[union-attr]  # HTTP
    assert bodies[b"/image-file"] == (path / "__files" / "favicon3.png").read_bytes()
    todo = [one.response for one in exchanges if one.request.target == b"/todo/items"]  # type: ignore[union-attr]  # HTTP
    assert [one.status for one in todo] == [200, 201, 200]  # type: ignore[union-attr]  # HTTP


def test_one_file() -> None:
    """A single mapping is recognised, too."""
    path = sample("wiremock/mappings/one.json")
    assert recognisers(path) == ["wiremock"]
    assert len(found(path)) == 1


def test_matchers(tmp_path: Path) -> None:
    """What a matcher names goes into the request, what it leaves open is a rule or told."""
    asked = {
        "url": None,
        "urlPath": "/a",
        "method": "POST",
        "queryParameters": {"q": {"equalTo": "1 2"}, "r": {"contains": "x"}, "s": {"matches": "."}},
        "headers": {"X-A": {"equalTo": "b", "caseInsensitive": True}, "X-B": {"absent": True}},
        "cookies": {"c": {"equalTo": "d"}},
        "basicAuthCredentials": {"username": "u", "password": "p"},
        "bodyPatterns": [{"equalToJson": {"a": 1}, "ignoreArrayOrder": True}],
        "host": {"equalTo": "pay.example"},
        "scheme": "https",
        "port": 8443,
    }
    items = read(written(tmp_path, stub(asked, jsonBody={"b": 2}, fixedDelayMilliseconds=5)))
    (one,) = those(items, Found)
    assert isinstance(one.request, HttpRequest)
    assert isinstance(one.response, HttpResponse)
    assert (one.scheme, one.host, one.port, one.took) == ("https", "pay.example", 8443, 5.0)
    assert one.request.target == b"/a?q=1%202&r=x&s=any"
    assert dict(one.request.headers) == {
        b"Host": b"pay.example:8443",
        b"X-A": b"b",
        b"Cookie": b"c=d",
        b"Authorization": b"Basic dTpw",
    }
    assert one.request.body == b'{"a": 1}'
    assert one.response.body == b'{"b":2}'
    assert [rule.at for rule in those(items, Relaxed)] == [
        "request.query.r",
        "request.query.s",
        "request.headers.x-a",
        *(f"request.headers.{name}" for name in FIELDS if name != "authorization"),
    ]
    assert len(those(items, Lost)) == 2


def test_what_has_no_answer_of_its_own(tmp_path: Path) -> None:
    """Proxies, templates, faults and URLs by pattern are told, not made up."""
    path = written(
        tmp_path,
        stub({}, proxyBaseUrl="http://x"),
        stub({}, transformers=["response-template"]),
        stub({}, fault="EMPTY_RESPONSE"),
        stub({"url": None, "urlPathPattern": "(?=/x).*"}),
    )
    assert len(those(read(path), Skipped)) == 4


def test_bodies(tmp_path: Path) -> None:
    """From __files byte for byte; a file that is elsewhere is not read."""
    (tmp_path / "secret").write_text("s")
    path = written(
        tmp_path,
        stub({}, bodyFileName="b.bin"),
        stub({}, base64Body="AP8="),
        stub({}, bodyFileName="../../secret"),
    )
    items = read(path)
    assert [one.response.body for one in those(items, Found)] == [b"\x00\xff"] * 2  # type: ignore[union-attr]  # HTTP
    assert len(those(items, Fault)) == 1


@pytest.mark.parametrize(
    "text", ["[1]", "{", '{"request": 1, "response": {}}', '{"mappings": [1]}']
)
def test_broken(tmp_path: Path, text: str) -> None:
    """Told with file and line."""
    path = written(tmp_path)
    (path / "mappings" / "x.json").write_text(text)
    (fault,) = those(read(path), Fault)
    assert fault.where == f"{path}/mappings/x.json:1"


def test_a_broken_mapping_among_others(tmp_path: Path) -> None:
    """It is named by its line, and the others are read."""
    good = json.dumps(stub({"url": "/a"}, body="ok"))
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "all.json").write_text(f'{{"mappings": [{good},\n 7,\n {good}]}}')
    items = read(tmp_path)
    assert len(those(items, Found)) == 2
    (fault,) = those(items, Fault)
    assert fault.where == f"{folder}/all.json:2"
