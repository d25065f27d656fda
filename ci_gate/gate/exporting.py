"""`export`: a snapshot in another tool's format, with a list of what that cannot hold."""

from __future__ import annotations

import os

import msgspec

from ci_gate.errors import UsageError
from ci_gate.gate.events import Sink
from ci_gate.gate.recording.folding import fold_leftover
from ci_gate.model.message import Stored
from ci_gate.store.bodies import read_body
from ci_gate.store.files import make_folder, write_file
from ci_gate.store.formats.outgoing import Outgoing
from ci_gate.store.formats.writers import writer
from ci_gate.store.snapshot import read_snapshot


class ExportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate export`."""

    snapshot: str
    out: str
    """File, or folder for formats of several files."""
    format: str
    force: bool = False
    """Replace the file that is there."""
    routes: tuple[str, ...] = ()


class ExportSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The end of `export`."""

    out: str
    format: str
    inbound: int
    """Exchanges of the snapshot."""
    outbound: int
    files: int
    lost: tuple[tuple[str, int], ...] = ()
    """What the format cannot hold, and how often."""


def export(options: ExportOptions, sink: Sink) -> ExportSummary:
    """Write it. Raises UsageError for a snapshot that cannot be read, and where something is there
    already."""
    form = writer(options.format)
    if form.folder and os.path.isdir(options.out) and os.listdir(options.out):
        raise UsageError(f"{options.out}: is not empty; name a new folder")
    if not form.folder and os.path.lexists(options.out) and not options.force:
        raise UsageError(f"{options.out}: is there already; --force replaces it")
    fold_leftover(options.snapshot, options.routes, sink)
    snapshot = read_snapshot(options.snapshot)
    outgoing = Outgoing(snapshot, lambda stored: _body(snapshot.folder, stored))
    files = 0
    for name, data in form.write(outgoing):
        path = os.path.join(options.out, *name.split("/")) if name else options.out
        make_folder(os.path.dirname(path) or ".")
        write_file(path, data)
        files += 1
    return ExportSummary(
        out=options.out,
        format=options.format,
        inbound=len(snapshot.inbound),
        outbound=len(snapshot.outbound),
        files=files,
        lost=tuple(outgoing.lost.items()),
    )


def _body(folder: str, stored: Stored) -> bytes:
    return read_body(folder, stored)
