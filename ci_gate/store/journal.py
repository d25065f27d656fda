"""The journal: what a recording appends while it runs, one JSON line each, redacted already.

A line is complete when it is on disk: one `write` a line on a file opened for appending, so that
a killed recorder loses nothing it had written. The journal of a snapshot lies in its folder, in
`.journal/recording.jsonl` with `.journal/bodies/` beside it, until it is folded and discarded.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from types import TracebackType

import msgspec

from ci_gate.errors import CannotRun, UsageError
from ci_gate.model.exchange import Exchange
from ci_gate.model.snapshot import Dependency, Origin
from ci_gate.store.decode import Decoder
from ci_gate.store.disk import DiskExchange, encode_exchange
from ci_gate.store.files import FILE_MODE, make_folder, write_file, writing

try:
    import fcntl
except ImportError:  # Windows records nothing: there is no second recorder to keep out
    fcntl = None  # type: ignore[assignment]  # the absent module is asked for before each use

JOURNAL_FORMAT = 1
FOLDER = ".journal"
FILE = "recording.jsonl"
IMPORT = "import.jsonl"
"""Half an import is of no use: what a killed one leaves is removed, not folded."""


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    origin: Origin
    dependencies: tuple[Dependency, ...] = ()


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one is given."""

    recording: _Head | None = None
    dependency: Dependency | None = None
    exchange: DiskExchange | None = None


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """All that a journal holds; exchanges have their provisional ids."""

    origin: Origin | None
    """None: the journal was written without a head."""
    dependencies: tuple[Dependency, ...]
    """Those of the head and those found later, the last of a name winning."""
    exchanges: tuple[Exchange, ...]
    torn: bool
    """True: the last line was not complete and was left out."""


