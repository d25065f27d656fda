"""A journal of any length, glanced at once; then only those of its exchanges that are wanted."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

import msgspec

from ci_gate.correlation.coverage import Glance
from ci_gate.errors import UsageError
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Dependency, Origin
from ci_gate.store.decode import Decoder
from ci_gate.store.disk import DiskExchange


class _Body(msgspec.Struct, gc=False):
    text: str | list[str] | None = None
    b64: str | None = None
    file: str | None = None


class _Request(msgspec.Struct, gc=False):
    method: str = ""
    target: str | dict[str, str] = ""
    body: _Body | None = None


class _Response(msgspec.Struct, gc=False):
    status: int = 0
    body: _Body | None = None


class _Exchange(msgspec.Struct, gc=False):
    id: str
    request: _Request
    response: _Response | None = None
    dependency: str = ""
    route: str = ""
    groups: tuple[str, ...] = ()


class _Head(msgspec.Struct):
    origin: Origin
    dependencies: tuple[Dependency, ...] = ()


class _Line(msgspec.Struct, gc=False):
    exchange: _Exchange | None = None
    recording: _Head | None = None
    dependency: Dependency | None = None


class _Whole(msgspec.Struct):
    exchange: DiskExchange


class Scan:
    """One journal. `origin` and `dependencies` are known when `glances` has come to its end."""

    def __init__(self, path: str) -> None:
        self.origin: Origin | None = None
        self.dependencies: dict[str, Dependency] = {}
        self._path = path
        self._offsets = array("Q")
        self._decoder = Decoder()

    def glances(self) -> Iterator[Glance]:
        """Every exchange, in the order written. Raises UsageError with file and line."""
        decode = msgspec.json.Decoder(_Line).decode
        offset = 0
        try:
            with open(self._path, "rb") as file:
                for number, line in enumerate(file, 1):
                    if not line.endswith(b"\n"):
                        return  # torn: not complete on disk
                    try:
                        found = decode(line)
                    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                        where = f"{self._path}:{number}"
                        raise UsageError(f"{where}: not a line of a journal ({error})") from error
                    if found.exchange is not None:
                        self._offsets.append(offset)
                        yield _glance(found.exchange)
                    else:
                        self._other(found)
                    offset += len(line)
        except OSError as error:
            raise UsageError(f"{self._path}: {error.strerror}") from error

    def _other(self, line: _Line) -> None:
        if line.recording is not None:
            self.origin = line.recording.origin
            self.dependencies |= {one.name: one for one in line.recording.dependencies}
        if line.dependency is not None:
            self.dependencies[line.dependency.name] = line.dependency

    def load(self, numbers: Iterable[int]) -> Iterator[tuple[int, Exchange]]:
        """The exchanges of these numbers, whole. Raises UsageError."""
        with open(self._path, "rb") as file:
            for number in sorted(numbers):
                file.seek(self._offsets[number])
                try:
                    disk = msgspec.json.decode(file.readline(), type=_Whole).exchange
                except msgspec.MsgspecError as error:
                    raise UsageError(f"{self._path}: exchange {number}: {error}") from error
                yield number, self._decoder.exchange(disk, "", "", ())


def _glance(one: _Exchange) -> Glance:
    request, response = one.request, one.response
    target = request.target
    return Glance(
        id=one.id,
        dependency=one.dependency,
        route=one.route,
        groups=one.groups,
        method=request.method,
        target=target.encode("utf-8", "surrogatepass") if isinstance(target, str) else b"",
        sent=_data(request.body) if not one.dependency else b"",
        status=response.status if response is not None else 0,
        answered=_data(response.body) if response is not None and not one.dependency else b"",
    )


def _data(body: _Body | None) -> bytes | None:
    if body is None:
        return b""
    if body.text is not None:
        text = body.text if isinstance(body.text, str) else "".join(body.text)
        return text.encode("utf-8", "surrogatepass")
    return None if body.file is not None else b"\0"


def glance_of(exchange: Exchange) -> Glance:
    """The same of an exchange that is at hand."""
    request, response = exchange.request, exchange.response
    http = isinstance(request, HttpRequest)
    answered = response.body if isinstance(response, HttpResponse) else b""
    return Glance(
        id=exchange.id,
        dependency=exchange.dependency,
        route=exchange.route,
        groups=exchange.groups,
        method=request.method if isinstance(request, HttpRequest) else "",
        target=request.target if isinstance(request, HttpRequest) else b"",
        sent=request.body if http and isinstance(request.body, bytes) else None,
        status=response.status if isinstance(response, HttpResponse) else 0,
        answered=answered if isinstance(answered, bytes) else None,
    )
