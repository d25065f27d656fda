"""What the recorder notes of signatures: the bad ones, and good ones that were refused all the same."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from ci_gate.codecs.registry import codec
from ci_gate.model.message import HttpRequest, HttpResponse, Message
from ci_gate.recorder import signatures
from ci_gate.recorder.signatures import Signatures
from ci_gate.values.webhooks import Signing, seal
from tests.correlation.tokens import KEY, OTHER, SECRET, public

HTTP = codec("http")
AT = "request.headers.authorization"
GITHUB = Signing(secret="github", form="github")
BODY = b'{"action": "opened"}'


def token(key: Any = KEY, alg: str = "RS256", kid: str = "k1") -> str:
    """A token, signed as it comes."""
    return jwt.encode({"sub": "ada"}, key, alg, {"kid": kid} if kid else {})


def asked(text: str) -> HttpRequest:
    """A request with a bearer token."""
    return HttpRequest("GET", b"/me", ((b"Authorization", b"Bearer " + text.encode()),))


def heard(
    run: Signatures, request: Message, status: int = 200, *, inbound: bool = True
) -> dict[str, bool]:
    """The facts of an inbound exchange."""
    return run.facts(HTTP, request, HttpResponse(status), inbound=inbound)


def told(run: Signatures, *keys: tuple[Any, str]) -> None:
    """A dependency tells its keys."""
    body = json.dumps({"keys": [public(key, kid) for key, kid in keys]}).encode()
    answer = HttpResponse(200, body=body)
    assert run.facts(HTTP, HttpRequest("GET", b"/keys"), answer, inbound=False) == {}


def test_a_good_token_is_nothing_to_note() -> None:
    """Nor is any before a key is known."""
    run = Signatures()
    assert heard(run, asked(token()), 401) == {}
    told(run, (KEY, "k1"))
    assert heard(run, asked(token())) == {}


def test_a_bad_token_is_noted_however_it_was_taken() -> None:
    """By its place; also by a service that does not look."""
    run = Signatures()
    told(run, (KEY, "k1"))
    for status in (200, 401, 500):
        assert heard(run, asked(token(OTHER)), status) == {AT: False}


def test_a_good_token_that_was_refused_is_noted() -> None:
    """It was out of date, revoked, or not allowed: its signature was good."""
    run = Signatures()
    told(run, (KEY, "k1"))
    for status in (400, 401, 403, 422):
        assert heard(run, asked(token()), status) == {AT: True}


def test_a_key_that_is_learned_later() -> None:
    """What a key could not verify is verified again when another is known."""
    run = Signatures()
    told(run, (OTHER, "k1"))
    assert heard(run, asked(token())) == {AT: False}
    told(run, (KEY, "k1"))
    assert heard(run, asked(token())) == {}


def test_a_token_of_an_unknown_key_is_not_judged() -> None:
    """A kid that no key set has, and an algorithm without a key."""
    run = Signatures()
    told(run, (KEY, "k1"))
    assert heard(run, asked(token(kid="k9")), 401) == {}
    assert heard(run, asked(token(SECRET, "HS256")), 401) == {}


def test_a_token_that_names_no_key_is_tried_with_all() -> None:
    """One that fits is enough."""
    run = Signatures()
    told(run, (OTHER, "k2"), (KEY, "k1"))
    assert heard(run, asked(token(kid="")), 401) == {AT: True}


def test_tokens_by_our_own_secret() -> None:
    """HS256 is verified where the service has its secret from us."""
    run = Signatures([(Signing(secret="jwt", form="jwt"), SECRET.decode())])
    assert heard(run, asked(token(SECRET, "HS256"))) == {}
    assert heard(run, asked(token(SECRET, "HS256")), 401) == {AT: True}
    other = b"a secret of somebody else, long enough to be one"
    assert heard(run, asked(token(other, "HS256")), 401) == {AT: False}


def test_webhooks_by_our_own_secret() -> None:
    """A bad signature is noted, a good one where it was refused; one that is not there never is."""
    run = Signatures([(GITHUB, "hook")])
    place = "request.headers.x-hub-signature-256"
    blank = ((b"X-Hub-Signature-256", b"sha256="),)
    for key, status, expected in (
        (b"hook", 200, {}),
        (b"hook", 422, {place: True}),
        (b"other", 200, {place: False}),
        (b"other", 401, {place: False}),
    ):
        request = HttpRequest("POST", b"/hook", seal(GITHUB, key, blank, BODY), BODY)
        assert heard(run, request, status) == expected
    assert heard(run, HttpRequest("POST", b"/hook", (), BODY), 401) == {}
    assert heard(Signatures(), HttpRequest("POST", b"/hook", blank, BODY), 401) == {}


def test_tokens_in_answers_of_dependencies() -> None:
    """A bad identity token is noted where it stands."""
    run = Signatures()
    told(run, (KEY, "k1"))
    body = json.dumps({"id_token": token(OTHER), "access_token": token()}).encode()
    answer = HttpResponse(200, body=body)
    facts = run.facts(HTTP, HttpRequest("POST", b"/token"), answer, inbound=False)
    assert facts == {"response.body.$.id_token": False}
    assert run.facts(HTTP, HttpRequest("POST", b"/token"), None, inbound=False) == {}


def test_two_tokens_in_one_text() -> None:
    """A place is good when all of it is."""
    run = Signatures()
    told(run, (KEY, "k1"))
    request = HttpRequest("POST", b"/", (), f"a={token()} {token(OTHER)}".encode())
    form = (b"Content-Type", b"text/plain")
    request = HttpRequest("POST", b"/", (form,), request.body)
    assert heard(run, request) == {"request.body": False}


@pytest.mark.parametrize("text", ["eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.", "eyJhIjoxfQaaa.eyJhIjoxfQ.x"])
def test_what_only_looks_like_a_token(text: str) -> None:
    """It is nothing to verify."""
    run = Signatures()
    told(run, (KEY, "k1"))
    assert heard(run, asked(text), 401) == {}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest keys go, and what is known of tokens is known again when it is needed."""
    monkeypatch.setattr(signatures, "MOST_KEYS", 2)
    monkeypatch.setattr(signatures, "MOST_TOKENS", 1)
    run = Signatures()
    told(run, (KEY, "a"), (KEY, "b"), (KEY, "c"))
    assert heard(run, asked(token(OTHER, kid="a"))) == {}
    for _ in range(2):
        assert heard(run, asked(token(OTHER, kid="b"))) == {AT: False}
        assert heard(run, asked(token(OTHER, kid="c"))) == {AT: False}
