"""Tokens of a recording in a run: signed by its keys, moved to its time, the bad ones still bad."""

from __future__ import annotations

import base64
import hashlib
import json

import jwt
import msgspec
import pytest

from ci_gate.correlation.identity import Identity, Times, needed_keys, started_at
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Origin, Snapshot
from ci_gate.values.addresses import Addresses
from tests.correlation.tokens import (
    KEYS,
    SECRET,
    START,
    asked,
    bearer,
    identity,
    live_keys,
    recording,
    token,
    told,
    verified,
)

TOKEN = token()


def live(run: Identity, exchange: Exchange) -> str:
    """The token of an exchange's request as it is sent."""
    return bearer(run.live(exchange.request, exchange.at))


def test_a_token_is_signed_by_the_key_that_the_mock_tells() -> None:
    """The recorded claims verify by the mocked key set, and by no other key."""
    exchange = asked("i1", TOKEN)
    run = identity(recording(exchange))
    text = live(run, exchange)
    assert verified(run, text) == {"sub": "ada", "iat": START - 10, "exp": START + 290}
    with pytest.raises(jwt.InvalidSignatureError):
        verified(run, text, "k2")
    with pytest.raises(jwt.DecodeError):
        verified(run, TOKEN)


def test_two_runs_have_different_keys() -> None:
    """Nothing of one run is of use in another."""
    exchange = asked("i1", TOKEN)
    one, other = (identity(recording(exchange)) for _ in range(2))
    with pytest.raises(jwt.InvalidSignatureError):
        verified(other, live(one, exchange))


def test_a_key_that_signs_nothing_stays_as_it_was() -> None:
    """Only keys by which a recorded token is verified get another in their place."""
    run = identity(recording(asked("i1", TOKEN)))
    told_now = live_keys(run)
    recorded = {one["kid"]: one for one in json.loads(KEYS.response.body)["keys"]}  # type: ignore[union-attr, arg-type]  # as made
    assert told_now["k2"] == recorded["k2"]
    assert told_now["k1"]["n"] != recorded["k1"]["n"]


def test_one_token_is_one_live_token_and_back() -> None:
    """In every request, with any body around it; in recorded terms it is itself again."""
    first, second = asked("i1", TOKEN), asked("i2", TOKEN, at=5000.0)
    run = identity(recording(first, second))
    assert run.recorded(first.request) is first.request
    text = live(run, first)
    assert live(run, second) == text
    call = HttpRequest("POST", b"/x?token=" + text.encode(), (), b"t=" + text.encode())
    back = run.recorded(call)
    assert back == HttpRequest("POST", b"/x?token=" + TOKEN.encode(), (), b"t=" + TOKEN.encode())


def test_what_can_only_come_back_as_itself() -> None:
    """A client's token that was sent; none that the service makes itself, and none before."""
    first, login = asked("i1", TOKEN), asked("i2", token(sub="session"))
    body = b'{"token": "' + bearer(login.request).encode() + b'"}'
    login = msgspec.structs.replace(login, response=HttpResponse(200, body=body))
    run = identity(recording(first, login))
    assert run.held == frozenset()
    for exchange in (first, login):
        run.live(exchange.request, exchange.at)
    assert run.held == {TOKEN}


def test_a_steady_clock_moves_all_alike() -> None:
    """With the clock 31 days ahead, so are the times of every token."""
    exchange = asked("i1", TOKEN, at=60_000.0)
    run = identity(recording(exchange))
    run.begin(Times(lambda _: 86_400))
    assert run.steady
    assert verified(run, live(run, exchange))["exp"] == START + 290 + 86_400


def test_by_the_machines_clock_a_token_is_as_old_as_it_was() -> None:
    """However late in the recording it was first used."""
    exchange = asked("i1", TOKEN, at=60_000.0)
    run = identity(recording(exchange))
    now = START + 1_000_000
    run.begin(Times(lambda at: int(now - START - at / 1000), steady=False))
    found = verified(run, live(run, exchange))
    assert now - found["iat"] == 70
    assert found["exp"] - now == 230


def test_the_time_may_turn_out_to_be_another() -> None:
    """Tokens are made anew, and those that were made before are still known."""
    exchange = asked("i1", TOKEN)
    run = identity(recording(exchange))
    early = run.live(exchange.request, 0.0)
    run.begin(Times(lambda _: 500))
    late = run.live(exchange.request, 0.0)
    assert verified(run, bearer(late))["exp"] == START + 790
    assert run.recorded(early) == run.recorded(late) == exchange.request


def test_what_was_out_of_date_is_out_of_date() -> None:
    """A token that was good at first and expired later is both, though a replay takes no time."""
    first, late = asked("i1", TOKEN), asked("i2", TOKEN, 401, at=400_000.0)
    run = identity(recording(first, late))
    now = START + 1_000_000
    run.begin(Times(lambda at: int(now - START - at / 1000), steady=False))
    assert verified(run, live(run, first))["exp"] > now
    assert verified(run, live(run, late))["exp"] < now
    for exchange in (first, late):
        assert bearer(run.recorded(run.live(exchange.request, exchange.at))) == TOKEN


def test_a_bad_signature_stays_bad() -> None:
    """All else about the token is good: its times move, and it is written as a signature is."""
    exchange = asked("i1", TOKEN, 401, signed={"request.headers.authorization": False})
    run = identity(recording(exchange))
    run.begin(Times(lambda _: 1000))
    text = live(run, exchange)
    with pytest.raises(jwt.InvalidSignatureError):
        verified(run, text)
    assert jwt.decode(text, options={"verify_signature": False})["exp"] == START + 1290
    assert len(text) == len(TOKEN)
    assert bearer(run.recorded(run.live(exchange.request, 0.0))) == TOKEN


