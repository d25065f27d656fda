"""One proxymock pair -> one exchange of ours: what was recorded, with what people have edited."""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import msgspec

from ci_gate.model.message import Headers
from ci_gate.store.formats import messages, rrpostgres
from ci_gate.store.formats.found import Found, Item, Lost, Skipped
from ci_gate.store.formats.messages import Address, Bad
from ci_gate.store.formats.ours import ours_in
from ci_gate.store.formats.times import milliseconds, seconds

_SPACE = re.compile(r"\s+")
_JOINT = re.compile(r"(?<!\\), ")
_STATUS = re.compile(r"HTTP/(\S+) (\d{3}) ?(.*)")


class Request(msgspec.Struct, frozen=True, rename="camel"):
    """`http.req`."""

    method: str = ""
    uri: str = ""
    url: str = ""
    host: str = ""
    version: str = ""
    headers: dict[str, list[str]] = {}
    body_base64: str | None = None
    body: str | None = None


class Response(msgspec.Struct, frozen=True, rename="camel"):
    """`http.res`."""

    status_code: int = 0
    status_message: str = ""
    headers: dict[str, list[str]] = {}
    body_base64: str | None = None
    body: str | None = None


class Http(msgspec.Struct, frozen=True):
    """`http`."""

    req: Request = Request()
    res: Response | None = None


class Pair(msgspec.Struct, frozen=True):
    """A pair as JSON."""

    ts: str = ""
    l7protocol: str = ""
    duration: float | str = 0
    direction: str = ""
    uuid: str = ""
    network_address: str = ""
    command: str = ""
    location: str = ""
    status: str = ""
    tags: dict[str, Any] | None = None
    is_tls: bool = msgspec.field(name="isTls", default=False)
    http: Http | None = None
    postgres: dict[str, Any] | None = None
    netinfo: dict[str, Any] | None = None
    ours: Any = msgspec.field(name="ci-gate", default=None)
    """What our own exports add."""


class Shown(msgspec.Struct, frozen=True):
    """What the sections for people say; None = there is no such section."""

    request: str | None = None
    request_body: str | None = None
    response: str | None = None
    response_body: str | None = None
    metadata: dict[str, str] = {}


def found(
    pair: Pair, shown: Shown, where: str, statements: rrpostgres.Statements
) -> Iterator[Item]:
    """The exchange; `statements` are those of the recording so far. Raises Bad for a pair that
    breaks the format."""
    protocol = pair.l7protocol.lower()
    if pair.postgres is not None or protocol == "postgres":
        yield from statements.take(pair.postgres or {}, where, _common(pair, shown))
        return
    if protocol not in ("", "http", "https", "http2"):
        yield Skipped(where, f"{protocol[:40]}: no codec of ours")
        return
    yield from _http(pair, shown, where)


def _common(pair: Pair, shown: Shown) -> rrpostgres.Common:
    """Direction, address and times."""
    says = shown.metadata
    direction = (says.get("direction") or pair.direction).upper()
    if direction not in ("IN", "OUT"):
        raise Bad(f"its direction is {direction[:20]!r}, not IN or OUT")
    role = _tags(pair, shown).get("replayRole")
    if role in ("test", "mock"):
        direction = "IN" if role == "test" else "OUT"
    host, _, port = pair.network_address.rpartition(":")
    return rrpostgres.Common(
        inbound=direction == "IN",
        at=seconds(says.get("ts") or pair.ts),
        took=milliseconds(says.get("duration") or pair.duration),
        name=says.get("uuid") or pair.uuid,
        host=host.lower(),
        port=int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0,
        session=_connection(pair),
    )


def _tags(pair: Pair, shown: Shown) -> dict[str, str]:
    tags = {key: str(value) for key, value in (pair.tags or {}).items()}
    for one in shown.metadata.get("tags", "").split(", "):
        key, equals, value = one.partition("=")
        if equals:
            tags[key.strip()] = value.strip()
    return tags


def _connection(pair: Pair) -> str:
    """Client address and port: one connection."""
    client = (pair.netinfo or {}).get("downstream")
    if not isinstance(client, dict) or not client.get("port"):
        return ""
    return f"{client.get('ipAddress', '')}:{client['port']}"


