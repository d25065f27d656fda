"""What may be written of a message."""

from __future__ import annotations

import pytest

from ci_gate.codecs.registry import codec
from ci_gate.model.message import HttpRequest, HttpResponse, Opaque, PgStatement, Raw
from ci_gate.recorder.clean import Cleaner
from ci_gate.values.addresses import Addresses
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns
from ci_gate.values.tokens import encoded, read_token, tokens_in

KEY = b"k" * 32
HTTP = codec("http")


def cleaner() -> Cleaner:
    """One that knows where payments listens."""
    names = Addresses({"payments": ("127.0.0.1:4999",)})
    return Cleaner(Redactor(StandIns(KEY)), names, KEY)


def test_our_addresses_become_names() -> None:
    """A port of today is in no snapshot."""
    answer = HttpResponse(200, headers=((b"Location", b"http://127.0.0.1:4999/x"),))
    clean, places = cleaner().clean(HTTP, answer, "response")
    assert isinstance(clean, HttpResponse)
    assert clean.headers == ((b"Location", b"http://{payments}/x"),)
    assert places == ()


def test_secrets_become_stand_ins() -> None:
    """Equal values become equal stand-ins in all messages, and their places are named."""
    clean = cleaner()
    request = HttpRequest("GET", b"/a?email=bob@corp.example.com")
    answer = HttpResponse(
        200, b"", ((b"Content-Type", b"application/json"),), b'{"to":"bob@corp.example.com"}'
    )
    asked, in_request = clean.clean(HTTP, request, "request")
    answered, in_response = clean.clean(HTTP, answer, "response")
    assert (in_request, in_response) == (("request.query.email",), ("response.body.$.to",))
    assert isinstance(asked, HttpRequest)
    stand_in = asked.target.partition(b"=")[2]
    assert answered.body == b'{"to":"%b"}' % stand_in


def test_what_cannot_be_looked_into() -> None:
    """A body still in a coding is kept as size and hash, a decoded one as it is."""
    coded = ((b"Content-Encoding", b"what"),)
    kept, _ = cleaner().clean(HTTP, HttpResponse(200, b"", coded, b"abc"), "response")
    assert isinstance(kept.body, Opaque)
    assert kept.body.size == 3
    plain = HttpResponse(200, b"", ((b"Content-Encoding", b"gzip"),), b"abc", (), "gzip")
    assert cleaner().clean(HTTP, plain, "response") == (plain, ())


def test_raw_messages_pass() -> None:
    """Their bytes were replaced by a hash before."""
    raw = Raw(Opaque(3, "hash"))
    assert cleaner().clean(codec("raw"), raw, "request") == (raw, ())


def test_addresses_inside_a_token_become_names() -> None:
    """A provider that calls itself what the service calls it by: our address is in its claims."""
    claims = encoded(b'{"iss":"http://127.0.0.1:5001/realm","sub":"ada"}')
    head = encoded(b'{"alg":"RS256"}')
    request = HttpRequest(
        "GET", b"/", ((b"Authorization", f"Bearer {head}.{claims}.c2lnbmF0dXJl".encode()),)
    )
    addresses = Addresses({"idp": ("127.0.0.1:5001",)})
    cleaner = Cleaner(Redactor(StandIns(b"key")), addresses, b"key")
    clean, places = cleaner.clean(codec("http"), request, "request")
    assert places == ("request.headers.authorization",)
    (text,) = tokens_in(clean)
    token = read_token(text)
    assert token is not None
    assert token.claims == b'{"iss":"http://{idp}/realm","sub":"ada"}'


def test_what_was_clean_is_cleaned_again_once_more_is_known() -> None:
    """A statement said again and again is looked at once, until a secret is met that is in it."""
    clean, pg = cleaner(), codec("postgres")
    said = PgStatement("select * from t where a = $1", ("hunter2hunter2",), "execute")
    first, places = clean.clean(pg, said, "request")
    assert (first, places) == (said, ())
    assert clean.clean(pg, said, "request")[0] is first
    login = HttpRequest(
        "POST",
        b"/login",
        headers=((b"Content-Type", b"application/json"),),
        body=b'{"password":"hunter2hunter2"}',
    )
    clean.clean(HTTP, login, "request")
    again, places = clean.clean(pg, said, "request")
    assert isinstance(again, PgStatement)
    assert "hunter2hunter2" not in str(again.params)
    assert places == ("request.params.$.a",)


def test_what_cannot_be_made_anew_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that its codec refuses with stand-ins in it is never written as it was."""

    def refuses(*_: object) -> None:
        raise ValueError("no such text")

    clean, pg = cleaner(), codec("postgres")
    said = PgStatement("select * from t where password = $1", ("hunter2hunter2",), "execute")
    monkeypatch.setattr(type(pg), "with_places", refuses)
    kept, places = clean.clean(pg, said, "request")
    assert "hunter2" not in str(kept)
    assert places == ()
    (text,) = clean.redactor.unfit
    assert text.startswith("request: ")


def test_a_statement_is_clean_in_every_transaction() -> None:
    """What is known of it serves all, and each keeps its own."""
    clean, pg = cleaner(), codec("postgres")
    for block in (1, 2, 0, 1):
        said = PgStatement("select 1", transaction=block > 0, block=block)
        assert clean.clean(pg, said, "request") == (said, ())
