"""Postman collections, written from the description of their format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.store.formats.found import Fault, Found, Lost, Skipped
from ci_gate.store.formats.source import Source
from tests.store.formats.samples import found, read, recognisers, those

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def written(folder: Path, *items: Any, **more: Any) -> Path:
    """A collection."""
    path = folder / "shop.json"
    path.write_text(json.dumps({"info": {"name": "x", "schema": SCHEMA}, "item": items, **more}))
    return path


def item(request: Any, *saved: dict[str, Any]) -> dict[str, Any]:
    """A request with its saved responses."""
    return {"name": "one", "request": request, "response": list(saved)}


def asked(path: Path, **options: Any) -> HttpRequest:
    """The one request of a collection."""
    (one,) = found(path, **options)
    assert isinstance(one.request, HttpRequest)
    return one.request


def test_folders_and_saved_responses(tmp_path: Path) -> None:
    """Nested folders in order; each saved response is an exchange with the request it was for."""
    saved = {
        "code": 404,
        "status": "Not Found",
        "header": [{"key": "A", "value": "b"}],
        "body": "no",
    }
    other = {"originalRequest": {"method": "GET", "url": "http://h/2"}, "code": 200}
    deep = {"name": "f", "item": [{"name": "g", "item": [item("http://h/1", saved, other)]}]}
    path = written(tmp_path, deep, item({"method": "DELETE", "url": "http://h/3"}))
    assert recognisers(path) == ["postman"]
    one, two, three = found(path)
    assert isinstance(one.response, HttpResponse)
    assert (one.response.status, one.response.headers) == (404, ((b"A", b"b"),))
    assert [e.request.target for e in (one, two, three)] == [b"/1", b"/2", b"/3"]  # type: ignore[union-attr]  # HTTP
    assert three.response is None
    assert one.where == f"{path} f/g/one"


def test_urls(tmp_path: Path) -> None:
    """From their parts: disabled parameters are left out, path variables filled in."""
    url = {
        "raw": "ignored",
        "protocol": "https",
        "host": ["shop", "example"],
        "port": "8443",
        "path": ["a", ":id", "b"],
        "query": [{"key": "q", "value": "1"}, {"key": "r", "disabled": True}, {"key": "s"}],
        "variable": [{"key": "id", "value": "7 8"}],
    }
    (one,) = found(written(tmp_path, item({"method": "GET", "url": url})))
    assert isinstance(one.request, HttpRequest)
    assert one.request.target == b"/a/7%208/b?q=1&s"
    assert (one.scheme, one.host, one.port) == ("https", "shop.example", 8443)


def test_names(tmp_path: Path) -> None:
    """Values of the environment win over the collection's; one that stands for the address may be
    missing, another may not."""
    request = {"method": "GET", "url": "{{base}}/x", "header": [{"key": "K", "value": "{{k}}"}]}
    path = written(tmp_path, item(request), variable=[{"key": "k", "value": "{{j}}!"}])
    assert [type(one) for one in read(path)] == [Skipped]
    environment = tmp_path / "e.json"
    environment.write_text('{"values": [{"key": "j", "value": "v"}]}')
    got = asked(path, environment=Source(str(environment)))
    assert got.target == b"/x"
    assert got.headers == ((b"K", b"v!"),)


@pytest.mark.parametrize(
    ("body", "data", "media"),
    [
        (
            {"mode": "raw", "raw": "{}", "options": {"raw": {"language": "json"}}},
            b"{}",
            b"application/json",
        ),
        (
            {"mode": "urlencoded", "urlencoded": [{"key": "a b", "value": "&"}]},
            b"a%20b=%26",
            b"application/x-www-form-urlencoded",
        ),
        (
            {"mode": "graphql", "graphql": {"query": "{a}", "variables": ""}},
            b'{"query": "{a}", "variables": {}}',
            b"application/json",
        ),
    ],
)
def test_bodies(tmp_path: Path, body: dict[str, Any], data: bytes, media: bytes) -> None:
    """Each mode, with its media type."""
    got = asked(written(tmp_path, item({"method": "POST", "url": "http://h/", "body": body})))
    assert got.body == data
    assert (b"Content-Type", media) in got.headers


def test_forms_with_files(tmp_path: Path) -> None:
    """A file is told; the other fields are sent."""
    fields = [{"key": "a", "value": "1"}, {"key": "f", "type": "file", "src": "x"}]
    body = {"mode": "formdata", "formdata": fields}
    items = read(written(tmp_path, item({"method": "POST", "url": "http://h/", "body": body})))
    (one,) = those(items, Found)
    assert b'name="a"\r\n\r\n1\r\n--' in one.request.body  # type: ignore[union-attr, operator]  # bytes
    assert [lost.what for lost in those(items, Lost)] == ["a file that a form sends"]


def test_authorization(tmp_path: Path) -> None:
    """Inherited and own; a kind that needs a server is told."""
    bearer = {"type": "bearer", "bearer": [{"key": "token", "value": "t"}]}
    path = written(tmp_path, item({"method": "GET", "url": "http://h/"}), auth=bearer)
    assert (b"Authorization", b"Bearer t") in asked(path).headers
    path = written(
        tmp_path, item({"method": "GET", "url": "http://h/", "auth": {"type": "oauth2"}})
    )
    assert len(those(read(path), Lost)) == 1


def test_broken(tmp_path: Path) -> None:
    """Items that are none, URLs that are none, scripts that are told."""
    path = written(tmp_path, 1, {"name": "x"}, item({"url": 5}), event=[{"listen": "test"}])
    items = read(path)
    assert len(those(items, Fault)) == 3
    assert len(those(items, Lost)) == 1


@pytest.mark.parametrize(("told", "where"), [("", ":4 f/b"), ('"request": 1, ', " f/b")])
def test_a_fault_names_its_line(tmp_path: Path, told: str, where: str) -> None:
    """That of the item's request, in a folder too; none where keys of that name tell no order."""
    good = json.dumps({"name": "a", "request": {"method": "GET", "url": "http://h/a"}})
    broken = '{"name": "b",\n "request": {"method": "G T", "url": "http://h/b"}}'
    info = json.dumps({"name": "x", "schema": SCHEMA})
    path = tmp_path / "c.json"
    path.write_text(
        f'{{"info": {info}, {told}"item": [\n{good},\n{{"name": "f", "item": [{broken}]}}]}}'
    )
    items = read(path)
    assert len(those(items, Found)) == 1
    (fault,) = those(items, Fault)
    assert fault.where == f"{path}{where}"
