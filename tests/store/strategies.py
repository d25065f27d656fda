"""Hypothesis strategies for anything a recorder may hand to the store."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange, Push
from ci_gate.model.message import (
    Body,
    HttpRequest,
    HttpResponse,
    Message,
    Opaque,
    Piece,
    Pieces,
    Raw,
)
from ci_gate.model.noise import Noise, Rebased
from ci_gate.model.snapshot import Dependency, Origin, Snapshot

text = st.text(st.characters(codec="utf-8"), max_size=20)
times = st.integers(0, 10**9).map(lambda micro: micro / 1000)
headers = st.lists(
    st.tuples(st.binary(min_size=1, max_size=8), st.binary(max_size=20)), max_size=4
).map(tuple)

values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
documents = st.lists(values, max_size=3) | st.dictionaries(text, values, max_size=3)


@st.composite
def json_bodies(draw: st.DrawFn) -> bytes:
    """JSON as services write it."""
    indent = draw(st.sampled_from([None, None, 2, 4, "\t"]))
    tight = (",", ":") if indent is None else (",", ": ")
    form = json.dumps(
        draw(documents),
        indent=indent,
        separators=draw(st.sampled_from([None, tight])),
        ensure_ascii=draw(st.booleans()),
    )
    if draw(st.booleans()):
        for sign in "<>&\u2028\u2029":
            form = form.replace(sign, f"\\u{ord(sign):04x}")
    return (form + draw(st.sampled_from(["", "\n"]))).encode()


bodies: st.SearchStrategy[Body] = st.one_of(
    st.just(b""),
    st.binary(max_size=40),
    text.map(str.encode),
    json_bodies(),
    st.binary(min_size=1, max_size=3).map(lambda data: b"\xff" + data * 2000),
    st.builds(Opaque, st.integers(0, 10**12), st.text("0123456789abcdef", max_size=64)),
    st.builds(
        Pieces,
        st.lists(st.builds(Piece, times, st.binary(max_size=20)), max_size=3).map(tuple),
        st.booleans(),
    ),
)
codings = st.sampled_from(["", "gzip", "br"])
methods = st.text(min_size=1, max_size=8, alphabet="ABCDEFGHIJ-")
requests: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        HttpRequest, methods, st.binary(max_size=30), headers, bodies, headers, codings, text
    ),
    st.builds(Raw, bodies),
)
responses: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        HttpResponse,
        st.integers(100, 999),
        st.binary(max_size=10),
        headers,
        bodies,
        headers,
        codings,
        st.sampled_from(["1.0", "1.1"]),
    ),
    st.builds(Raw, bodies),
)


noise = st.builds(
    Noise,
    at=text,
    kind=st.sampled_from(["uuid", "integer", "one-of", "unordered"]),
    format=text,
    low=st.none() | st.integers(-10, 10) | st.floats(allow_nan=False, allow_infinity=False),
    members=st.lists(text, max_size=2).map(tuple),
    clock=st.booleans(),
    seen=st.lists(text, max_size=3).map(tuple),
)
rebased = st.builds(Rebased, at=text, recorded=text, expected=text)


def exchanges(
    identifier: str = "i1",
    dependency: str = "",
    groups: tuple[str, ...] = (),
    route: st.SearchStrategy[str] = text,
) -> st.SearchStrategy[Exchange]:
    """Exchanges with any content under a given id."""
    return st.builds(
        Exchange,
        id=st.just(identifier),
        dependency=st.just(dependency),
        route=route,
        groups=st.just(groups),
        at=times,
        took=times,
        connection=st.integers(0, 100),
        request=requests,
        response=st.none() | responses,
        error=text,
        redacted=st.lists(text, max_size=2).map(tuple),
        notes=st.lists(text, max_size=2).map(tuple),
        noise=st.lists(noise, max_size=2).map(tuple),
        rebased=st.lists(rebased, max_size=2).map(tuple),
        pushed=st.lists(st.builds(Push, text, times, requests), max_size=2).map(tuple),
        blocking=st.booleans(),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Whole snapshots, exchanges in order of time, each at a time of its own."""
    routes = st.sampled_from(["GET /a", "GET /A", "POST /a/{id}", "GET /é", ""])
    names = draw(st.lists(st.sampled_from(["pay", "Pay", "aux", "a.b", "ü"]), unique=True))
    inbound = [draw(exchanges(f"i-{n}", route=routes)) for n in range(draw(st.integers(0, 4)))]
    groups: list[tuple[str, ...]] = [(e.id,) for e in inbound]
    groups += [(STARTUP,), (BACKGROUND,)]
    groups += [(inbound[0].id, inbound[-1].id)] if len(inbound) > 1 else []
    outbound = [
        draw(exchanges(f"o-{n}", draw(st.sampled_from(names)), draw(st.sampled_from(groups))))
        for n in range(draw(st.integers(0, 5)) if names else 0)
    ]
    unique = {e.at: e for e in [*inbound, *outbound]}
    kept = [exchange for _, exchange in sorted(unique.items())]
    known = {e.id for e in kept if e.inbound} | {STARTUP, BACKGROUND}
    return Snapshot(
        origin=draw(
            st.builds(Origin, service=text, service_port=st.integers(0, 65535), owner=text)
        ),
        dependencies=tuple(Dependency(name=name, session={"a": name}) for name in sorted(names)),
        inbound=tuple(e for e in kept if e.inbound),
        outbound=tuple(e for e in kept if not e.inbound and known.issuperset(e.groups)),
    )
