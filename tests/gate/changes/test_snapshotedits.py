"""Two snapshots, told apart as behaviour."""

from __future__ import annotations

from msgspec.structs import replace

from ci_gate.gate.changes.snapshotedits import snapshot_edits
from ci_gate.model.edit import Edit
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.noise import Noise, NoiseKind, Rebased
from ci_gate.model.snapshot import Dependency, Origin, Snapshot

JSON = ((b"Content-Type", b"application/json"),)


def inbound(
    name: str, route: str = "GET /orders", body: bytes = b'{"total":1}', status: int = 200
) -> Exchange:
    """One request of a route."""
    method, _, path = route.partition(" ")
    return Exchange(
        id=name, route=route, request=HttpRequest(method, path.encode()),
        response=HttpResponse(status, headers=JSON, body=body),
    )  # fmt: skip


def call(
    name: str, sent: bytes = b'{"amount":3}', method: str = "POST", group: str = "a"
) -> Exchange:
    """One call to payments."""
    return Exchange(
        id=name, dependency="payments", route=f"{method} /charges", groups=(group,),
        request=HttpRequest(method, b"/charges", headers=JSON, body=sent),
        response=HttpResponse(200, headers=JSON, body=b"{}"),
    )  # fmt: skip


def snapshot(*exchanges: Exchange) -> Snapshot:
    """A snapshot of these."""
    return Snapshot(
        origin=Origin(service="orders"),
        dependencies=(Dependency(name="payments"),),
        inbound=tuple(one for one in exchanges if one.inbound),
        outbound=tuple(one for one in exchanges if not one.inbound),
    )


def edits(base: Snapshot | None, head: Snapshot | None) -> list[Edit]:
    """Edits without notes."""
    return snapshot_edits(base, head)[0]


def test_nothing_was_edited() -> None:
    """The same snapshot has no edits, nor have two that are not there."""
    one = snapshot(inbound("a"), call("b"))
    assert edits(one, one) == []
    assert edits(None, None) == []


def test_a_value() -> None:
    """The same place of many exchanges is one edit, with an example and how often."""
    was = snapshot(inbound("a"), inbound("b"))
    now = snapshot(inbound("a", body=b'{"total":2}'), inbound("b", body=b'{"total":2}'))
    assert edits(was, now) == [
        Edit(
            subject="value", change="changed", what="GET /orders", place="response.body.$.total",
            before="1", after="2", count=2,
        )
    ]  # fmt: skip


def test_a_status_and_a_field() -> None:
    """What is new and what is gone are told apart."""
    found = edits(snapshot(inbound("a")), snapshot(inbound("a", body=b'{"sum":1}', status=500)))
    said = {(one.change, one.place, one.before, one.after) for one in found}
    assert ("changed", "response.status", "200", "500") in said
    assert ("added", "response.body.$.sum", "", "1") in said
    assert ("removed", "response.body.$.total", "1", "") in said


def test_fewer_requests_loosen() -> None:
    """A gate that replays less lets more pass."""
    was = snapshot(inbound("a"), inbound("b"), inbound("c", "GET /carts"))
    found = edits(was, snapshot(inbound("a")))
    assert [(one.what, one.change, one.before, one.after, one.looser) for one in found] == [
        ("GET /orders", "changed", "2 requests (200 ×2)", "1 request (200)", True),
        ("GET /carts", "removed", "1 request (200)", "", True),
    ]
    assert [one.looser for one in edits(snapshot(inbound("a")), was)] == [False, False]


def test_a_dropped_write() -> None:
    """A call that is gone is a call that the service must not make any more; writes come first."""
    was = snapshot(inbound("a"), call("b"), call("c", method="GET"))
    found = edits(was, snapshot(inbound("a")))
    assert [(one.subject, one.change, one.what, one.effect) for one in found] == [
        ("call", "removed", "POST /charges", "write"),
        ("call", "removed", "GET /charges", "read"),
    ]
    assert found[0].cause == "GET /orders"
    assert found[0].dependency == "payments"


