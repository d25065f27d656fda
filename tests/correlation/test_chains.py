"""What an exchange needs so that it can be replayed alone."""

from __future__ import annotations

import msgspec
import pytest

from ci_gate.correlation.chains import Chains, resource
from ci_gate.model.binding import Binding, Bindings, Spot
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Origin, Snapshot

READS = ("GET", "HEAD")


def exchange(id_: str, route: str, dependency: str = "", group: str = "") -> Exchange:
    """An inbound exchange, or a call of `group`; its id says when it was recorded."""
    method, path = route.split()
    return Exchange(
        id=id_,
        route=route,
        dependency=dependency,
        groups=(group,) if group else (),
        request=HttpRequest(method, path.encode()),
    )


def facts(one: Exchange) -> Facts:
    """As HTTP has them: the dependency is the target."""
    effect = "read" if one.route.split()[0] in READS else "write"
    return Facts(effect=effect, targets=(one.dependency,))


def chains(
    *inbound: Exchange, calls: tuple[Exchange, ...] = (), bindings: tuple[Binding, ...] = ()
) -> Chains:
    """The chains of such a snapshot."""
    snapshot = Snapshot(
        origin=Origin(service="shop"),
        inbound=inbound,
        outbound=calls,
        bindings=Bindings(inbound=bindings),
    )
    return Chains(snapshot, facts)


def test_a_read_needs_the_earlier_writes_to_its_resource() -> None:
    """Not reads before it, not writes after it, not writes to something else."""
    known = chains(
        exchange("a", "POST /orders"),
        exchange("b", "GET /orders/{id}"),
        exchange("c", "POST /users"),
        exchange("d", "GET /orders"),
        exchange("e", "DELETE /orders/{id}"),
    )
    assert known.of(["d"]) == ("a", "d")
    assert known.of(["c"]) == ("c",)
    assert known.of(["e"]) == ("a", "e")
    assert known.of(["d", "c"]) == ("a", "c", "d")
    assert known.of([]) == ()


def test_a_write_needs_the_writes_before_it() -> None:
    """The second order has the second number only after the first one was made."""
    known = chains(exchange("a", "POST /orders"), exchange("b", "POST /orders"))
    assert known.of(["b"]) == ("a", "b")
    assert known.of(["a"]) == ("a",)


def test_producers_and_what_they_need_in_turn() -> None:
    """A cookie brings the login, and the login the account that was made before it."""
    cookie = Binding(
        name="B1",
        value="v",
        made=Spot(exchange="b", at="response.headers.set-cookie.sid"),
        used=(Spot(exchange="d", at="request.headers.cookie.sid"),),
    )
    known = chains(
        exchange("a", "POST /session/accounts"),
        exchange("b", "GET /session"),
        exchange("c", "POST /basket"),
        exchange("d", "GET /profile"),
        bindings=(cookie,),
    )
    assert known.of(["d"]) == ("a", "b", "d")


def test_writes_to_what_its_calls_read() -> None:
    """A request whose call reads what the call of an earlier one wrote needs that one."""
    known = chains(
        exchange("a", "POST /imports"),
        exchange("b", "POST /mails"),
        exchange("c", "GET /stock"),
        exchange("d", "POST /parcels"),
        calls=(
            exchange("1", "PUT /items/{id}", "warehouse", "a"),
            exchange("2", "POST /send", "mailer", "b"),
            exchange("3", "GET /items", "warehouse", "c"),
            exchange("4", "POST /parcels", "warehouse", "d"),
            exchange("5", "POST /settings", "warehouse", "startup"),
        ),
    )
    assert known.of(["c"]) == ("a", "c")
    assert known.of(["d"]) == ("d",), "it only writes there"


def test_a_call_that_asks_whether_it_is_still_good_needs_who_got_it() -> None:
    """The service has kept what an earlier call was answered: alone it would ask for all of it."""

    def call(id_: str, group: str, asks: bytes = b"", path: str = "/prices") -> Exchange:
        one = exchange(id_, f"GET {path}", "warehouse", group)
        asked, told = (((b"If-None-Match", asks),) if asks else ()), ((b"ETag", b'"v1"'),)
        return msgspec.structs.replace(
            one,
            at=float(id_),
            request=msgspec.structs.replace(one.request, headers=asked),
            response=HttpResponse(status=304 if asks else 200, headers=told),
        )

    known = chains(
        *(exchange(id_, f"GET /{id_}") for id_ in "abcd"),
        calls=(
            call("4", "d", b'"v1"', "/other"),
            call("2", "b", b'"v0", "v1"'),
            call("3", "c", b'"v1"'),
            call("1", "a"),
        ),
    )
    assert known.of(["a"]) == ("a",)
    assert known.of(["b"]) == ("a", "b")
    assert known.of(["c"]) == ("a", "c"), "who was answered 304 had it from the first one, too"
    assert known.of(["d"]) == ("d",), "another resource may have the same tag"


def test_a_request_that_no_longer_calls_needs_the_one_that_did() -> None:
    """The second answer comes from what the first one has left in a cache."""
    known = chains(
        exchange("a", "GET /orders"),
        exchange("b", "GET /users"),
        exchange("c", "GET /orders"),
        exchange("d", "GET /users"),
        calls=(
            exchange("1", "GET /items", "warehouse", "a"),
            exchange("2", "GET /names", "people", "b"),
            exchange("3", "GET /names", "people", "d"),
        ),
    )
    assert known.of(["c"]) == ("a", "c")
    assert known.of(["d"]) == ("d",), "it asks again"
    assert known.of(["a"]) == ("a",)


def test_a_path_that_names_nothing_is_about_everything() -> None:
    """One endpoint for all: whatever was written before may be read."""
    known = chains(
        exchange("a", "POST /"),
        exchange("b", "GET /orders"),
        exchange("c", "GET /{id}"),
        exchange("d", "POST /orders"),
        exchange("e", "GET /"),
    )
    assert known.of(["b"]) == ("a", "b")
    assert known.of(["e"]) == ("a", "d", "e")


@pytest.mark.parametrize(
    ("route", "name"),
    [
        ("GET /orders/{id}", "orders"),
        ("GET /api/v1/orders/{id}/lines", "orders"),
        ("GET /{tenant}/orders", "orders"),
        ("GET /v2.1/API/users", "users"),
        ("GET /", ""),
        ("GET /api/{id}", ""),
        ("RAW", ""),
    ],
)
def test_resource(route: str, name: str) -> None:
    """Prefixes and variables tell no resources apart."""
    assert resource(route) == name


def test_ten_thousand_exchanges_take_no_time() -> None:
    """One pass, however long the chain is."""
    inbound = [exchange(f"{n:05}", f"{'POST' if n % 3 else 'GET'} /r{n % 50}") for n in range(9999)]
    known = chains(*inbound)
    last = inbound[-1]
    expected = [
        one.id for one in inbound if one is last or (one.route == last.route.replace("GET", "POST"))
    ]
    assert known.of([last.id]) == tuple(expected)