def test_a_secret_signs_what_it_shares() -> None:
    """HS256 tokens verify by the run's secret; without one they move and verify nowhere."""
    text = token("HS256", "")
    exchange = asked("i1", text)
    run = identity(recording(exchange), SECRET)
    run.begin(Times(lambda _: 7))
    found = jwt.decode(live(run, exchange), SECRET, ["HS256"], {"verify_exp": False})
    assert found["exp"] == START + 297
    without = identity(recording(exchange))
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(live(without, exchange), SECRET, ["HS256"], {"verify_exp": False})


def test_a_secret_signs_nothing_that_was_bad() -> None:
    """A token that the service would not take keeps a signature that is none."""
    exchange = asked("i1", token("HS256", ""), 401)
    run = identity(recording(exchange), SECRET)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(live(run, exchange), SECRET, ["HS256"])


def test_a_token_that_names_no_key() -> None:
    """The first key that fits signs it."""
    exchange = asked("i1", token(kid=""))
    run = identity(recording(exchange))
    assert verified(run, live(run, exchange))["sub"] == "ada"


def test_an_unsigned_token_has_no_signature() -> None:
    """`alg: none` is an attack: it comes as it would, without the stand-in that had to be there."""
    text = token("none", "").rpartition(".")[0] + ".c3RhbmRpbg"
    exchange = asked("i1", text, 401)
    run = identity(recording(exchange))
    assert live(run, exchange).endswith(".")
    assert bearer(run.recorded(run.live(exchange.request, 0.0))) == text


def test_what_the_provider_answers_is_signed_and_bound() -> None:
    """The identity token's at_hash is that of the live access token beside it."""
    access, id_token = token(scope="read"), token(at_hash="recorded", nonce="n")
    answer = told({"access_token": access, "id_token": id_token}, "o2")
    run = identity(recording(answer))
    response = run.answered(answer).response
    assert isinstance(response, HttpResponse)
    assert isinstance(response.body, bytes)
    now = json.loads(response.body)
    digest = hashlib.sha256(now["access_token"].encode()).digest()[:16]
    held = verified(run, now["id_token"])
    assert held["at_hash"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert held["nonce"] == "n"
    assert run.recorded(response) == answer.response


@pytest.mark.parametrize(
    "body", [{"id_token": 1, "access_token": "x"}, {"id_token": "x"}, ["id_token"], {}]
)
def test_other_answers_stay_as_they_are(body: object) -> None:
    """No token, no key set: the very same exchange."""
    answer = told(body, "o2")
    assert identity(recording(answer)).answered(answer) is answer


def test_no_answer_and_no_body() -> None:
    """A call that was never answered, and one whose body is not at hand."""
    run = identity(recording(asked("i1", TOKEN)))
    silent = Exchange(id="o3", dependency="idp", route="GET /", request=HttpRequest("GET", b"/"))
    assert run.answered(silent) is silent


def test_a_value_that_travels_in_a_token() -> None:
    """A recorded token with a live value among its claims is signed, too, and bad when it was."""
    good, bad = asked("i1", TOKEN), asked("i2", token(sub="eve"), 401)
    run = identity(recording(good, bad))
    for exchange, is_good in ((good, True), (bad, False)):
        header, payload, signature = bearer(exchange.request).split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "==")) | {"order": "live"}
        inner = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        varied = run.vary(f"{header}.{inner}.{signature}")
        sent = live(run, asked("i3", varied))
        if is_good:
            assert verified(run, sent)["order"] == "live"
        else:
            with pytest.raises(jwt.InvalidSignatureError):
                verified(run, sent)
    assert run.vary("no token") == "no token"


def test_an_issuer_that_is_called_by_our_address() -> None:
    """It is the address of this run, which the discovery document tells, too."""
    exchange = asked("i1", token(iss="http://{idp}/realm"))
    run = identity(recording(exchange))
    run.begin(Times(), Addresses({"idp": ("127.0.0.1:41111",)}))
    assert verified(run, live(run, exchange))["iss"] == "http://127.0.0.1:41111/realm"
    assert run.recorded(run.live(exchange.request, 0.0)) == exchange.request


def test_what_carries_a_token() -> None:
    """Requests with a recorded token do, others do not."""
    exchange = asked("i1", TOKEN)
    run = identity(recording(exchange))
    assert run.carries(exchange.request)
    assert not run.carries(HttpRequest("GET", b"/"))
    assert not run.carries(asked("i2", token(sub="new")).request)


def test_a_token_of_nobody_is_sent_as_it_is() -> None:
    """What was not recorded (a header that the configuration sets) is not ours to sign."""
    run = identity(recording(asked("i1", TOKEN)))
    other = asked("i2", token(sub="new"))
    assert run.live(other.request, 0.0) is other.request


def test_keys_are_needed_once() -> None:
    """A key set that was asked for twice, and keys of no token."""
    again = told({"keys": [public_key := json.loads(KEYS.response.body)["keys"][0]]}, "o2")  # type: ignore[union-attr, arg-type]  # as made
    snapshot = recording(asked("i1", TOKEN), again)
    tokens = identity(snapshot)._tokens.values()
    assert needed_keys(snapshot, tokens) == (public_key,)
    assert needed_keys(snapshot, ()) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-09-21T14:13:20+00:00", START), ("2026-09-21T14:13:20", START), ("", 0.0), ("x", 0.0)],
)
def test_the_start_of_a_recording(text: str, expected: float) -> None:
    """Without a zone it is UTC; a snapshot that does not say has none."""
    assert started_at(Snapshot(origin=Origin(service="x", recorded_at=text))) == expected
