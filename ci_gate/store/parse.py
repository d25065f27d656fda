"""A snapshot's files -> the snapshot, strictly. Pure: bytes in, data or a clear error out."""

from __future__ import annotations

import codecs
import re
from typing import Any, TypeVar

import msgspec

from ci_gate.errors import UsageError
from ci_gate.model.binding import Bindings, Spot
from ci_gate.model.exchange import BACKGROUND, STARTUP, UNFINISHED, Exchange
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.decode import Decoder
from ci_gate.store.disk import DiskExchange
from ci_gate.store.layout import BINDINGS
from ci_gate.store.migrations import Files
from ci_gate.store.outcomes import DiskOutcome, whole
from ci_gate.store.uncollected import uncollected

_FIND_AGAIN = "remove the file and run `ci-gate learn`, which finds bindings again"
_REMEDY = "mend it, restore it from version control or record again"
_BYTE = re.compile(r" ?\(byte (\d+)\)")
_ITEM = re.compile(r"\$\.exchanges\[(\d+)\]")
_DEPENDENCY = ("name", "protocol", "address", "role", "session")
_GROUPS = frozenset((STARTUP, BACKGROUND, UNFINISHED))


class _Format(msgspec.Struct, frozen=True):
    format: int


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int
    service: str
    service_port: int = 0
    host: str = ""
    recorded_at: str = ""
    commit: str = ""
    source: str = "record"
    owner: str = ""
    values: dict[str, str] = {}
    pace: str = "fast"


class _Dependency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    protocol: str = "http"
    address: str = ""
    role: str = ""
    session: dict[str, str] = {}
    outcomes: dict[str, DiskOutcome] = {}


class _Inbound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    route: str
    exchanges: list[DiskExchange]


class _Outbound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    caused_by: str
    exchanges: list[DiskExchange]


class _Loose(msgspec.Struct, frozen=True):
    exchanges: list[dict[str, Any]]


T = TypeVar("T")


class Parsed(msgspec.Struct, frozen=True):
    """A snapshot, and where it lies."""

    snapshot: Snapshot
    places: dict[str, str]
    """Exchange id -> relative path of its file."""


def format_of(folder: str, head: bytes) -> int:
    """The format number in snapshot.json's content. Raises UsageError."""
    return _decode(folder, "snapshot.json", head, _Format).format


def parse(folder: str, files: Files, decoder: Decoder) -> Parsed:
    """The snapshot that `files` (current format) hold; `folder` is for messages and bodies.

    Raises UsageError naming file, place and remedy for anything that is not exactly right:
    broken JSON, unknown fields, duplicate ids, groups and dependencies that point nowhere.
    """
    with uncollected():
        return _Reader(folder, files, decoder).read()