def test_an_edited_call_is_one_edit() -> None:
    """A request that was edited has another id: it is paired by route and cause all the same."""
    was = snapshot(inbound("a"), call("b"))
    now = snapshot(inbound("a"), call("x", b'{"amount":4}'))
    found = edits(was, now)
    assert [(one.subject, one.place, one.before, one.after) for one in found] == [
        ("value", "request.body.$.amount", "3", "4")
    ]
    assert found[0].effect == "write"


def test_a_new_snapshot() -> None:
    """Everything in it is new, by route and call and not by value."""
    found = edits(None, snapshot(inbound("a"), call("b", group="startup")))
    assert [(one.subject, one.change, one.cause) for one in found] == [
        ("route", "added", ""),
        ("call", "added", "startup"),
    ]


def test_an_answer_that_never_came() -> None:
    """An exchange that lost its answer is an edit, too."""
    lost = replace(inbound("a"), response=None, error="closed")
    found = edits(snapshot(inbound("a")), snapshot(lost))
    assert [(one.place, one.before, one.after) for one in found] == [("response", "200", "closed")]


def test_secrets_and_long_texts() -> None:
    """What is shown is masked and bounded."""
    secret = b'{"total":"' + b"x" * 5000 + b' ada@example.com"}'
    found = edits(snapshot(inbound("a")), snapshot(inbound("a", body=secret)))
    assert all(len(one.after) <= 300 for one in found)
    mail = edits(
        snapshot(inbound("a")), snapshot(inbound("a", body=b'{"total":"ada@example.com"}'))
    )
    assert "ada@" not in str(mail)


def test_what_was_learned() -> None:
    """Noise that comes, goes or is another kind, and rebased places, folded over a route's
    exchanges; noise that comes loosens the gate."""

    def learned(name: str, kind: NoiseKind = "integer", **more: object) -> Exchange:
        noise = Noise(at="response.body.$.items[3].id", kind=kind, low=1, high=9)
        return replace(inbound(name), noise=(noise,), **more)

    added = edits(snapshot(inbound("a"), inbound("b")), snapshot(learned("a"), learned("b")))
    (one,) = added
    assert (one.subject, one.change, one.what, one.place) == (
        "noise",
        "added",
        "GET /orders",
        "response.body.$.items[*].id",
    )
    assert (one.before, one.after, one.count, one.looser) == ("", "integer 1…9", 2, True)
    (gone,) = edits(snapshot(learned("a")), snapshot(inbound("a")))
    assert (gone.change, gone.before, gone.looser) == ("removed", "integer 1…9", False)
    (other,) = edits(snapshot(learned("a")), snapshot(learned("a", "counter")))
    assert (other.change, other.after, other.looser) == ("changed", "counter 1…9", True)
    rebased = (Rebased(at="response.body.$.total", recorded="4", expected="1"),)
    (now,) = edits(snapshot(inbound("a")), snapshot(replace(inbound("a"), rebased=rebased)))
    assert (now.subject, now.after, now.looser) == ("rebased", "4 → 1", False)


def test_noise_of_a_call_says_who_makes_it() -> None:
    """As an edit of a call does."""
    noise = (Noise(at="request.body.$.amount", kind="integer"),)
    (one,) = edits(
        snapshot(inbound("a"), call("b")), snapshot(inbound("a"), replace(call("b"), noise=noise))
    )
    assert (one.dependency, one.what, one.cause) == ("payments", "POST /charges", "GET /orders")


def test_answers_that_nobody_recorded() -> None:
    """An assumed answer that comes, and one that was recorded since."""
    bare, assumed = snapshot(inbound("a")), replace(call("b"), assumed=True)
    found = [
        one for one in edits(bare, snapshot(inbound("a"), assumed)) if one.subject == "assumed"
    ]
    assert [(one.change, one.what, one.dependency, one.after) for one in found] == [
        ("added", "POST /charges", "payments", "1 call")
    ]
    gone = edits(snapshot(inbound("a"), assumed), snapshot(inbound("a"), call("b")))
    assert [(one.subject, one.change, one.count) for one in gone] == [("assumed", "removed", 1)]
