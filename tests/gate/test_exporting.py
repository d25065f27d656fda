"""`export`: files in another tool's format, which `import` brings back."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.events import ignore
from ci_gate.gate.exporting import ExportOptions, export
from ci_gate.store.snapshot import write_snapshot
from tests.gate.test_importing import brought
from tests.store.formats.exchanges import snapshot


def test_there_and_back(tmp_path: Path) -> None:
    """Requests, answers and who called what are the same after HAR and after RRPairs."""
    folder = str(tmp_path / "first")
    write_snapshot(folder, snapshot())
    for form, name in (("har", "one.har"), ("rrpair", "pairs")):
        out = str(tmp_path / name)
        summary = export(ExportOptions(snapshot=folder, out=out, format=form), ignore)
        assert (summary.inbound, summary.outbound) == (3, 3)
        _, back = brought(Path(out), tmp_path / form)
        first = snapshot()
        for side in ("inbound", "outbound"):
            for one, other in zip(getattr(first, side), getattr(back, side), strict=True):
                assert one.request.target == other.request.target
                assert one.response.body == other.response.body
                assert one.at == pytest.approx(other.at, abs=0.01)
        assert [len(one.groups) for one in back.outbound] == [1, 1, 1]
        assert {one.groups[0] for one in back.outbound} == {back.inbound[0].id}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A file only by --force, a folder with files never."""
    folder = str(tmp_path / "first")
    write_snapshot(folder, snapshot())
    out = tmp_path / "x"
    out.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        export(ExportOptions(snapshot=folder, out=str(out), format="curl"), ignore)
    export(ExportOptions(snapshot=folder, out=str(out), format="curl", force=True), ignore)
    with pytest.raises(UsageError, match="not empty"):
        export(ExportOptions(snapshot=folder, out=folder, format="wiremock"), ignore)
