"""Run directories: everything a gate leaves behind, and what reports are rendered from.

<run>/result.json      the result, at most 5 MB
<run>/exchanges.jsonl  one line per exchange
<run>/changes/         the live messages of what differed, redacted, one file per exchange
<run>/bodies/          their large bodies
<run>/junit.xml  summary.md  service.log
<run>/proof.json       of `prove`: what was seeded, and what was caught
<run>/shard.json       of `run --shard`: what `merge` needs (see `store.shards`)
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO

import msgspec

from ci_gate.errors import CannotRun, UsageError
from ci_gate.model.change import Change, MadeCall
from ci_gate.model.difference import Difference
from ci_gate.model.result import RESULT_FORMAT, ExchangeResult, Result
from ci_gate.store import shards
from ci_gate.store.bodies import read_body, write_body
from ci_gate.store.decode import Decoder
from ci_gate.store.disk import DiskExchange, encode_exchange
from ci_gate.store.files import make_folder, read_or_none, write_file, writing
from ci_gate.store.names import slug
from ci_gate.store.pretty import pretty
from ci_gate.store.result_size import MOST_BYTES, fitting

BASE = ".ci-gate"
LATEST = "latest"
_MOST_SAMPLES = 100_000
_LONGEST_LINE = 4 << 20
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class RunDirectory:
    """One run's folder, open for writing. Every method raises CannotRun when the disk refuses."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._exchanges: BinaryIO | None = None

    @classmethod
    def create(cls, path: str, now: datetime.datetime, base: str = BASE) -> RunDirectory:
        """Make the folder; `path` "" = `<base>/runs/<utc>`, to which `latest` then points.

        What an earlier run left in a folder given by name is removed; a folder that is somebody
        else's, a snapshot's above all, is refused with UsageError. `now` is an aware time.
        """
        run = cls(path or _free_name(base, now))
        if path:
            run._refuse_foreign()
        make_folder(run.path)
        if path:
            run._remove_earlier()
        else:
            _ignore(base)
            _point(os.path.join(base, "runs"), os.path.basename(run.path))
        return run

    @property
    def result(self) -> str:
        """Path of result.json."""
        return os.path.join(self.path, "result.json")

    @property
    def exchanges(self) -> str:
        """Path of exchanges.jsonl."""
        return os.path.join(self.path, "exchanges.jsonl")

    @property
    def junit(self) -> str:
        """Path of junit.xml."""
        return os.path.join(self.path, "junit.xml")

    @property
    def summary(self) -> str:
        """Path of summary.md."""
        return os.path.join(self.path, "summary.md")

    @property
    def proof(self) -> str:
        """Path of proof.json."""
        return os.path.join(self.path, "proof.json")

    @property
    def shard(self) -> str:
        """Path of shard.json."""
        return os.path.join(self.path, shards.NAME)

    @property
    def service_log(self) -> str:
        """Path of service.log."""
        return os.path.join(self.path, "service.log")

    @property
    def changes(self) -> str:
        """Path of the folder of live messages."""
        return os.path.join(self.path, "changes")

    def write_result(self, result: Result) -> None:
        """Write result.json; examples are capped until it fits, else CannotRun says so."""
        data = fitting(result)
        if data is None:
            raise CannotRun(
                f"{self.result}: larger than {MOST_BYTES} bytes; replay fewer exchanges"
            )
        write_file(self.result, data)

    def write_text(self, path: str, text: str) -> None:
        """Write a rendered report to one of the paths above."""
        write_file(path, text.encode("utf-8", "backslashreplace"))

    def append_exchange(self, result: ExchangeResult) -> None:
        """Add a line to exchanges.jsonl; on disk once `close` returned."""
        with writing(self.path):
            if self._exchanges is None:
                # Closed by close(): lines are added one by one while a run is judged.
                self._exchanges = open(self.exchanges, "ab")  # noqa: SIM115
            self._exchanges.write(msgspec.json.encode(result) + b"\n")

    def write_change(self, change: Change) -> None:
        """Keep what differed in an exchange, redacted already, under its recorded id."""
        make_folder(self.changes)
        bodies: dict[str, bytes] = {}
        form: dict[str, object] = {"name": change.name}
        if change.live is not None:
            form["live"] = encode_exchange(change.live, bodies)
        form["differences"] = [msgspec.to_builtins(one) for one in change.differences]
        form["calls"] = [
            {
                "change": one.change,
                "recorded": one.recorded,
                "after": one.after,
                "late": one.late,
                "awaited": one.awaited,
                "overtaken": one.overtaken,
                "exchange": encode_exchange(one.exchange, bodies),
            }
            for one in change.calls
        ]
        form |= {"more": change.more, "order": change.order, "stored": change.stored}
        for body in bodies.values():
            write_body(self.path, body)
        write_file(_change_path(self.path, change.name), pretty(form) + b"\n")

    def close(self) -> None:
        """Finish exchanges.jsonl; harmless a second time."""
        file, self._exchanges = self._exchanges, None
        if file is not None:
            with writing(self.path):
                file.close()

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def abandon(self) -> None:
        """Remove what there is: the run came to no result. What cannot be removed stays."""
        with contextlib.suppress(CannotRun, OSError):
            self.close()
            self._remove_earlier()
            for folder in (self.changes, os.path.join(self.path, "bodies"), self.path):
                if os.path.isdir(folder) and not os.listdir(folder):
                    os.rmdir(folder)
            runs, name = os.path.split(self.path)
            pointer = os.path.join(runs, LATEST)
            if os.path.islink(pointer) and os.readlink(pointer) == name:
                os.unlink(pointer)

    def _refuse_foreign(self) -> None:
        """Nothing is removed that no run has written."""
        if os.path.exists(self.result) or os.path.exists(self.service_log):
            return
        ours = (self.changes, os.path.join(self.path, "bodies"))
        if any(map(os.path.lexists, (*ours, os.path.join(self.path, "snapshot.json")))):
            raise UsageError(
                f"{self.path}: holds what no run has written (a snapshot?); name another folder "
                "with --out"
            )

    def _remove_earlier(self) -> None:
        with writing(self.path):
            for path in (
                self.result,
                self.exchanges,
                self.junit,
                self.summary,
                self.proof,
                self.shard,
                self.service_log,
            ):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
            for folder in (self.changes, os.path.join(self.path, "bodies")):
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    for name in os.listdir(folder):
                        os.unlink(os.path.join(folder, name))


