"""HAR: written and read back."""

from __future__ import annotations

import json
from pathlib import Path

from ci_gate.store.formats import harwriter
from tests.store.formats.exchanges import outgoing
from tests.store.formats.roundtrip import again


def test_round_trip(tmp_path: Path) -> None:
    """Every exchange is the same, its direction too."""
    again(tmp_path, harwriter.write)


def test_what_the_format_asks_for() -> None:
    """Each entry has what HAR 1.2 calls mandatory."""
    ((name, data),) = harwriter.write(outgoing())
    log = json.loads(data)["log"]
    assert (name, log["version"], len(log["entries"])) == ("", "1.2", 6)
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        both = {"cookies", "headers", "httpVersion", "headersSize", "bodySize"}
        assert {*both, "method", "url", "queryString"} <= set(entry["request"])
        assert {*both, "status", "statusText", "content", "redirectURL"} <= set(entry["response"])
        assert {"send", "wait", "receive"} <= set(entry["timings"])
        assert {"size", "mimeType"} <= set(entry["response"]["content"])
