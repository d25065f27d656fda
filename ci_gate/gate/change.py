"""`diff`: what a change edits in snapshot, rules and configuration, told as behaviour.

Both revisions are read out of git; nothing is checked out and nothing of the change is run.
"""

from __future__ import annotations

import os
import posixpath
import tempfile

import msgspec

from ci_gate.config.file import NAME, ConfigFile, load
from ci_gate.config.flags import Surroundings
from ci_gate.config.judging import snapshot_folder
from ci_gate.errors import UsageError
from ci_gate.gate.changes.configedits import config_edits
from ci_gate.gate.changes.revisions import Entry, Repository
from ci_gate.gate.changes.snapshotedits import snapshot_edits
from ci_gate.gate.events import Sink, ignore
from ci_gate.gate.select import with_routes
from ci_gate.model.edit import EDITS, Edits
from ci_gate.model.snapshot import Snapshot
from ci_gate.report.text import one_line
from ci_gate.store.snapshot import HEAD, read_snapshot


class ChangeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which revisions to compare, and where configuration and snapshot lie."""

    revisions: str
    """ "BASE..HEAD", "BASE...HEAD" (from where HEAD left BASE), or "BASE" (to HEAD)."""
    config: str = NAME
    """Path as the user names it."""
    snapshot: str = ""
    """Path as the user names it; "" = what the configuration of each revision says."""
    folder: str = "."


class _At(msgspec.Struct, frozen=True):
    """What one revision has."""

    commit: str
    config: ConfigFile | None
    snapshot: Snapshot | None
    notes: tuple[str, ...]


def change(options: ChangeOptions, sink: Sink = ignore) -> Edits:
    """Compare two revisions. Raises UsageError for a revision that the clone does not have."""
    del sink  # it is over before there is anything to say
    repository = Repository(options.folder)
    base, head = _revisions(repository, options.revisions)
    with tempfile.TemporaryDirectory(prefix="ci-gate-") as folder:
        was = _read(repository, base, options, os.path.join(folder, "base"))
        now = _read(repository, head, options, os.path.join(folder, "head"))
        edits = config_edits(was.config, now.config, one_line(options.config, 200))
        snapshots, notes = snapshot_edits(was.snapshot, now.snapshot)
    edits += snapshots
    edits.sort(key=lambda one: not one.looser)
    return Edits(
        base=repository.short(base),
        head=repository.short(head),
        items=tuple(edits[:EDITS]),
        more=max(len(edits) - EDITS, 0),
        notes=(*was.notes, *now.notes, *notes),
    )


def _revisions(repository: Repository, text: str) -> tuple[str, str]:
    base, dots, head = text.partition("..")
    three = head.startswith(".")
    one = repository.commit(base)
    other = (
        repository.commit(head.removeprefix(".") or "HEAD") if dots else repository.commit("HEAD")
    )
    if three:
        one = repository.merge_base(one, other) or one
    return one, other


def _read(repository: Repository, commit: str, options: ChangeOptions, folder: str) -> _At:
    """Configuration and snapshot of one revision; what cannot be read is a note."""
    notes: list[str] = []
    config = _config(repository, commit, options, notes)
    path = _snapshot_path(repository, config, options)
    snapshot = None
    try:
        snapshot = _snapshot(repository, commit, path, folder)
    except UsageError as error:
        said = str(error).replace(folder, path)
        notes.append(f"{path} at {commit[:12]} cannot be read: {said}")
    if snapshot is not None and config is not None:
        snapshot = with_routes(snapshot, config.settings.routes)
    return _At(commit, config, snapshot, tuple(one_line(note, 400) for note in notes))


def _config(
    repository: Repository, commit: str, options: ChangeOptions, notes: list[str]
) -> ConfigFile | None:
    text = repository.text(commit, repository.path(options.config))
    if text is None:
        return None
    try:
        return load(text, options.config)
    except UsageError as error:
        first = str(error).partition("\n")[0]
        notes.append(f"{options.config} at {commit[:12]} cannot be read: {first}")
        return None


def _snapshot_path(
    repository: Repository, config: ConfigFile | None, options: ChangeOptions
) -> str:
    folder = os.path.dirname(options.config) or "."
    around = Surroundings(
        config=config,
        folder=folder,
        folder_name=os.path.basename(os.path.abspath(os.path.join(options.folder, folder))),
        env={},
    )
    return repository.path(snapshot_folder(options.snapshot, around))


def _snapshot(repository: Repository, commit: str, path: str, folder: str) -> Snapshot | None:
    """The snapshot at a revision, by way of a temporary folder; None when it has none."""
    entries = [one for one in repository.files(commit, path) if _belongs(path, one)]
    if not any(one.path == f"{path}/{HEAD}" for one in entries):
        return None
    for entry, data in zip(entries, repository.read(entries), strict=True):
        target = os.path.join(folder, *posixpath.relpath(entry.path, path).split("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)
    return read_snapshot(folder)


def _belongs(path: str, entry: Entry) -> bool:
    """Files of a snapshot, and no way out of its folder."""
    steps = posixpath.relpath(entry.path, path).split("/")
    if not entry.path.startswith(f"{path}/") or any(
        step in ("", ".", "..") or "\0" in step or os.sep in step for step in steps
    ):
        return False
    return steps[-1].endswith(".json") or (len(steps) == 2 and steps[0] == "bodies")