def _http(pair: Pair, shown: Shown, where: str) -> Iterator[Item]:
    http = pair.http or Http()
    common = _common(pair, shown)
    verb, url, version = _request_line(pair, http, shown)
    version, lost = messages.version_of(version)
    yield from [Lost(where, lost)] if lost else []
    recorded = _fields(http.req.headers)
    headers = _edited(recorded, shown.request, True)
    host = messages.value_of(headers, b"host").decode("utf-8", "replace")
    address = messages.address(url, host or http.req.host)
    if not address.host and common.host:
        address = Address(address.scheme, common.host, common.port, address.target)
    body = _body(http.req.body_base64, http.req.body, shown.request_body)
    request, lost = messages.request(
        messages.method(verb), address, headers, body, coded=False, version=version
    )
    yield from [Lost(where, lost)] if lost else []
    response = None
    answered = http.res
    spoken, code, reason = _status(answered, shown)
    if code:
        answered = answered or Response()
        fields = _edited(_fields(answered.headers), shown.response, False)
        body = _body(answered.body_base64, answered.body, shown.response_body)
        response, lost = messages.response(
            code, reason, fields, body, coded=False, version=messages.version_of(spoken)[0]
        )
        yield from [Lost(where, lost)] if lost else []
    ours = ours_in(pair.ours)
    yield Found(
        where=where,
        inbound=common.inbound,
        request=request,
        response=response,
        scheme=address.scheme,
        host=address.host,
        port=address.port,
        at=common.at,
        # The format has whole milliseconds, which people may have edited.
        took=ours.took if round(ours.took) == common.took else common.took,
        session=ours.session or common.session,
        name=ours.id or common.name,
        causes=ours.groups or None,
        redacted=ours.redacted,
    )


def _request_line(pair: Pair, http: Http, shown: Shown) -> tuple[str, str, str]:
    first = (shown.request or "").partition("\n")[0].strip()
    if first:
        verb, _, rest = first.partition(" ")
        url, _, version = rest.rpartition(" ")
        if not url or not version.startswith("HTTP/"):
            raise Bad(f"{first[:80]!r} is no request line")
        return verb, url, version
    scheme = "https" if pair.is_tls else "http"
    path = http.req.uri or http.req.url or pair.location
    # The pair's own address: Host is the client's word, and may be the recorder's.
    url = f"{scheme}://{pair.network_address}{path}" if pair.network_address else path
    return http.req.method or pair.command, url, http.req.version


def _status(answered: Response | None, shown: Shown) -> tuple[str, int, str]:
    """Version, status and reason; 0 = no answer was kept."""
    line = _STATUS.match((shown.response or "").partition("\n")[0])
    if line:
        return line[1], messages.status(line[2]), line[3].strip()
    if answered is None or not answered.status_code:
        return "", 0, ""
    code = messages.status(answered.status_code)
    return "", code, answered.status_message.removeprefix(str(code)).strip()


def _fields(recorded: dict[str, list[str]]) -> list[tuple[str, str]]:
    found = []
    for name, values in recorded.items():
        once = dict.fromkeys(values) if name.lower() == "host" else values
        found += [(name, value) for value in once]
    return found


def _edited(recorded: list[tuple[str, str]], shown: str | None, request: bool) -> Headers:
    """The fields as recorded, unless those that are shown say something else."""
    if shown is None:
        return messages.fields(recorded)
    lines = shown.split("\n")
    if request or _STATUS.match(lines[0]):
        lines = lines[1:]
    told: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.rstrip("\r").partition(":")
        if not colon:
            continue
        parts = [part.replace("\\,", ",") for part in _JOINT.split(value.strip())]
        once = dict.fromkeys(parts) if name.lower() == "host" else parts
        told += [(name, part) for part in once]
    kept = [one for one in recorded if one[0].lower() != "content-length"]
    same = sorted((name.lower(), value.strip()) for name, value in kept) == sorted(
        (name.lower(), value) for name, value in told if name.lower() != "content-length"
    )
    return messages.fields(recorded if same and recorded else told)


def _body(base64: str | None, text: str | None, shown: str | None) -> bytes:
    """The bytes recorded, unless what is shown is another text and not the same one laid out."""
    recorded = b""
    if base64:
        try:
            recorded = b64decode(base64, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Bad("a body is no base64") from error
    elif text:
        recorded = text.encode("utf-8", "surrogatepass")
    if shown is None or not shown.strip():
        return recorded
    try:
        told = recorded.decode()
    except UnicodeDecodeError:
        return recorded  # shown as something that is not its bytes
    return recorded if told and _same(told, shown) else shown.encode("utf-8", "surrogatepass")


def _same(recorded: str, shown: str) -> bool:
    if _SPACE.sub("", recorded) == _SPACE.sub("", shown):
        return True
    try:
        return bool(json.loads(recorded) == json.loads(shown))
    except (ValueError, RecursionError):
        return False
