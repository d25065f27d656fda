"""Finding values that travel."""

from __future__ import annotations

import base64
import json

import msgspec

from ci_gate.correlation.bindings import chains, find, producers, refusals, without
from ci_gate.model.binding import Bindings
from ci_gate.model.noise import Noise
from tests.correlation.traffic import FORM, Recording, ask, parts_of, say

ID = "1f0c2a34-0000-4000-8000-0123456789ab"
SECRET = "9d31c07e55aa41f2"


NOISE = Noise(at="request.body.$.else", kind="uuid")


def found(recording: Recording, *environment: str) -> Bindings:
    """The bindings of a recording."""
    return find(recording.snapshot(), parts_of, environment)


def test_an_order_is_made_and_read() -> None:
    """An id that an answer brings is bound to the path that a later request sends."""
    recording = Recording()
    made = recording.client(ask("/orders", {"item": "a"}), say({"id": ID}, status=201))
    used = recording.client(ask(f"/orders/{ID}"), say({"id": ID}))
    [binding] = found(recording).inbound
    assert (binding.name, binding.value) == ("B1", ID)
    assert (binding.made.exchange, binding.made.at) == (made, "response.body.$.id")
    assert [(spot.exchange, spot.at) for spot in binding.used] == [(used, "request.path[1]")]


def test_a_login_with_cookie_and_csrf() -> None:
    """A session cookie and a token in a page are two bindings; the form carries one, the header
    the other."""
    recording = Recording()
    cookie = (b"Set-Cookie", f"sid={SECRET}; Path=/; HttpOnly".encode())
    page = f'<form><input type="hidden" name="csrf" value="{ID}"></form>'.encode()
    login = recording.client(ask("/login"), say(page, (b"Content-Type", b"text/html"), cookie))
    send = recording.client(
        ask("/login", f"user=a&csrf={ID}".encode(), FORM, (b"Cookie", f"sid={SECRET}".encode())),
        say(status=302),
    )
    places = {(one.made.at, spot.at) for one in found(recording).inbound for spot in one.used}
    assert places == {
        ("response.headers.set-cookie.sid", "request.headers.cookie.sid"),
        ("response.body", "request.body.csrf"),
    }
    assert {one.made.exchange for one in found(recording).inbound} == {login}
    assert producers(found(recording)) == {send: (login,)}


def test_the_name_of_a_member_is_a_value() -> None:
    """In a map by id, the ids that later requests send are names of members."""
    recording = Recording()
    made = recording.client(ask("/watches"), say({"all": {SECRET: {"n": 1}, ID: {"n": 2}}}))
    recording.client(ask(f"/watches/{ID}"), say({"n": 2}))
    [binding] = found(recording).inbound
    assert (binding.value, binding.made.exchange) == (ID, made)
    assert binding.made.at == "response.body.$.all.~[1]"
    assert refusals(recording.snapshot(), parts_of) == []


def test_etag_location_and_cursor() -> None:
    """What HTTP itself sends back: ETags, Locations, cursors in links."""
    recording = Recording()
    recording.client(
        ask("/orders", {"a": 1}),
        say(
            b"",
            (b"Location", f"http://{{service}}/orders/{ID}".encode()),
            (b"ETag", b'"33a64df551425fcc"'),
        ),
    )
    recording.client(
        ask(f"/orders/{ID}", b"", (b"If-None-Match", b'"33a64df551425fcc"')),
        say({"next": f"/orders?cursor={SECRET}&n=2"}),
    )
    recording.client(ask(f"/orders?cursor={SECRET}&n=2"), say({}))
    assert [(one.value, one.used[0].at) for one in found(recording).inbound] == [
        (ID, "request.path[1]"),
        ("33a64df551425fcc", "request.headers.if-none-match"),
        (SECRET, "request.query.cursor"),
    ]