def _free_name(base: str, now: datetime.datetime) -> str:
    name = now.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    path = os.path.join(base, "runs", name)
    number = 1
    while os.path.lexists(path):
        number += 1
        path = os.path.join(base, "runs", f"{name}-{number}")
    return path


def _ignore(base: str) -> None:
    path = os.path.join(base, ".gitignore")
    if read_or_none(path) is None:
        write_file(path, b"*\n")


def _point(runs: str, name: str) -> None:
    """Let `latest` name a run: a symbolic link, or a file with its name where there are none."""
    pointer = os.path.join(runs, LATEST)
    temporary = os.path.join(runs, f".{LATEST}.{os.getpid()}")
    with writing(runs):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        try:
            os.symlink(name, temporary)
        except (OSError, NotImplementedError):
            write_file(temporary, name.encode() + b"\n")
        os.replace(temporary, pointer)


def latest_run(base: str = BASE) -> str | None:
    """The folder of the latest run below `base`, or None."""
    pointer = os.path.join(base, "runs", LATEST)
    try:
        name = os.readlink(pointer)
    except OSError:
        name = (read_or_none(pointer) or b"").decode(errors="replace").strip()
    path = os.path.join(base, "runs", name)
    return path if name and os.path.basename(name) == name and os.path.isdir(path) else None


def read_result(path: str) -> Result:
    """A result.json, which may come from anywhere: at most 5 MB, strictly typed.

    Raises UsageError naming the file and what is wrong.
    """
    data = _read(path, MOST_BYTES)
    try:
        result = msgspec.json.decode(data, type=Result)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not a result ({error}); run the gate again") from error
    if result.format > RESULT_FORMAT:
        raise UsageError(f"{path}: was written by a newer ci-gate; upgrade this one")
    if sum(len(s) for run in result.runs for s in run.latencies.values()) > _MOST_SAMPLES:
        raise UsageError(f"{path}: more than {_MOST_SAMPLES} latencies; run the gate again")
    return result


def _read(path: str, most: int) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; is this a run directory?") from error
    if len(data) > most:
        raise UsageError(f"{path}: larger than {most} bytes; this is no file of ours")
    return data


def read_exchanges(path: str) -> Iterator[ExchangeResult]:
    """The lines of an exchanges.jsonl. Raises UsageError naming file and line."""
    decode = msgspec.json.Decoder(ExchangeResult).decode
    try:
        with open(path, "rb") as file:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                try:
                    yield decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                    raise UsageError(f"{path}:{number}: {error}; run the gate again") from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; is this a run directory?") from error


class _DiskCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    change: str
    exchange: DiskExchange
    recorded: str = ""
    after: str = ""
    late: bool = False
    awaited: tuple[str, ...] = ()
    overtaken: tuple[str, ...] = ()


class _DiskChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    live: DiskExchange | None = None
    differences: tuple[Difference, ...] = ()
    calls: tuple[_DiskCall, ...] = ()
    more: int = 0
    order: tuple[str, ...] = ()
    stored: dict[str, str] = {}


def read_change(run: str, identifier: str) -> Change:
    """What was kept of an exchange that differed, which may come from anywhere: at most 64 MB,
    strictly typed. Raises UsageError when there is nothing."""
    path = _change_path(run, identifier)
    decoder = Decoder(lambda stored: read_body(run, stored))
    try:
        disk = msgspec.json.decode(_read(path, 64 << 20), type=_DiskChange)
        if disk.name != identifier:
            raise UsageError(f"{path}: is about {disk.name[:100]!r}; run the gate again")
        return Change(
            name=disk.name,
            live=decoder.exchange(disk.live, "", "", ()) if disk.live is not None else None,
            differences=disk.differences,
            calls=tuple(
                MadeCall(
                    change=one.change,
                    recorded=one.recorded,
                    after=one.after,
                    late=one.late,
                    awaited=one.awaited,
                    overtaken=one.overtaken,
                    exchange=decoder.exchange(one.exchange, "", "", ()),
                )
                for one in disk.calls
            ),
            more=disk.more,
            order=disk.order,
            stored=disk.stored,
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: {error}; run the gate again") from error


def _change_path(run: str, identifier: str) -> str:
    name = identifier if _SAFE_ID.fullmatch(identifier) else slug(identifier)
    return os.path.join(run, "changes", f"{name}.json")