class _Reader:
    def __init__(self, folder: str, files: Files, decoder: Decoder) -> None:
        self._folder = folder
        self._files = files
        self._decoder = decoder
        self._places: dict[str, str] = {}
        self._outcomes: dict[str, dict[str, DiskOutcome]] = {}
        """By folder, see `store.outcomes`."""

    def read(self) -> Parsed:
        head = _decode(self._folder, "snapshot.json", self._files["snapshot.json"], _Head)
        fields = {name: getattr(head, name) for name in Origin.__struct_fields__}
        inbound: list[Exchange] = []
        outbound: list[Exchange] = []
        dependencies = self._dependencies()
        for path, data in self._files.items():
            kind = path.split("/")[0]
            if kind == "inbound":
                inbound += self._inbound(path, data)
            elif kind == "outbound" and not path.endswith("/dependency.json"):
                outbound += self._outbound(path, data, dependencies)
        self._check_groups(inbound, outbound)
        inbound.sort(key=_at)
        outbound.sort(key=_at)
        snapshot = Snapshot(
            origin=Origin(**fields),
            dependencies=tuple(sorted(dependencies.values(), key=lambda d: d.name)),
            inbound=tuple(inbound),
            outbound=tuple(outbound),
            folder=self._folder,
            bindings=self._bindings(inbound, outbound),
        )
        return Parsed(snapshot, self._places)

    def _bindings(self, inbound: list[Exchange], outbound: list[Exchange]) -> Bindings:
        data = self._files.get(BINDINGS)
        if data is None:
            return Bindings()
        bindings = _decode(self._folder, BINDINGS, data, Bindings)
        here, there = {e.id for e in inbound}, {e.id for e in outbound}
        for binding in bindings.inbound:
            self._check_spots(binding.name, (binding.made, *binding.used), here)
        for fresh in bindings.outbound:
            self._check_spots(fresh.name, (*fresh.sent, *fresh.echoed), there)
        return bindings

    def _check_spots(self, name: str, spots: tuple[Spot, ...], known: set[str]) -> None:
        for spot in spots:
            if spot.exchange not in known:
                raise self._error(
                    BINDINGS,
                    f"{name} names exchange {spot.exchange}, which is not there; {_FIND_AGAIN}",
                )

    def _dependencies(self) -> dict[str, Dependency]:
        """By folder."""
        found: dict[str, Dependency] = {}
        names: dict[str, str] = {}
        for path, data in self._files.items():
            if not path.endswith("/dependency.json"):
                continue
            disk = _decode(self._folder, path, data, _Dependency)
            if disk.name in names:
                raise self._error(path, f"{names[disk.name]} has the same name {disk.name!r}")
            names[disk.name] = path
            fields = {name: getattr(disk, name) for name in _DEPENDENCY}
            self._outcomes[path.split("/")[1]] = disk.outcomes
            found[path.split("/")[1]] = Dependency(**fields)
        return found

    def _inbound(self, path: str, data: bytes) -> list[Exchange]:
        disk = _decode(self._folder, path, data, _Inbound)
        for form in disk.exchanges:
            if form.dependency or form.groups:
                raise self._error(
                    path, f"exchange {form.id}: an inbound exchange has no dependency or groups"
                )
        return self._exchanges(path, disk.exchanges, "", disk.route, ())

    def _outbound(
        self, path: str, data: bytes, dependencies: dict[str, Dependency]
    ) -> list[Exchange]:
        dependency = dependencies.get(path.split("/")[1])
        if dependency is None:
            raise self._error(path, "there is no dependency.json beside it")
        disk = _decode(self._folder, path, data, _Outbound)
        groups = (disk.caused_by,) if disk.caused_by in _GROUPS else ()
        for form in disk.exchanges:
            if form.dependency:
                raise self._error(path, f"exchange {form.id}: its folder says its dependency")
            if not form.groups and not groups:
                raise self._error(
                    path, f'exchange {form.id}: "groups" must name the inbound exchange behind it'
                )
        return self._exchanges(path, disk.exchanges, dependency.name, "", groups)

    def _exchanges(
        self,
        path: str,
        disk: list[DiskExchange],
        dependency: str,
        route: str,
        groups: tuple[str, ...],
    ) -> list[Exchange]:
        decode, places = self._decoder.exchange, self._places
        outcomes = self._outcomes.get(path.split("/")[1], {})
        exchanges = []
        for form in disk:
            if form.id in places:
                raise self._error(path, f"exchange {form.id} is also in {places[form.id]}")
            places[form.id] = path
            try:
                exchanges.append(decode(_told(form, outcomes), dependency, route, groups))
            except UsageError as error:
                raise self._error(path, f"{error}; {_REMEDY}") from error
        return exchanges

    def _check_groups(self, inbound: list[Exchange], outbound: list[Exchange]) -> None:
        known = {exchange.id for exchange in inbound} | _GROUPS
        for exchange in outbound:
            if not known.issuperset(exchange.groups):
                nowhere = ", ".join(g for g in exchange.groups if g not in known)
                raise self._error(
                    self._places[exchange.id],
                    f"exchange {exchange.id}: its group {nowhere} is no inbound exchange of this "
                    "snapshot; remove the call, too, or restore the exchange",
                )

    def _error(self, path: str, text: str) -> UsageError:
        return UsageError(f"{_where(self._folder, path)}: {text}")


def _told(form: DiskExchange, outcomes: dict[str, DiskOutcome]) -> DiskExchange:
    """An exchange with its outcome, wherever that is kept. Raises UsageError."""
    response = form.response
    if response is None or not response.outcome:
        return form
    try:
        return msgspec.structs.replace(form, response=whole(response, outcomes))
    except ValueError as error:
        raise UsageError(f"exchange {form.id}: {error}") from error


def _where(folder: str, path: str) -> str:
    return f"{folder.rstrip('/')}/{path}"


def _at(exchange: Exchange) -> float:
    return exchange.at


def _decode(folder: str, path: str, data: bytes, kind: type[T]) -> T:
    data = data.removeprefix(codecs.BOM_UTF8)
    where = _where(folder, path)
    try:
        data.decode()
        return msgspec.json.decode(data, type=kind)
    except UnicodeDecodeError as error:
        line = _line(data, error.start)
        raise UsageError(f"{where}:{line}: not UTF-8; {_REMEDY}") from error
    except msgspec.ValidationError as error:
        raise UsageError(f"{where}: {_located(str(error), data)}; {_REMEDY}") from error
    except msgspec.DecodeError as error:
        raise _broken(where, data, str(error)) from error
    except RecursionError as error:
        raise UsageError(f"{where}: nested too deeply; {_REMEDY}") from error


def _broken(where: str, data: bytes, text: str) -> UsageError:
    found = _BYTE.search(text)
    if found is None:
        return UsageError(f"{where}:{_line(data, len(data))}: the file is cut off; {_REMEDY}")
    line = _line(data, int(found[1]))
    return UsageError(f"{where}:{line}: {_BYTE.sub('', text)}; {_REMEDY}")


def _located(text: str, data: bytes) -> str:
    """Add the exchange's id to a message that only has its number."""
    found = _ITEM.search(text)
    if found is None:
        return text
    try:
        loose = msgspec.json.decode(data, type=_Loose)
        name = loose.exchanges[int(found[1])].get("id")
    except (msgspec.MsgspecError, IndexError, RecursionError):
        return text
    return f"exchange {name}: {text}" if isinstance(name, str) else text


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1
