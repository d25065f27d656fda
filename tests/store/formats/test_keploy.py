"""Keploy's test sets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.store.formats.found import Fault, Found, Lost, Relaxed, Skipped
from tests.store.formats.samples import found, read, recognisers, sample, those

TEST = """version: api.keploy.io/v1beta1
kind: Http
name: test-1
spec:
    req:
        method: GET
        url: http://localhost:8080/a
        header: {Accept: '*/*', Host: localhost:8080}
        body: ""
        timestamp: 2026-01-02T03:04:05Z
    resp:
        status_code: 200
        header: {Content-Type: application/json}
        body: '{"items": [{"id": 1}], "ts": 5}'
        status_message: OK
        timestamp: 2026-01-02T03:04:05.25Z
    assertions:
        noise: {body.items.id: [], body.ts: ['.*'], header.Date: [], header.X-Id: [], body: []}
"""
MOCK = """version: api.keploy.io/v1beta1
kind: {kind}
name: {name}
spec:
    metadata: {{type: {type}}}
    req: {{method: GET, url: /up, header: {{}}, body: ""}}
    resp: {{status_code: 200, header: {{}}, body: hello}}
    reqTimestampMock: 2026-01-02T03:04:05.1Z
    resTimestampMock: 2026-01-02T03:04:05.2Z
noise: {{req: [header.X-Trace], value: []}}
"""


def recorded(folder: Path, *mocks: str, mapping: str = "") -> Path:
    """A folder with one test set."""
    inside = folder / "keploy" / "test-set-0"
    (inside / "tests").mkdir(parents=True)
    (inside / "tests" / "test-1.yaml").write_text(TEST)
    (inside / "mocks.yaml").write_text("---\n".join(mocks))
    if mapping:
        (inside / "mappings.yaml").write_text(mapping)
    (folder / "keploy" / "reports").mkdir()
    (folder / "keploy" / "reports" / "x.yaml").write_text(TEST)
    return folder / "keploy"


@pytest.mark.parametrize(
    ("name", "outbound", "skipped"),
    [
        ("echo-sql", 5, 0),
        ("fasthttp-postgres", 5, 0),
        ("go-grpc", 0, 4),
        ("http-pokeapi", 3, 0),
        ("http-sse", 0, 0),
    ],
)
def test_every_sample(name: str, outbound: int, skipped: int) -> None:
    """Real test sets: a request for each test file; calls, by the steps that the mocks describe."""
    path = sample(f"keploy/{name}")
    tests = sorted(path.rglob("tests/*.yaml"))
    assert recognisers(path) == ["keploy"]
    items = read(path)
    exchanges = those(items, Found)
    assert sum(one.inbound for one in exchanges) == len(tests)
    assert sum(not one.inbound for one in exchanges) == outbound
    assert len(those(items, Skipped)) == skipped
    assert not those(items, Fault)
    mocks = "".join(file.read_text() for file in path.rglob("mocks.yaml"))
    by_itself = [one for one in those(items, Lost) if "by itself" in one.what]
    documents = len(re.findall(r"(?m)^kind:", mocks))
    assert outbound + skipped + len(by_itself) == documents


def test_a_test_and_its_noise(tmp_path: Path) -> None:
    """A request with its answer, and rules at places that lists are gone through for."""
    items = read(recorded(tmp_path, MOCK.format(kind="Http", name="mock-0", type="HTTP_CLIENT")))
    test, mock = those(items, Found)
    assert isinstance(test.request, HttpRequest)
    assert isinstance(test.response, HttpResponse)
    assert (test.inbound, test.host, test.port, test.took) == (True, "localhost", 8080, 250.0)
    assert test.response.body == b'{"items": [{"id": 1}], "ts": 5}'
    assert (mock.inbound, mock.host, mock.causes) == (False, "", None)
    assert mock.took == pytest.approx(100, abs=0.01)
    rules = those(items, Relaxed)
    assert [one.at for one in rules] == [
        "response.body.$.items[*].id",
        "response.body.$.ts",
        "response.headers.x-id",
        "request.headers.x-trace",
    ]
    assert {one.name for one in rules[:3]} == {"test-set-0/test-1"}
    assert (rules[3].method, rules[3].target) == ("GET", b"/up")
    assert len(those(items, Lost)) == 2  # patterns, and a whole body


@pytest.mark.parametrize(
    "mapping",
    [
        "kind: TestMocksMapping\ntests: [{id: test-1, mocks: 'mock-0,mock-9'}]\n",
        "kind: TestMocksMapping\ntests: [{id: test-1, mock_entries: [{name: mock-0, kind: Http}]}]\n",
        "kind: TestMocksMapping\ntests: [{id: test-1, mocks: [mock-0]}]\n",
    ],
)
def test_mappings(tmp_path: Path, mapping: str) -> None:
    """Each form says which test a mock belongs to; what a connection needs belongs to none."""
    mocks = [
        MOCK.format(kind="Http", name="mock-0", type="HTTP_CLIENT"),
        MOCK.format(kind="Http", name="mock-1", type="config"),
        MOCK.format(kind="MySQL", name="mock-2", type="mocks"),
    ]
    items = read(recorded(tmp_path, *mocks, mapping=mapping))
    _, one, two = those(items, Found)
    assert one.causes == ("test-set-0/test-1",)
    assert two.causes == ()
    assert [skipped.why for skipped in those(items, Skipped)] == [
        "a mock of kind MySQL: no codec of ours"
    ]


def test_streams_and_json(tmp_path: Path) -> None:
    """A body in chunks is joined; `storageFormat: json` holds the same documents."""
    folder = tmp_path / "tests"
    folder.mkdir()
    text = TEST.replace("""'{"items": [{"id": 1}], "ts": 5}'""", "[{data: 'a: 1'}, {data: 'b'}]")
    (folder / "a.yaml").write_text(text)
    (folder / "b.json").write_text(
        '{"version": "api.keploy.io/v1beta1", "kind": "Http", "name": "b", "spec": {"req": '
        '{"method": "GET", "url": "/"}, "resp": {"status_code": 204}}}'
    )
    one, two = found(tmp_path)
    assert one.response.body == b"a: 1b"  # type: ignore[union-attr]  # HTTP
    assert two.response.status == 204  # type: ignore[union-attr]  # HTTP


def test_broken(tmp_path: Path) -> None:
    """With the line of the document."""
    items = read(recorded(tmp_path, MOCK.format(kind="Http", name="a", type="x"), "kind: Http\n"))
    (fault,) = those(items, Fault)
    assert fault.where.endswith("test-set-0/mocks.yaml:11")