def test_inside_a_jwt_and_base64() -> None:
    """A value inside the payload of a token, and inside base64."""
    payload = base64.urlsafe_b64encode(f'{{"sub":"{ID}"}}'.encode()).decode().rstrip("=")
    token = f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2ln"
    recording = Recording()
    recording.client(ask("/token", {"a": 1}), say({"token": token}))
    recording.client(
        ask(f"/users/{ID}", b"", (b"Authorization", f"Bearer {token}".encode())), say({})
    )
    by_value = {one.value: one for one in found(recording).inbound}
    assert by_value[token].used[0].at == "request.headers.authorization"
    # The token is bound as a whole; its subject comes from inside it.
    assert set(by_value) == {token, ID}
    assert (by_value[ID].made.inside, by_value[ID].used[0].at) == (("jwt",), "request.path[1]")


def test_the_times_of_a_token_are_not_bound() -> None:
    """Two tokens of one second have the same times in them, which move with the clock."""
    recording = Recording()
    for key, path in ((SECRET, "/login"), (ID, "/again")):
        claims = f'{{"sub":"{key}","iat":1795231190,"exp":1795231790}}'
        payload = base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=")
        token = f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2ln"
        recording.client(ask(path, {"user": key}), say({"token": token}))
        recording.client(ask("/me", b"", (b"Authorization", f"Bearer {token}".encode())), say({}))
    assert [one.value for one in found(recording).inbound if one.made.inside] == []


def test_what_has_an_origin_is_not_bound() -> None:
    """Values of clients, dependencies and the environment are what they are, live too."""
    recording = Recording()
    recording.client(ask("/a", {"key": ID}), say({"key": ID}))
    recording.call(ask("/users"), say({"user": SECRET}))
    recording.client(ask(f"/b/{ID}"), say({"user": SECRET, "host": "node7f3a2b"}))
    recording.client(ask(f"/c/{ID}/{SECRET}/node7f3a2b"), say({}))
    assert [one.value for one in found(recording).inbound] == ["node7f3a2b"]
    assert not found(recording, "HOST=node7f3a2b")


def test_short_values_are_not_bound() -> None:
    """A short value that comes back is chance; small numbers that name a thing are another matter
    (`test_numbers`)."""
    recording = Recording()
    recording.client(ask("/orders", {"n": 1}), say({"id": "blue", "count": 17}))
    recording.client(ask("/orders/blue/17"), say({}))
    assert not found(recording)


def test_a_fresh_value_is_sent_and_echoed() -> None:
    """A value that the service makes up for a dependency, and where the answer gives it back."""
    recording = Recording()
    recording.client(ask("/pay", {"amount": 5}), say({}))
    call = recording.call(ask("/charges", {"ref": ID, "amount": 5}), say({"id": SECRET, "ref": ID}))
    again = recording.call(ask(f"/charges/{SECRET}?ref={ID}"), say({"state": "done"}))
    [fresh] = found(recording).outbound
    assert fresh.value == ID
    assert [(s.exchange, s.at) for s in fresh.sent] == [
        (call, "request.body.$.ref"),
        (again, "request.query.ref"),
    ]
    assert [(s.exchange, s.at) for s in fresh.echoed] == [(call, "response.body.$.ref")]


def test_a_path_with_a_made_up_id_is_no_value_of_its_own() -> None:
    """The id travels in it; what has a part of its own that is new (a signature) is another value."""
    recording = Recording()
    recording.client(ask("/things", {"amount": 5}), say({}))
    made = recording.call(ask("/rows", {"id": ID}), say({}))
    path, signed = f"/things/records/{ID}", f"{ID}.{SECRET}"
    again = recording.call(ask("/grants", {"object": path, "by": "x"}), say({"object": path}))
    recording.call(ask("/audit", {"token": signed}), say({}))
    fresh, other = found(recording).outbound
    assert (fresh.value, other.value) == (ID, signed)
    assert [(s.exchange, s.at) for s in fresh.sent] == [
        (made, "request.body.$.id"),
        (again, "request.body.$.object"),
    ]
    assert [(s.exchange, s.at) for s in fresh.echoed] == [(again, "response.body.$.object")]


