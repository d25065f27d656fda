"""The codec as a whole."""

from __future__ import annotations

import msgspec
import pytest

from ci_gate.codecs.base import Role
from ci_gate.codecs.http1.codec import Http1
from ci_gate.codecs.http1.conversation import Mocking, Recording, Replaying
from ci_gate.model.message import HttpRequest, HttpResponse, Raw

REQUEST = HttpRequest("POST", b"/charges/7?dry=1")


@pytest.mark.parametrize(
    ("role", "kind"),
    [(Role.RECORD, Recording), (Role.MOCK, Mocking), (Role.REPLAY, Replaying)],
)
def test_conversations(role: Role, kind: type) -> None:
    """Each role has its conversation, a new one for each connection."""
    codec = Http1()
    one = codec.converse(role)
    assert isinstance(one, kind)
    assert codec.converse(role, {}) is not one


def test_a_miss_explains_itself() -> None:
    """501, JSON, the call and the reason; a mock has nothing of its own to say."""
    codec = Http1()
    answer = codec.miss(REQUEST, "nothing like it was recorded")
    assert isinstance(answer, HttpResponse)
    assert (answer.status, answer.headers) == (501, ((b"Content-Type", b"application/json"),))
    assert isinstance(answer.body, bytes)
    assert msgspec.json.decode(answer.body) == {
        "error": "ci-gate: no recorded exchange",
        "call": "POST /charges/7?dry=1",
        "reason": "nothing like it was recorded",
    }
    assert codec.local(REQUEST, {}) is None
    assert codec.fit(answer, REQUEST) is answer


def test_it_answers_by_its_parts() -> None:
    """The codec's functions are those of its modules."""
    codec = Http1()
    assert codec.name == "http"
    assert codec.route(REQUEST) == "POST /charges/{id}"
    assert codec.label(REQUEST) == "POST /charges/7?dry=1"
    assert codec.key(REQUEST).coarse == ("http", "POST", "/charges/{id}")
    assert codec.with_places(REQUEST, {part.place: part for part in codec.places(REQUEST)}) == (
        REQUEST
    )
    assert codec.prepare(REQUEST) == b"POST /charges/7?dry=1 HTTP/1.1\r\n\r\n"


def test_other_protocols_messages_are_a_mistake_of_ours() -> None:
    """A raw message never gets here."""
    codec = Http1()
    for ask in (codec.places, codec.key, codec.prepare):
        with pytest.raises(AssertionError):
            ask(Raw())
