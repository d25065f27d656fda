"""WireMock's stubs: written and read back."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec.structs import replace

from ci_gate.model.message import HttpResponse
from ci_gate.store.formats import wiremockwriter
from tests.store.formats.exchanges import exchange, outgoing, snapshot
from tests.store.formats.roundtrip import again, written
from tests.store.formats.samples import found


def test_round_trip(tmp_path: Path) -> None:
    """Every call is the same; a body that is no text lies in __files."""
    again(tmp_path, wiremockwriter.write, inbound=False)
    assert len(list((tmp_path / "export" / "__files").iterdir())) == 1


def test_stubs(tmp_path: Path) -> None:
    """Only what our own mocks compare is asked of a request; equal requests are a scenario."""
    out = outgoing()
    folder = written(tmp_path, wiremockwriter.write, out)
    stubs = [json.loads(path.read_text()) for path in sorted((folder / "mappings").iterdir())]
    one, two, three = stubs
    assert one["request"]["headers"] == {"Content-Type": {"equalTo": "application/json"}}
    assert one["request"]["bodyPatterns"] == [{"equalToJson": '{"a":1}'}]
    assert (one["requiredScenarioState"], one["newScenarioState"]) == ("Started", "1")
    assert two["requiredScenarioState"] == "1"
    assert "newScenarioState" not in two
    assert one["scenarioName"] == two["scenarioName"]
    assert "bodyFileName" in three["response"]
    assert dict(out.lost) == {
        "the name pay, unless ci-gate.yml says whose it is": 1,
        "inbound exchanges: stubs are answers of dependencies": 3,
        "which request caused a call": 3,
    }


def test_a_body_without_its_coding(tmp_path: Path) -> None:
    """A stub does not call a body gzip'd that it holds plain; the exchange comes back with it."""
    call = exchange("bb04-1", b"/z", dependency="pay")
    fields = ((b"Content-Encoding", b"gzip"), (b"Content-Type", b"application/json"))
    call = replace(call, response=replace(call.response, coding="gzip", headers=fields))
    folder = written(tmp_path, wiremockwriter.write, outgoing(snapshot(call)))
    stub = json.loads(next((folder / "mappings").glob("*-bb04-1.json")).read_bytes())
    assert stub["response"]["headers"] == {"Content-Type": "application/json"}
    codings = [
        one.response.coding for one in found(folder) if isinstance(one.response, HttpResponse)
    ]
    assert sorted(codings) == ["", "", "", "gzip"]


def test_bodies_of_every_kind() -> None:
    """Bytes and plain text are asked for as they are."""
    whole = snapshot(
        exchange("bb03-1", b"/a", dependency="pay", method="PUT", sent=b"\x00\xff"),
    )
    stubs = [
        json.loads(data) for name, data in wiremockwriter.write(outgoing(whole)) if "03-1" in name
    ]
    assert stubs[0]["request"]["bodyPatterns"] == [{"binaryEqualTo": "AP8="}]
