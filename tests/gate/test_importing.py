"""`import`: another tool's recording becomes a snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bcrypt
import pytest

from ci_gate.config.importing import ImportOptions
from ci_gate.errors import UsageError
from ci_gate.gate.events import ignore
from ci_gate.gate.importing import import_recording
from ci_gate.gate.summary import ImportSummary
from ci_gate.model.message import HttpRequest, HttpResponse, Stored
from ci_gate.model.snapshot import Snapshot
from ci_gate.store.snapshot import read_snapshot
from ci_gate.values.redaction.rules import Entry, RedactionRules
from tests.store.formats.test_har import entry, har

KEY = "ab" * 32


def brought(path: Path, folder: Path, **more: Any) -> tuple[ImportSummary, Snapshot]:
    """What importing `path` into `folder`/snapshot comes to."""
    out = str(folder / "snapshot")
    options = ImportOptions(path=str(path), out=out, redaction_key=KEY, service="shop", **more)
    summary = import_recording(options, ignore)
    return summary, read_snapshot(out)


def test_inbound(tmp_path: Path) -> None:
    """Requests in order and by their times, secrets replaced, the service's address a name."""
    secret = [{"name": "Authorization", "value": "Bearer abcdefgh12345678"}]
    path = har(
        tmp_path,
        entry("http://localhost:8080/b", request={"headers": secret}),
        entry("http://localhost:8080/a", response={"content": {"text": "at localhost:8080"}}),
    )
    summary, snapshot = brought(path, tmp_path)
    assert (summary.inbound, summary.outbound, summary.skipped) == (2, 0, 0)
    assert [one.route for one in snapshot.inbound] == ["GET /b", "GET /a"]
    assert snapshot.origin.source == "import:har"
    assert snapshot.origin.recorded_at == "2026-01-02T03:04:05.250+00:00"
    assert (snapshot.origin.host, snapshot.origin.service_port) == ("localhost:8080", 8080)
    first, second = snapshot.inbound
    assert first.redacted == ("request.headers.authorization",)
    assert isinstance(first.request, HttpRequest)
    assert b"abcdefgh12345678" not in b"".join(value for _, value in first.request.headers)
    assert isinstance(second.response, HttpResponse)
    assert second.response.body == b"at {service}"


def test_a_stored_hash_still_fits_its_password(tmp_path: Path) -> None:
    """Whichever of both comes first."""
    stored = bcrypt.hashpw(b"hunter22", bcrypt.gensalt(4))
    answer = {"content": {"text": f"row {stored.decode()}", "mimeType": "text/plain"}}
    url = "http://ada:hunter22@files.example/"
    _, snapshot = brought(
        har(tmp_path, entry(response=answer), entry(response={"content": {"text": url}})), tmp_path
    )
    row, link = (one.response.body for one in snapshot.inbound)  # type: ignore[union-attr]  # answered
    assert isinstance(row, bytes)
    assert isinstance(link, bytes)
    assert stored not in row
    assert bcrypt.checkpw(link.rpartition(b"@")[0].rpartition(b":")[2], row.split()[1])


def test_redacted_by_the_projects_own_rules(tmp_path: Path) -> None:
    """`redaction:` of the configuration holds for an import as for a recording."""
    answer = {"content": {"text": '{"colour": "blue"}', "mimeType": "application/json"}}
    answer["headers"] = [{"name": "Content-Type", "value": "application/json"}]  # type: ignore[assignment]  # HAR
    rules = RedactionRules(deny=(Entry(at="response.body.$.colour"),))
    _, snapshot = brought(har(tmp_path, entry(response=answer)), tmp_path, redaction=rules)
    assert snapshot.inbound[0].redacted == ("response.body.$.colour",)
    assert b"blue" not in snapshot.inbound[0].response.body  # type: ignore[union-attr, operator]  # bytes


def test_outbound(tmp_path: Path) -> None:
    """As calls: dependencies are named after their hosts, telemetry is left out and counted."""
    path = har(tmp_path, entry(), entry("https://x.example:444/"), entry("http://d.datadoghq.com/"))
    summary, snapshot = brought(path, tmp_path, direction="outbound")
    assert (summary.inbound, summary.outbound, summary.skipped) == (0, 2, 1)
    assert [one.name for one in snapshot.dependencies] == ["shop.example", "x.example-444"]
    assert snapshot.dependencies[1].address == "https://x.example:444"
    assert summary.why_skipped[0].what.startswith("telemetry")


def test_large_bodies(tmp_path: Path) -> None:
    """A body of more than a megabyte lies in a file, redacted on its way."""
    text = "x" * 1_200_000 + " mail=jane.doe@corp.example "
    summary, snapshot = brought(
        har(tmp_path, entry(response={"content": {"text": text}})), tmp_path
    )
    assert summary.inbound == 1
    response = snapshot.inbound[0].response
    assert isinstance(response, HttpResponse)
    assert isinstance(response.body, Stored)
    data = (tmp_path / "snapshot" / "bodies" / response.body.sha256).read_bytes()
    assert b"jane.doe@corp.example" not in data


def test_broken(tmp_path: Path) -> None:
    """Refused with its line and nothing written; with --lenient skipped and counted."""
    path = har(tmp_path, entry(), entry(request={"method": "G T"}))
    with pytest.raises(UsageError, match=r"one\.har:1: entry 1: 'G T' is no method; --lenient"):
        brought(path, tmp_path)
    assert not (tmp_path / "snapshot").exists()
    summary, _ = brought(path, tmp_path, lenient=True)
    assert (summary.inbound, summary.skipped) == (1, 1)


def test_a_snapshot_that_is_there(tmp_path: Path) -> None:
    """Refused; added to without doubling; replaced."""
    brought(har(tmp_path, entry()), tmp_path)
    with pytest.raises(UsageError, match="a snapshot is there already"):
        brought(har(tmp_path, entry()), tmp_path)
    again = har(tmp_path, entry(), entry("http://shop.example/other"))
    _, snapshot = brought(again, tmp_path, existing="add")
    assert len(snapshot.inbound) == 2
    _, snapshot = brought(har(tmp_path, entry()), tmp_path, existing="replace")
    assert len(snapshot.inbound) == 1


def test_nothing_to_import(tmp_path: Path) -> None:
    """Told with the reasons, and nothing is left behind."""
    with pytest.raises(UsageError, match=r"nothing to import: a URL that no server answers.*\(1\)"):
        brought(har(tmp_path, entry("data:,x")), tmp_path)
    assert not (tmp_path / "snapshot").exists()
