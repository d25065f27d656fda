"""What a recording shows, and the fewest chains that show it."""

from __future__ import annotations

from ci_gate.correlation.coverage import OF_EACH, Chosen, Glance, Kind, Survey, choose, made


def asked(name: str, path: str = "/orders", method: str = "GET", **more: object) -> Glance:
    """An inbound exchange."""
    given = {"status": 200, "answered": b'{"id": 1}', "route": f"{method} {path}"} | more
    return Glance(id=name, method=method, target=path.encode(), **given)  # type: ignore[arg-type]  # a test's own


def call(name: str, group: str, route: str = "POST /pay") -> Glance:
    """A call."""
    return Glance(id=name, dependency="pay", route=route, groups=(group,))


def survey(*glances: Glance) -> Survey:
    """All of these."""
    found = Survey()
    for one in glances:
        found.add(one)
    return found


def test_kinds() -> None:
    """Status, shapes, names of a query and the set of calls tell kinds apart; calls may come before
    or after, and in any order and number."""
    found = survey(
        call("o1", "i1"),
        asked("i1"),
        asked("i2"),
        call("o2", "i2"),
        call("o3", "i2"),
        asked("i3"),
        asked("i4", status=404),
        asked("i5", answered=b"[]"),
        asked("i6", "/orders?q=1", route="GET /orders"),
        asked("i7", sent=b'{"a": 1}'),
        asked("i8", answered=b'{"id": 99}'),
        call("o4", "i8", "GET /other"),
        call("o5", "startup"),
    )
    counts = [(one.status, one.count, one.members) for one in found.kinds()]
    assert counts == [
        (200, 2, (1, 2)),
        (200, 1, (5,)),
        (404, 1, (6,)),
        (200, 1, (7,)),
        (200, 1, (8,)),
        (200, 1, (9,)),
        (200, 1, (10,)),
    ]
    assert list(found.calls_of("i2")) == [3, 4]
    assert list(found.others()) == [12]


def test_only_the_earliest_are_remembered() -> None:
    """However many there are of a kind."""
    (kind,) = survey(*(asked(f"i{number}") for number in range(50))).kinds()
    assert (kind.count, kind.members) == (50, tuple(range(OF_EACH)))


def test_needs() -> None:
    """Who made a value that is sent, and who wrote the resource that is asked for; never later."""
    found = survey(
        asked("i0", method="POST", answered=b'{"id": 17, "key": "abc-12345678"}'),
        asked("i1", "/orders/17", "PUT", route="PUT /orders/{id}"),
        asked("i2", "/orders/17/items?k=abc-12345678"),
        asked("i3", "/orders/17", "DELETE"),
        asked("i4", "/orders/18"),
    )
    assert found.needs(asked("i2", "/orders/17/items?k=abc-12345678"), 2) == {0, 1}
    assert found.needs(asked("i4", "/orders/18"), 4) == set()
    assert found.needs(asked("i9", "/x", sent=b'{"key": "abc-12345678"}'), 9) == {0}


def test_values_made() -> None:
    """Names with digits and numbers of ids, of JSON only."""
    assert set(made(b'{"id": 5, "a": "x", "b": "tok-1234567", "orderid": "9", "n": 12}')) == {
        b"5", b"tok-1234567", b"9",
    }  # fmt: skip
    assert list(made(b"id: 5")) == []
    assert list(made(None)) == []


def chosen(maximum: int) -> Chosen:
    """Of three kinds: a common one, a rare one that needs two others, a rare one alone."""
    kinds = [
        Kind("a", 200, (0, 1), 90),
        Kind("b", 200, (2, 3), 5),
        Kind("c", 200, (4,), 1),
    ]
    chains = {"2": ("0", "1"), "3": ("0",)}
    kind_of = {"0": 0, "1": 0, "2": 1, "3": 1, "4": 2}
    return choose(
        kinds, str, lambda name: chains.get(name, ()), lambda name: kind_of[name], maximum
    )


def test_choosing() -> None:
    """Rare kinds first, the shorter chain of a kind, what a chain shows need not be shown again."""
    assert chosen(9) == Chosen(frozenset({"4", "3", "0"}), ())
    two = chosen(2)
    assert two.kept == {"4", "0"}
    assert [kind.route for kind in two.uncovered] == ["b"]
    assert chosen(1).kept == {"4"}
