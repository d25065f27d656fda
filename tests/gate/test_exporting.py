"""`export`: files in another tool's format, which `import` brings back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ci_gate.errors import UsageError
from ci_gate.gate.events import ignore
from ci_gate.gate.exporting import ExportOptions, export
from ci_gate.model.exchange import CLOSED, Exchange
from ci_gate.model.message import Piece, Pieces
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.options import Upstream
from ci_gate.store.snapshot import write_snapshot
from tests.gate.test_importing import brought
from tests.store.formats.exchanges import exchange, snapshot

_GZIP = (b"Content-Encoding", b"gzip")
_EVENTS = (b"Content-Type", b"text/event-stream")
_VARY = (b"Vary", b"Accept")
_TWICE = ((b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"))
_PAY = {"the name pay, unless ci-gate.yml says whose it is": 1}
_LISTED = {
    "har": _PAY,
    "rrpair": _PAY,
    "wiremock": {
        **_PAY,
        "inbound exchanges: stubs are answers of dependencies": 7,
        "which request caused a call": 6,
    },
}


def _whole() -> Snapshot:
    """Everything that an HTTP format can hold: stand-ins that only their places tell, causes that
    the times do not show, codings, streams, an old version, headers in an odd order, a large body."""
    mail = b'{"email": "user-0123456789ab@redacted.example", "pin": 1111}'
    zipped = exchange("ee02-1", b"/zipped", at=60.25, answer=b'{"big": true}')
    zipped = replace(
        zipped, response=replace(zipped.response, coding="gzip", headers=(_GZIP, *_TWICE))
    )
    old = exchange("ee03-1", b"//old?a=%2F#", at=61.5)
    old = replace(
        old,
        request=replace(old.request, version="1.0", target=b"//old?a=%2F"),
        response=replace(old.response, version="1.0", reason=b"Fine with me"),
    )
    stream = exchange("ee04-1", b"/events", at=62.0, answer=Pieces((Piece(0.0, b"data: 1\n\n"),)))
    stream = replace(stream, response=replace(stream.response, headers=(_EVENTS,)))
    return snapshot(
        exchange("ee01-1", b"/login", method="POST", at=50.125, sent=mail, answer=b"x" * 1_100_000),
        zipped, old, stream,
        _call("ff01-1", b"/secret", at=51.0, sent=mail, redacted=("request.body.$.pin",)),
        _call("ff02-1", b"/poll", at=51.5, groups=("background",)),
        _call("ff03-1", b"/either", at=52.0625, took=0.312, groups=("aa01-1", "ee01-1")),
        _call("ff04-1", b"/boot", at=53.0, groups=("startup",), connection=7),
    )  # fmt: skip


def _call(name: str, target: bytes, *, at: float, sent: bytes = b"", **more: Any) -> Exchange:
    made = exchange(name, target, dependency="pay", method="POST", at=at, sent=sent)
    return replace(made, **more)


def _same(one: Exchange, *, since: float = 0.0, **forgotten: Any) -> Exchange:
    """An exchange as it is compared: times to the microsecond, since the same moment."""
    return replace(one, at=round(one.at + since, 3), **forgotten)


def test_there_and_back(tmp_path: Path) -> None:
    """Whole exchanges are the same after each format, all fields of them, unless the export has
    listed what it cannot hold."""
    folder = str(tmp_path / "made")
    write_snapshot(folder, _whole())
    pay = (Upstream(name="pay", address="https://pay.example"),)
    first = _there_and_back(folder, "har", tmp_path / "first", pay)
    # Ids, and how connections are numbered, are made by the first import.
    assert [one.took for one in first.outbound] == [one.took for one in _ordered(_whole().outbound)]
    assert [len(one.groups) for one in first.outbound] == [
        len(one.groups) for one in _ordered(_whole().outbound)
    ]
    assert [one.redacted for one in first.outbound if one.redacted] == [("request.body.$.pin",)]
    for form in ("har", "rrpair", "wiremock"):
        back = _there_and_back(first.folder, form, tmp_path / form, pay)
        stubs = form == "wiremock"
        since = first.outbound[0].at if stubs else 0.0
        lost = {"groups": ()} if stubs else {}
        if not stubs:
            assert back.inbound == tuple(_same(one) for one in first.inbound)
        assert [_same(one, since=since, **lost) for one in back.outbound] == [
            _same(one, **lost) for one in first.outbound
        ]
        assert back.dependencies == first.dependencies


def _ordered(exchanges: tuple[Exchange, ...]) -> list[Exchange]:
    return sorted(exchanges, key=lambda one: one.at)


def _there_and_back(
    folder: str, form: str, into: Path, dependencies: tuple[Upstream, ...]
) -> Snapshot:
    """What exporting and importing a snapshot comes to; calls in order of time."""
    into.mkdir()
    out = into / ("one.har" if form == "har" else "files")
    summary = export(ExportOptions(snapshot=folder, out=str(out), format=form), ignore)
    assert dict(summary.lost) == _LISTED.get(form, {})
    _, back = brought(out, into, dependencies=dependencies)
    return replace(back, outbound=tuple(_ordered(back.outbound)))


def test_what_does_not_come_back_is_listed(tmp_path: Path) -> None:
    """Each thing by its name and how often, for all formats that are imported again."""
    odd = exchange("gg01-1", b"/caf", dependency="pay", at=70.0)
    odd = replace(odd, request=replace(odd.request, target=b"/caf\xe9"))
    bare = exchange("gg02-1", b"*", method="OPTIONS", at=71.0)
    bare = replace(bare, request=replace(bare.request, headers=()), error=CLOSED)
    mute = replace(exchange("gg03-1", b"/mute", dependency="pay", at=72.0), response=None)
    marked = replace(exchange("gg04-1", b"/marked", at=73.0), notes=("x",), signed={"a": True})
    open_stream = Pieces((Piece(0.0, b"a"), Piece(9.0, b"b")), complete=False)
    mixed = exchange("gg05-1", b"/mixed", dependency="pay", at=74.0, answer=open_stream)
    between = (_TWICE[0], _VARY, _TWICE[1])
    mixed = replace(mixed, response=replace(mixed.response, headers=between, version="1.0"))
    folder = str(tmp_path / "made")
    write_snapshot(folder, snapshot(odd, bare, mute, marked, mixed))
    for form in ("har", "rrpair", "wiremock"):
        out = str(tmp_path / form)
        summary = export(ExportOptions(snapshot=folder, out=out, format=form), ignore)
        lost = dict(summary.lost)
        assert lost["bytes of a target, a header or a reason that are no UTF-8"] == 1
        assert lost["calls without an answer"] == 1
        assert lost["the name pay, unless ci-gate.yml says whose it is"] == 1
        assert lost["the times of the pieces of a stream"] == 1
        assert lost["that a stream was still open"] == 1
        between_others = "the order of a header's lines that others stand between"
        assert lost.get(between_others, 0) == (form == "rrpair")
        assert lost.get("HTTP/1.0: comes back as HTTP/1.1", 0) == (form == "wiremock")
        if form != "wiremock":
            assert lost["targets that no URL spells"] == 1
            assert lost["that a request had no Host"] == 1
            assert lost["why a request was never answered"] == 1
            assert lost["notes"] == lost["which signatures were good"] == 1


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