def test_what_is_redacted_may_be_fresh_once_learned() -> None:
    """A redacted place is compared by kind, so no noise is learned there."""
    recording = Recording()
    recording.client(ask("/sign-up", {"amount": 5}), say({}))
    recording.call(ask("/rows", {"hash": f"h {SECRET}", "app": ID}), say({}), NOISE)
    recording.exchanges[-1] = msgspec.structs.replace(
        recording.exchanges[-1], redacted=("request.body.$.hash",)
    )
    [fresh] = find(recording.snapshot(), parts_of, learned=True).outbound
    assert fresh.value == SECRET


def test_constants_of_the_service_are_not_fresh_once_learned() -> None:
    """Where learning saw that a call is always the same, nothing in it may be another value."""
    noise = Noise(at="request.body.$.ref", kind="uuid")
    recording = Recording()
    recording.client(ask("/pay", {"amount": 5}), say({}))
    recording.call(ask("/charges", {"ref": ID, "app": SECRET}), say({}), noise)
    recording.call(ask("/audit", {"app": SECRET + "x"}), say({}))
    assert [one.value for one in found(recording).outbound] == [ID]


def test_chains() -> None:
    """Exchanges between which values travel are one chain, named by its first."""
    recording = Recording()
    one = recording.client(ask("/a", {"n": 1}), say({"id": ID}))
    alone = recording.client(ask("/b"), say({}))
    two = recording.client(ask(f"/a/{ID}", {"n": 2}), say({"sub": SECRET}))
    three = recording.client(ask(f"/s/{SECRET}"), say({}))
    snapshot = recording.snapshot()
    bindings = find(snapshot, parts_of)
    bound = msgspec.structs.replace(snapshot, bindings=bindings)
    assert chains(bound) == {one: one, two: one, three: one, alone: alone}
    assert producers(bindings) == {two: (one,), three: (two, one)}
    left = without(bindings, {two})
    assert not left
    assert without(bindings, {three}).inbound == bindings.inbound[:1]


def test_bindings_that_do_not_hold_are_refused() -> None:
    """A binding whose value is not at its place names itself and the command that mends it."""
    recording = Recording()
    recording.client(ask("/orders", {"item": "a"}), say({"id": ID, "other": SECRET}))
    recording.client(ask(f"/orders/{ID}"), say({}))
    snapshot = recording.snapshot()
    bindings = find(snapshot, parts_of)
    assert refusals(msgspec.structs.replace(snapshot, bindings=bindings), parts_of) == []
    moved = msgspec.structs.replace(bindings.inbound[0], value=SECRET)
    wrong = msgspec.structs.replace(snapshot, bindings=Bindings(inbound=(moved,)))
    made, used = refusals(wrong, parts_of)
    assert made.startswith("bindings.json: B1 is not at response.body.$.id of exchange i-0; ")
    assert "request.path[1] of exchange i-1; run `ci-gate learn`" in used


def test_json_sent_as_a_form_is_looked_into() -> None:
    """`curl -d` says the form type of everything: what travels in its JSON is found in its leaf."""
    recording = Recording()
    made = recording.client(ask("/orders", b"{}", FORM), say({"id": ID}))
    used = recording.client(ask("/lines", json.dumps({"order": ID}).encode(), FORM), say({}))
    (binding,) = find(recording.snapshot(), parts_of).inbound
    assert binding.made.exchange == made
    assert [(one.exchange, one.at) for one in binding.used] == [(used, "request.body.$.order")]


def test_of_unheard_calls_what_all_carry_is_constant() -> None:
    """A learned snapshot knows nothing of a poll that no replay made: its nonce is taken for fresh,
    what each poll says again is not."""
    recording = Recording()
    polls = [
        recording.call(ask("/token", {"client": SECRET, "nonce": nonce}), say({}))
        for nonce in (ID, ID.replace("1f", "2f"))
    ]
    snapshot = recording.snapshot()
    assert find(snapshot, parts_of, learned=True).outbound == ()
    fresh = find(snapshot, parts_of, learned=True, unheard=set(polls)).outbound
    assert [spot.at for one in fresh for spot in one.sent] == ["request.body.$.nonce"] * 2
