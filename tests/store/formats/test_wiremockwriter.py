"""WireMock's stubs: written and read back."""

from __future__ import annotations

import json
from pathlib import Path

from ci_gate.store.formats import wiremockwriter
from tests.store.formats.exchanges import exchange, outgoing, snapshot
from tests.store.formats.roundtrip import again, written


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
    assert dict(out.lost) == {"inbound exchanges: stubs are answers of dependencies": 3}


def test_bodies_of_every_kind() -> None:
    """Bytes and plain text are asked for as they are."""
    whole = snapshot(
        exchange("bb03-1", b"/a", dependency="pay", method="PUT", sent=b"\x00\xff"),
    )
    stubs = [
        json.loads(data) for name, data in wiremockwriter.write(outgoing(whole)) if "03-1" in name
    ]
    assert stubs[0]["request"]["bodyPatterns"] == [{"binaryEqualTo": "AP8="}]
