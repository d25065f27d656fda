"""Items that come in several orders: what tells them apart, and texts that list them."""

from __future__ import annotations

import json

import pytest

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.held import Context, Varying
from ci_gate.diff.noise.items import key_of
from ci_gate.diff.noise.learn import learn_message
from ci_gate.model.message import HttpResponse, Part

CODEC = Http1()


def parts(allow: str, scope: object) -> tuple[Part, ...]:
    """An answer with a list in a header and in a JSON text."""
    headers = ((b"Content-Type", b"application/json"), (b"Allow", allow.encode()))
    body = json.dumps({"scope": scope}).encode()
    return CODEC.places(HttpResponse(status=200, reason=b"OK", headers=headers, body=body))


SEEN = [
    parts("GET, HEAD, PUT", "admin,read,write"),
    parts("HEAD, PUT, GET", "read,admin,write"),
    parts("HEAD, PUT, GET", "read,write,admin"),
]


def test_lists_in_texts_are_learned() -> None:
    """The same items in another order: in a header and in a JSON text, seen twice or not."""
    learned = learn_message("response", SEEN[0], SEEN)
    assert learned.unexplained == ()
    assert {one.at: one.kind for one in learned.noise} == {
        "response.headers.allow": "unordered",
        "response.body.$.scope": "unordered",
    }


@pytest.mark.parametrize(
    ("allow", "scope", "places"),
    [
        ("PUT, HEAD, GET", "write,read,admin", set()),
        ("PUT, HEAD", "admin,read,write", {"response.headers.allow"}),
        ("PUT, HEAD, POST", "admin,read,write", {"response.headers.allow"}),
        ("PUT,HEAD,GET", "admin,read,write", {"response.headers.allow"}),
        ("PUT, HEAD, GET", "admin,read", {"response.body.$.scope"}),
        ("PUT, HEAD, GET", None, {"response.body.$.scope"}),
    ],
)
def test_another_item_is_red(allow: str, scope: object, places: set[str]) -> None:
    """An order that nobody has seen is none; an item more, fewer or another is a difference, and
    so is another sign between them, or null."""
    noise = learn_message("response", SEEN[0], SEEN).noise
    masks = Masks().with_varying(Varying(noise, "response", Context()))
    found = compare("response", SEEN[0], parts(allow, scope), masks, Equality())
    assert {one.place for one in found} == places


def test_words_that_differ_are_no_list() -> None:
    """Lists of other items in each replay are not explained by their order."""
    replays = [parts("GET", f"{word},x,y") for word in ("ann", "bob", "cyd")]
    learned = learn_message("response", replays[0], replays)
    assert not any(one.kind == "unordered" for one in learned.noise)


def test_the_key_of_arrays() -> None:
    """The first member that tells items apart and whose order varies; none where it does not."""
    one = [{"n": 1, "id": "a"}, {"n": 1, "id": "b"}]
    assert key_of([one, one[::-1]]) == "id"
    assert key_of([one, one]) == ""
    assert key_of([[1, 2], [2, 1]]) == ""
    assert key_of([[], []]) == ""
