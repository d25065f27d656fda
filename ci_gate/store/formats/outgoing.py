"""What an export writes: exchanges with live addresses and whole bodies, and what cannot be held."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterator

import msgspec

from ci_gate.codecs.http1.authority import PORTS
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    Body,
    Headers,
    HttpRequest,
    HttpResponse,
    Message,
    Opaque,
    Pieces,
    Stored,
)
from ci_gate.model.snapshot import Snapshot
from ci_gate.store.formats.messages import Bad, address
from ci_gate.values.addresses import Addresses
from ci_gate.values.named import with_live

LOCAL = "localhost"


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP exchange as another tool would have seen it."""

    exchange: Exchange
    request: HttpRequest
    response: HttpResponse | None
    asked: bytes
    """The request's body, content-decoded."""
    answered: bytes
    scheme: str
    host: str
    """Host and port as in a URL."""
    at: datetime.datetime

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.host}{self.request.target.decode('utf-8', 'replace')}"


class Outgoing:
    """The exchanges of a snapshot for a writer; `lost` counts what it cannot hold."""

    def __init__(self, snapshot: Snapshot, read: Callable[[Stored], bytes]) -> None:
        self.snapshot = snapshot
        self.lost: Counter[str] = Counter()
        self._read = read
        self._dependencies = {one.name: one for one in snapshot.dependencies}
        origin = snapshot.origin
        self._service = origin.host or f"{LOCAL}:{origin.service_port or 8080}"
        names: dict[str, tuple[str, ...]] = {"service": (self._service,)}
        for one in snapshot.dependencies:
            if one.protocol == "http" and one.address:
                names[one.name] = (one.address.partition("://")[2].rstrip("/"),)
        self._addresses = Addresses(names)
        self._start = _moment(origin.recorded_at)

    def exchanges(self, *, inbound: bool = True, outbound: bool = True) -> Iterator[Sent]:
        """In recorded order."""
        snapshot = self.snapshot
        chosen = (snapshot.inbound if inbound else ()) + (snapshot.outbound if outbound else ())
        self._left_out(chosen)
        for one in sorted(chosen, key=lambda one: one.at):
            if isinstance(one.request, HttpRequest):
                yield self._sent(one, one.request)
            else:
                dependency = self._dependencies.get(one.dependency)
                name = dependency.protocol if dependency else "raw"
                self.lost[f"exchanges over {name}"] += 1

    def returning(self, *, inbound: bool = True, outbound: bool = True) -> Iterator[Sent]:
        """The same for a format that we also import: `lost` has what does not come back by it."""
        self._renamed()
        for sent in self.exchanges(inbound=inbound, outbound=outbound):
            self.lost.update(_not_returning(sent))
            yield sent

    def _renamed(self) -> None:
        """A format has hosts; an import names dependencies by ci-gate.yml, else by their hosts."""
        called = {one.dependency for one in self.snapshot.outbound}
        for one in self.snapshot.dependencies:
            scheme, _, host = one.address.partition("://")
            name, port = split_host(scheme, host.rstrip("/"))
            named = name if port == PORTS.get(scheme) else f"{name}-{port}"
            if one.protocol == "http" and one.name in called and one.name not in (named, host):
                self.lost[f"the name {one.name}, unless ci-gate.yml says whose it is"] += 1

    def _left_out(self, chosen: tuple[Exchange, ...]) -> None:
        snapshot = self.snapshot
        bindings = len(snapshot.bindings.inbound) + len(snapshot.bindings.outbound)
        told = {
            "noise that was learned": sum(len(one.noise) for one in chosen),
            "values that travel": bindings,
            "what was rebased or accepted": sum(
                bool(one.rebased or one.accepted) for one in chosen
            ),
            "answers that were made up by accept: they come back as recorded": sum(
                one.assumed for one in chosen
            ),
            "calls that learning found waited for": sum(one.blocking for one in chosen),
            "what others published": sum(len(one.pushed) for one in chosen),
            "which signatures were good": sum(bool(one.signed) for one in chosen),
            "notes": sum(bool(one.notes) for one in chosen),
        }
        self.lost.update({what: count for what, count in told.items() if count})

    def _sent(self, exchange: Exchange, request: HttpRequest) -> Sent:
        scheme, host = self._address(exchange)
        live = with_live(request, self._addresses)
        assert isinstance(live, HttpRequest)
        response: Message | None = None
        if exchange.response is not None:
            response = with_live(exchange.response, self._addresses)
        answer = response if isinstance(response, HttpResponse) else None
        for message in (live, answer):
            if message is not None and message.trailers:
                self.lost["trailers"] += 1
        return Sent(
            exchange=exchange,
            request=live,
            response=answer,
            asked=self._body(live.body),
            answered=self._body(answer.body) if answer is not None else b"",
            scheme=scheme,
            host=host,
            at=self._start + datetime.timedelta(milliseconds=exchange.at),
        )

    def _address(self, exchange: Exchange) -> tuple[str, str]:
        dependency = self._dependencies.get(exchange.dependency)
        if exchange.inbound:
            return "http", self._service
        if dependency is None or not dependency.address:
            return "http", exchange.dependency
        scheme, _, host = dependency.address.partition("://")
        return (scheme if host else "http"), (host or dependency.address).rstrip("/")

    def _body(self, body: Body) -> bytes:
        if isinstance(body, bytes):
            return body
        if isinstance(body, Stored):
            return self._read(body)
        if isinstance(body, Opaque):
            self.lost["bodies of which only size and hash were kept"] += 1
            return b""
        assert isinstance(body, Pieces)
        if len(body.items) > 1 or any(piece.at for piece in body.items):
            self.lost["the times of the pieces of a stream"] += 1
        if not body.complete:
            self.lost["that a stream was still open"] += 1
        return b"".join(piece.data for piece in body.items)


def _not_returning(sent: Sent) -> Iterator[str]:
    request, response = sent.request, sent.response
    if response is None and not sent.exchange.inbound:
        yield "calls without an answer"
    elif sent.exchange.error:
        yield "why a request was never answered"
    said = [request.target, *(value for _, value in request.headers)]
    if response is not None:
        said += [response.reason, *(value for _, value in response.headers)]
    if any(text_of(one) is None for one in said):
        yield "bytes of a target, a header or a reason that are no UTF-8"
    elif not _is_spelled(sent):
        yield "targets that no URL spells"
    if not any(name.lower() == b"host" for name, _ in request.headers):
        yield "that a request had no Host"


def _is_spelled(sent: Sent) -> bool:
    try:
        return address(sent.url).target == sent.request.target
    except Bad:
        return False


def _moment(text: str) -> datetime.datetime:
    """When a recording started; 1970 where it does not say."""
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)


def text_of(data: bytes) -> str | None:
    """The data as text, or None for what is no UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def shown(headers: Headers, errors: str = "replace") -> list[tuple[str, str]]:
    """Fields as text; `errors` as `bytes.decode` has it, for bytes that are no UTF-8."""
    return [(name.decode("latin-1"), value.decode("utf-8", errors)) for name, value in headers]


def media_of(headers: Headers) -> str:
    """The Content-Type."""
    for name, value in headers:
        if name.lower() == b"content-type":
            return value.decode("latin-1")
    return ""


def split_host(scheme: str, host: str) -> tuple[str, int]:
    """Name and port of a URL's host."""
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit() and not host.endswith("]"):
        return name, int(port)
    return host, PORTS.get(scheme, 80)
