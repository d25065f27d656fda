"""proxymock's pairs: what was recorded, with what people have edited."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.store.formats.found import Fault, Found, Skipped
from tests.store.formats.samples import found, read, recognisers, sample, those

PAIR: dict[str, Any] = {
    "msgType": "rrpair",
    "ts": "2026-01-02T03:04:05.5Z",
    "l7protocol": "http",
    "duration": 7,
    "uuid": "u1",
    "direction": "OUT",
    "network_address": "pay.example:443",
    "isTls": True,
    "http": {
        "req": {
            "method": "GET",
            "uri": "/charge?id=1",
            "version": "1.1",
            "headers": {"Host": ["pay.example"], "Vary": ["a", "b"]},
        },
        "res": {
            "statusCode": 200,
            "statusMessage": "200 OK",
            "headers": {"Content-Type": ["application/json"], "Content-Length": ["7"]},
            "bodyBase64": b64encode(b'{"a":1}').decode(),
        },
    },
}


def markdown(body: str = '{\n  "a": 1\n}', *, internal: Any = PAIR, direction: str = "OUT") -> str:
    """A pair with the newer section names."""
    inside = f"\n### INTERNAL - DO NOT MODIFY ###\n```\njson: {json.dumps(internal)}\n```\n"
    return f"""### REQUEST ###
```
GET https://pay.example:443/charge?id=1 HTTP/1.1
Host: pay.example
Vary: a, b
```

```
```

### RESPONSE ###
```
HTTP/1.1 200 OK
Content-Type: application/json
```

```
{body}
```

### METADATA ###
```
direction: {direction}
uuid: u1
ts: 2026-01-02T03:04:05.5Z
duration: 7ms
tags: captureMode=proxy, sequence=2
```
{inside if internal else ""}"""


def written(folder: Path, text: str, name: str = "pay.example/one.md") -> Path:
    """A folder with one pair."""
    path = folder / "rec" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder / "rec"


@pytest.mark.parametrize(
    ("name", "inbound", "outbound"), [("proxymock", 5, 4), ("proxymock-outbound", 13, 16)]
)
def test_every_sample(name: str, inbound: int, outbound: int) -> None:
    """Real folders: counted by their direction lines, statuses and bodies as INTERNAL has them."""
    path = sample(name)
    files = sorted(path.rglob("*.md"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert (lines.count("direction: IN"), lines.count("direction: OUT")) == (inbound, outbound)
    assert recognisers(path) == ["proxymock"]
    exchanges = found(path)
    assert sum(one.inbound for one in exchanges) == inbound
    assert sum(not one.inbound for one in exchanges) == outbound
    for one in exchanges:
        text = Path(one.where).read_text()
        told = re.search(r"^json: (.*)$", text, re.MULTILINE)
        assert told is not None
        internal = json.loads(told[1])["http"]
        assert isinstance(one.response, HttpResponse)
        assert isinstance(one.request, HttpRequest)
        assert one.response.status == internal["res"]["statusCode"]
        assert one.response.body == b64decode(internal["res"].get("bodyBase64", ""))
        assert one.request.target.decode() == internal["req"]["uri"]


def test_bytes_are_those_of_internal(tmp_path: Path) -> None:
    """A body that is only laid out for people keeps its bytes; fields keep theirs."""
    (one,) = found(written(tmp_path, markdown()))
    assert isinstance(one.request, HttpRequest)
    assert isinstance(one.response, HttpResponse)
    assert one.response.body == b'{"a":1}'
    assert (b"Content-Length", b"7") in one.response.headers
    assert one.request.headers[1:] == ((b"Vary", b"a"), (b"Vary", b"b"))
    assert (one.scheme, one.host, one.port, one.inbound) == ("https", "pay.example", 0, False)
    assert (one.at, one.took, one.name) == (1767323045.5, 7.0, "u1")


def test_what_people_edit_counts(tmp_path: Path) -> None:
    """Another body, another status, another field, another direction."""
    text = markdown('{"a": 2}', direction="IN").replace("200 OK", "201 Created")
    (one,) = found(written(tmp_path, text.replace("Vary: a, b", r"Vary: a\, b")))
    assert isinstance(one.request, HttpRequest)
    assert isinstance(one.response, HttpResponse)
    assert (one.response.status, one.response.reason) == (201, b"Created")
    assert one.response.body == b'{"a": 2}'
    assert one.request.headers[1:] == ((b"Vary", b"a, b"),)
    assert one.inbound


def test_older_names_and_no_internal(tmp_path: Path) -> None:
    """REQUEST (TEST) and RESPONSE (MOCK) are the same sections; what is shown is all there is."""
    text = markdown(internal=None).replace("REQUEST ###", "REQUEST (TEST) ###")
    (one,) = found(written(tmp_path, text.replace("RESPONSE ###", "RESPONSE (MOCK) ###")))
    assert isinstance(one.response, HttpResponse)
    assert json.loads(one.response.body) == {"a": 1}  # type: ignore[arg-type]  # bytes


def test_json_pairs(tmp_path: Path) -> None:
    """One file each, or one line each; other JSON in the folder is left alone."""
    folder = written(tmp_path, json.dumps(PAIR), "pay.example/one.json")
    (folder / "blueprint.json").write_text("{}")
    (one,) = found(folder)
    assert (one.host, one.request.target) == ("pay.example", b"/charge?id=1")  # type: ignore[union-attr]  # HTTP
    lines = tmp_path / "cloud"
    lines.mkdir()
    (lines / "raw.jsonl").write_text(f"{json.dumps(PAIR)}\n{json.dumps(PAIR)}\n")
    (lines / "reaction.jsonl").write_text(f"{json.dumps(PAIR)}\n")
    assert len(found(lines)) == 2


def test_what_is_no_recording(tmp_path: Path) -> None:
    """Results of a replay and protocols without a codec are counted, broken pairs told."""
    folder = written(tmp_path, markdown())
    written(tmp_path, markdown(), "results/replayed/two.md")
    written(tmp_path, markdown(), "out/x/three.md")
    (folder / "out" / ".proxymock-output").write_text("")
    (folder / "four.json").write_text(json.dumps(PAIR | {"l7protocol": "mongo"}))
    (folder / "five.md").write_text(markdown().replace("direction: OUT", "direction: UP"))
    (folder / "six.md").write_text(markdown().replace('{"msgType"', '{"msgType'))
    items = read(folder)
    assert len(those(items, Found)) == 1
    assert len(those(items, Skipped)) == 3
    faults = those(items, Fault)
    assert [one.where.rpartition("/")[2].partition(":")[0] for one in faults] == [
        "five.md",
        "six.md",
    ]
