"""Walking several replays of one message at once."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.held import Context, Varying
from ci_gate.diff.noise.learn import learn_message
from ci_gate.diff.noise.walk import Found, Walk, folded, leaves_of
from ci_gate.model.message import Body, HttpResponse, Opaque, Part, Piece, Pieces, Stored
from ci_gate.model.noise import Noise

CODEC = Http1()
DRAW = random.Random(7)


def walked(*bodies: Any, ahead: tuple[int, ...] = (), recorded: Any = None) -> Walk:
    """One JSON body of each replay."""
    walk = Walk("response", ahead, recorded or {})
    walk.message([(Part("body", json.dumps(body).encode(), "json"),) for body in bodies])
    return walk


def test_folding_needs_every_index() -> None:
    """Places become a pattern only when all items have them alike."""

    def found(at: str, kind: Any = "uuid") -> Found:
        return Found(Noise(at=at, kind=kind), ((at, ("a", "b")),))

    both = [found("x.l[0].id"), found("x.l[1].id")]
    [one] = folded("x.l", 2, both)
    assert (one.noise.at, [place for place, _ in one.raw]) == (
        "x.l[*].id",
        ["x.l[0].id", "x.l[1].id"],
    )
    assert folded("x.l", 3, both) == both
    assert folded("x.l", 1, both[:1]) == both[:1]
    mixed = [found("x.l[0].id"), found("x.l[1].id", "jwt")]
    assert folded("x.l", 2, mixed) == mixed
    outside = [*both, found("x.k")]
    assert {one.noise.at for one in folded("x.l", 2, outside)} == {"x.l[*].id", "x.k"}


def test_numbers_are_told_from_each_other() -> None:
    """1 is not 1.0 and not true: such a change is seen."""
    assert walked({"a": 1}, {"a": 1.0}, {"a": 2}).found
    assert walked({"a": 1}, {"a": True}, {"a": 1}).found[0].noise.members == ("1", "true")


def test_a_page_that_tells_the_time() -> None:
    """That two replays said the same second is chance; a page that is another one with the clock
    ahead, in no word that says why, is what was seen and nothing else."""
    page = "<rss><built>Sat, 21 Nov 2026 07:17:{} +0000</built></rss>"
    later = page.format("09").replace("Sat, 21 Nov", "Tue, 22 Dec")
    walk = walked(page.format("09"), page.format("09"), later, ahead=(2,))
    assert [(one.noise.kind, one.noise.clock) for one in walk.found] == [("timestamp", False)]
    walk = walked("it is on sale", "it is on sale", "it has ended", ahead=(2,))
    assert [(one.noise.at, one.noise.kind) for one in walk.found] == [
        ("response.body.$", "derived")
    ]


def test_the_recorded_value_is_evidence() -> None:
    """A recorded value of the same format widens it."""
    times = [f"2026-05-01T10:00:00.{n}Z" for n in ("123457", "123451")]
    walk = walked(*times, recorded={"response.body.$": "2026-05-01T10:00:00.5Z"})
    assert walk.found[0].noise.format == "YYYY-MM-DDThh:mm:ss.f{0,6}Z"


def test_streams_and_bodies_out_of_reach() -> None:
    """A whole stream is walked as its text; what is not at hand is not explained."""

    def stream(text: bytes) -> Part:
        return Part("body", Pieces((Piece(0.0, text[:4]), Piece(1.0, text[4:]))), "text")

    walk = Walk("response", (), {})
    walk.message([(stream(b"id: 8f3a01c2"),), (stream(b"id: 77b0e4d9"),)])
    assert [one.noise.at for one in walk.found] == ["response.body#1"]
    walk = Walk("response", (), {})
    opaque = [Part("body", Opaque(5, digest), "binary") for digest in ("aa", "bb")]
    walk.message([(one,) for one in opaque])
    assert [one.at for one in walk.unexplained] == ["response.body"]


def test_parts_that_come_and_go() -> None:
    """Trailers that are only sometimes there are not explained, an empty query is none."""
    body = Part("body", b"x", "text")
    trailers = Part("trailers", ((b"X-Sum", b"1"),), "headers")
    walk = Walk("response", (), {})
    walk.message([(body, trailers), (body,)])
    assert [one.at for one in walk.unexplained] == ["response.trailers"]
    walk = Walk("request", (), {})
    walk.message([(Part("query", b"a=1", "query"), body), (body,)])
    assert [one.at for one in walk.unexplained] == ["request.query.a"]


def test_leaves() -> None:
    """Values by their full place."""
    parts = (Part("status", 200), Part("body", b'{"a": [1]}', "json"))
    assert leaves_of("response", parts) == {"response.status": 200, "response.body.$.a[0]": 1}


def test_a_tag_of_a_body_varies_whatever_the_clock() -> None:
    """Two replays in the same second had the same body; the next run has another one."""
    tags = ["ea260692c8e5c8b53b22e5b32687ee88"] * 2 + ["1e90de632408fe15233e26a398e2173b"]
    walk = Walk("response", (2,), {})
    walk.message(
        [(Part("headers", ((b"ETag", b'"%s"' % tag.encode()),), "headers"),) for tag in tags]
    )
    assert [(one.noise.at, one.noise.kind) for one in walk.found] == [
        ("response.headers.etag#0", "hex")
    ]


def binary(body: Body) -> HttpResponse:
    """An answer of bytes."""
    headers = ((b"Content-Type", b"application/octet-stream"),)
    return HttpResponse(version=b"HTTP/1.1", status=200, reason=b"OK", headers=headers, body=body)


@pytest.mark.parametrize("size", [16, 100_000])
def test_random_bytes(size: int) -> None:
    """A body of random bytes is learned as such, also one that stands in a file; what stands there
    instead of it is red, and so is what was another body a moment ago."""
    bodies = [DRAW.randbytes(size) for _ in range(5)]
    digest = hashlib.sha256(bodies[0]).hexdigest()
    recorded = binary(Stored(digest, size) if size > 16 else bodies[0])
    replays = [CODEC.places(binary(body)) for body in bodies[1:4]]
    learned = learn_message("response", CODEC.places(recorded), replays)
    assert [(one.at, one.kind) for one in learned.noise] == [("response.body", "bytes")]
    assert learned.rebased == ()
    context = Context()

    def differs(body: bytes) -> bool:
        varying = Varying(learned.noise, "response", context)
        pair = CODEC.places(recorded), CODEC.places(binary(body))
        return bool(compare("response", *pair, Masks().with_varying(varying), Equality()))

    assert differs(b"")
    assert differs(b"x" * size)
    assert differs(bodies[4][1:])
    assert not differs(bodies[4])
    assert differs(bodies[3]), "the same body has become two"


def test_binary_bodies_that_differ_a_little() -> None:
    """Files of which some bytes differ are not explained."""
    head = DRAW.randbytes(300)
    replays = [CODEC.places(binary(head + DRAW.randbytes(20))) for _ in range(3)]
    learned = learn_message("response", replays[0], replays)
    assert [one.at for one in learned.unexplained] == ["response.body"]


def test_stand_ins_inside_texts_need_no_kind() -> None:
    """A redacted word is compared by kind wherever it stands, also one that has parts itself."""
    hashes = (
        "$2b$12$redactedpe68qy9e6bd56Ov28scu4yw9wbbjjjujkn63j619obabA",
        "$2b$12$redactedmsr2trebd52e4Ob4c81lpafm4hyycysaxtth3sexk1dtA",
    )
    walk = walked(*({"data": f'{{"password":"{one}"}}'} for one in hashes))
    assert (walk.found, walk.unexplained) == ([], [])
    walk = walked(*({"data": f'{{"id":"{one[-8:]}1"}}'} for one in hashes))
    assert walk.found