class Journal:
    """An open journal. Every append raises CannotRun naming the folder when the disk refuses;
    what was written before stays whole."""

    def __init__(self, path: str, handle: int) -> None:
        self.path = path
        self.size = 0
        """Bytes written so far."""
        self._handle = handle
        self._held: list[bytes] = []
        self._encode = msgspec.json.Encoder().encode

    @classmethod
    def create(
        cls, path: str, origin: Origin | None = None, dependencies: tuple[Dependency, ...] = ()
    ) -> Journal:
        """Start a journal; with `origin`, its first line says what is being recorded.

        Raises UsageError when the file exists, CannotRun when it cannot be written.
        """
        folder = os.path.dirname(path) or "."
        make_folder(folder)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            handle = os.open(path, flags, FILE_MODE)
        except FileExistsError as error:
            raise UsageError(
                f"{path}: a journal is there already; fold or remove it before recording into it"
            ) from error
        except OSError as error:
            raise CannotRun(f"cannot write in {folder}: {error.strerror}") from error
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        journal = cls(path, handle)
        if origin is not None:
            head = _Head(JOURNAL_FORMAT, origin, dependencies)
            journal._write({"recording": msgspec.to_builtins(head)})
        return journal

    def append(self, exchange: Exchange) -> None:
        """Write one exchange; when this returns, a kill of this process cannot lose it."""
        self._write({"exchange": encode_exchange(exchange, None)})

    def hold(self, exchange: Exchange) -> bool:
        """Take one exchange for the next `flush`, which must follow soon; True: it is the first."""
        self._held.append(self._line({"exchange": encode_exchange(exchange, None)}))
        return len(self._held) == 1

    def flush(self) -> None:
        """Write what was held, in order; a kill of this process cannot lose it any more."""
        if self._held:
            data = b"".join(self._held)
            self._held.clear()
            self._put(data)

    def append_dependency(self, dependency: Dependency) -> None:
        """Write what was learned of a dependency while recording."""
        self._write({"dependency": msgspec.to_builtins(dependency)})

    def _line(self, form: dict[str, object]) -> bytes:
        try:
            return self._encode(form) + b"\n"
        except UnicodeEncodeError:
            return self._encode(_without_surrogates(form)) + b"\n"

    def _write(self, form: dict[str, object]) -> None:
        self._put(self._line(form))

    def _put(self, line: bytes) -> None:
        with writing(os.path.dirname(self.path) or "."):
            written = 0
            try:
                # One call a line; a second only when the disk took a part of it.
                while written < len(line):
                    written += os.write(self._handle, line[written:] if written else line)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._handle, self.size)
                raise
        self.size += len(line)

    def close(self) -> None:
        """Make everything durable and close; harmless a second time."""
        if self._handle < 0:
            return
        with contextlib.suppress(CannotRun):
            self.flush()
        with contextlib.suppress(OSError):
            os.fsync(self._handle)
        os.close(self._handle)
        self._handle = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _without_surrogates(value: object) -> object:
    """Text that came from undecodable bytes, made encodable."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {str(_without_surrogates(k)): _without_surrogates(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def read_journal(path: str) -> Iterator[Exchange]:
    """The exchanges of a journal in the order written, without a torn last line.

    Raises UsageError naming file and line for a broken line before the last.
    """
    decoder = Decoder()
    for number, line in _lines(path):
        if line.exchange is not None:
            yield _exchange(decoder, path, number, line.exchange)


def read_recording(path: str) -> Recording:
    """Everything a journal holds. Raises UsageError as `read_journal` does."""
    decoder = Decoder()
    origin: Origin | None = None
    dependencies: dict[str, Dependency] = {}
    exchanges = []
    for number, line in _lines(path):
        if line.recording is not None:
            origin = line.recording.origin
            dependencies |= {d.name: d for d in line.recording.dependencies}
        if line.dependency is not None:
            dependencies[line.dependency.name] = line.dependency
        if line.exchange is not None:
            exchanges.append(_exchange(decoder, path, number, line.exchange))
    return Recording(
        origin=origin,
        dependencies=tuple(dependencies.values()),
        exchanges=tuple(exchanges),
        torn=_is_torn(path),
    )


def _exchange(decoder: Decoder, path: str, number: int, disk: DiskExchange) -> Exchange:
    try:
        return decoder.exchange(disk, "", "", ())
    except UsageError as error:
        raise UsageError(f"{path}:{number}: {error}") from error


def _lines(path: str) -> Iterator[tuple[int, _Line]]:
    decode = msgspec.json.Decoder(_Line).decode
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield number, _checked(decode(line))
                except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                    raise UsageError(
                        f"{path}:{number}: not a line of a journal ({error}); remove the line, "
                        "or the file to give this recording up"
                    ) from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _checked(line: _Line) -> _Line:
    if line.recording is not None and line.recording.format > JOURNAL_FORMAT:
        raise ValueError("it was written by a newer ci-gate")
    return line


def _is_torn(path: str) -> bool:
    with open(path, "rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def journal_folder(folder: str) -> str:
    """Where the journal of the snapshot in `folder` lies; its large bodies go there, too."""
    return os.path.join(folder, FOLDER)


def open_journal(folder: str, origin: Origin, dependencies: tuple[Dependency, ...]) -> Journal:
    """Start the journal of a recording into the snapshot in `folder`.

    Raises UsageError when a leftover one is there: fold it (`leftover`) and `discard` it first.
    """
    return Journal.create(os.path.join(_made(folder), FILE), origin, dependencies)


def open_import(folder: str) -> Journal:
    """Start the journal of an import into the snapshot in `folder`; `discard` removes it.

    Raises CannotRun while another ci-gate imports there.
    """
    path = os.path.join(_made(folder), IMPORT)
    if os.path.exists(path):
        if _is_held(path):
            raise CannotRun(f"another ci-gate is importing into {folder}; wait for it to end")
        os.unlink(path)
    return Journal.create(path)


def _made(folder: str) -> str:
    inside = journal_folder(folder)
    make_folder(inside)
    write_file(os.path.join(inside, ".gitignore"), b"*\n")
    return inside


def leftover(folder: str) -> Recording | None:
    """What a killed recorder left in the snapshot's folder, or None.

    Raises CannotRun while another ci-gate is recording there, UsageError for a broken journal.
    """
    path = os.path.join(journal_folder(folder), FILE)
    if not os.path.exists(path):
        return None
    if _is_held(path):
        raise CannotRun(f"another ci-gate is recording into {folder}; stop it or choose another")
    return read_recording(path)


def _is_held(path: str) -> bool:
    if fcntl is None:
        return False
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


def discard(folder: str) -> None:
    """Remove the snapshot's journal and its bodies; harmless when there is none."""
    inside = journal_folder(folder)
    # The journal goes first: what is left of a killed removal is no leftover recording.
    with writing(inside):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(inside, FILE))
        if os.path.isdir(inside):
            shutil.rmtree(inside)
