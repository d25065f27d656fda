"""A recording becomes a snapshot."""

from __future__ import annotations

import random
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.exchange import BACKGROUND, STARTUP, UNFINISHED, Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Raw
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.fold import UNFINISHED_NOTE, Dropped, Folded, fold

ORIGIN = Origin(service="orders", service_port=8080)
PAY = Dependency(name="pay", address="https://pay.example")


def asked(name: str, at: float, status: int = 200, method: str = "GET", **more: Any) -> Exchange:
    """An inbound exchange; its provisional id holds its time."""
    return Exchange(
        id=f"i{at}",
        route=f"{method} /{name}",
        at=at,
        took=1.0,
        request=HttpRequest(method, f"/{name}".encode(), more.pop("headers", ())),
        response=HttpResponse(status, body=more.pop("body", b"")),
        **more,
    )


def call(name: str, at: float, *groups: str, body: bytes = b"") -> Exchange:
    """A call to `pay`."""
    return Exchange(
        id=f"o{at}",
        dependency="pay",
        route=f"GET /{name}",
        groups=groups,
        at=at,
        request=HttpRequest("GET", f"/{name}".encode()),
        response=HttpResponse(200, body=body),
    )


def folded(
    *exchanges: Exchange,
    previous: Snapshot | None = None,
    maximum: int = 300,
    mode: Literal["replace", "add"] = "replace",
) -> Folded:
    """Fold a recording of `orders`."""
    return fold(ORIGIN, (PAY,), exchanges, previous, maximum, mode)


def seen(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    """(id, target, ids of its groups) in order of time."""
    everything = sorted((*snapshot.inbound, *snapshot.outbound), key=lambda e: e.at)
    return [
        (e.id, e.request.target.decode(), ",".join(e.groups))  # type: ignore[union-attr]  # HttpRequests only
        for e in everything
    ]


def test_ids_and_groups() -> None:
    """Ids are identity and occurrence in recorded order; groups follow the inbound exchanges."""
    result = folded(asked("a", 1), call("p", 1.5, "i1"), asked("a", 3), call("p", 3.5, "i3"))
    snapshot = result.snapshot
    first, second = snapshot.inbound
    assert first.id[:10] == second.id[:10]
    assert (first.id[10:], second.id[10:]) == ("-1", "-2")
    assert [e.groups for e in snapshot.outbound] == [(first.id,), (second.id,)]
    assert [e.id[10:] for e in snapshot.outbound] == ["-1", "-2"]
    assert result.ids == {"i1": first.id, "i3": second.id} | {
        "o1.5": snapshot.outbound[0].id,
        "o3.5": snapshot.outbound[1].id,
    }
    assert (result.added, result.updated, result.dropped) == (2, 0, ())


def test_order_comes_from_times() -> None:
    """The order in which exchanges were journalled (by their ends) does not matter."""
    ones = [asked(name, at) for at, name in enumerate("abcab")]
    shuffled = random.Random(1).sample(ones, len(ones))
    assert folded(*ones).snapshot == folded(*shuffled).snapshot


def test_equal_times_keep_their_order() -> None:
    """Exchanges at the same time get times of their own, so that the order survives the files."""
    ones = [asked(name, 5.0, method=method) for name, method in (("b", "POST"), ("a", "GET"))]
    ones = [
        Exchange(**{f: getattr(e, f) for f in e.__struct_fields__} | {"id": str(n)})
        for n, e in enumerate(ones)
    ]
    snapshot = folded(*ones).snapshot
    assert [(e.route, e.at) for e in snapshot.inbound] == [("POST /b", 5.0), ("GET /a", 5.001)]


def test_a_new_recording_keeps_ids() -> None:
    """Recorded again in another order, with other answers, everything has the id it had."""
    before = folded(
        asked("a", 1), call("p", 2, "i1"), asked("b", 3), call("p", 4, "i3"), asked("c", 5)
    ).snapshot
    again = folded(
        asked("b", 1, status=500),
        call("p", 2, "i1", body=b"new"),
        asked("new", 2.5),
        call("p", 2.6, "i2.5"),
        asked("a", 3),
        call("p", 4, "i3"),
        previous=before,
    )
    old = {(target, groups): name for name, target, groups in seen(before)}
    new = {(target, groups): name for name, target, groups in seen(again.snapshot)}
    assert {key: new[key] for key in new if key in old} == {
        key: name for key, name in old.items() if key[0] != "/c"
    }
    assert len(set(new.values())) == 6
    assert (again.added, again.updated) == (1, 2)


def test_a_removed_exchange_renames_nothing() -> None:
    """After the first of two was deleted by hand the second keeps its number."""
    before = folded(asked("a", 1), asked("a", 2)).snapshot
    second = before.inbound[1]
    pruned = Snapshot(origin=ORIGIN, inbound=(second,))
    assert [e.id for e in folded(asked("a", 1), previous=pruned).snapshot.inbound] == [second.id]


def test_add_never_duplicates() -> None:
    """The same recording added to itself changes nothing at all."""
    ones = [
        call("boot", 0, STARTUP),
        asked("a", 1),
        call("p", 1.5, "i1"),
        call("p", 1.6, "i1"),
        asked("b", 2, method="POST"),
        call("tick", 3, BACKGROUND),
        call("q", 4, "i1", "i2"),
    ]
    before = folded(*ones).snapshot
    again = folded(*ones, previous=before, mode="add")
    assert again.snapshot == before
    assert (again.added, again.updated) == (0, 2)


def test_add_keeps_updates_and_appends() -> None:
    """What was recorded again is replaced with its calls where it stood, the rest stays, what is
    new comes after it."""
    before = folded(
        asked("a", 10),
        call("p", 11, "i10"),
        call("gone", 12, "i10"),
        asked("b", 20),
        call("p", 21, "i20"),
    ).snapshot
    added = folded(
        asked("new", 1),
        call("p", 2, "i1"),
        asked("a", 3, status=404),
        call("p", 4, "i3", body=b"2"),
        previous=before,
        mode="add",
    )
    after = added.snapshot
    names = [target for _, target, _ in seen(after)]
    assert names == ["/a", "/p", "/b", "/p", "/new", "/p"]
    assert [e.response.status for e in after.inbound] == [404, 200, 200]  # type: ignore[union-attr]  # all answered over HTTP
    assert after.inbound[0].id == before.inbound[0].id
    assert after.inbound[1] == before.inbound[1]
    assert after.outbound[0].id == before.outbound[0].id
    assert after.outbound[1] == before.outbound[2]
    assert after.outbound[2].groups == (after.inbound[2].id,)
    assert after.inbound[2].at > 21
    assert (added.added, added.updated) == (1, 1)


def test_add_counts_what_is_there() -> None:
    """Adding drops nothing that was there, and the limit is for both together."""
    before = folded(asked("a", 1), asked("b", 2)).snapshot
    added = folded(*(asked("c", at) for at in range(3, 9)), previous=before, maximum=4, mode="add")
    assert [target for _, target, _ in seen(added.snapshot)] == ["/a", "/b", "/c", "/c"]
    assert added.dropped == (Dropped("GET /c", 4, "more than --max"),)


def test_the_limit() -> None:
    """Dropped exchanges go with their calls, and all of it is counted by route."""
    ones = [one for n in range(0, 40, 2) for one in (asked("a", n), call("p", n + 0.5, f"i{n}"))]
    ones += [asked("w", n, method="POST") for n in range(100, 103)] + [call("boot", -1, STARTUP)]
    result = folded(*ones, maximum=8)
    assert len(result.snapshot.inbound) == 8
    assert sum(e.route == "POST /w" for e in result.snapshot.inbound) == 3
    assert len(result.snapshot.outbound) == 6
    assert result.dropped == (
        Dropped("GET /a", 15, "more than --max"),
        Dropped("GET /p", 15, "its inbound exchange was not kept", "pay"),
    )


def test_a_call_of_two_requests() -> None:
    """A call that either of two requests may have caused stays while one of them is kept."""
    ones = [asked("a", 1), asked("a", 2), call("p", 3, "i1", "i2")]
    result = folded(*ones, maximum=1)
    assert [e.groups for e in result.snapshot.outbound] == [(result.snapshot.inbound[0].id,)]


def test_without_inbound_everything_is_kept() -> None:
    """A recording of calls only is kept whole."""
    result = folded(*(call("p", n) for n in range(1000)), maximum=3)
    assert len(result.snapshot.outbound) == 1000
    assert {e.groups for e in result.snapshot.outbound} == {(STARTUP,)}
    assert result.dropped == ()


def test_a_recording_that_was_cut_off() -> None:
    """Calls whose inbound exchange never got its line are kept, apart and with a note."""
    result = folded(asked("a", 1), call("p", 2, "i7"), call("q", 3))
    first, second = result.snapshot.outbound
    assert (first.groups, first.notes) == ((UNFINISHED,), (UNFINISHED_NOTE,))
    assert second.groups == (BACKGROUND,)
    assert result.unfinished == 1
    assert result.dropped == ()


def test_an_empty_recording() -> None:
    """Nothing recorded is an empty snapshot."""
    result = folded()
    assert result.snapshot == Snapshot(origin=ORIGIN, dependencies=(PAY,))


def test_dependencies_met_on_the_way() -> None:
    """A dependency that nobody declared is there, with what its traffic says."""
    raw = Exchange(id="o1", dependency="db", route="raw", groups=(STARTUP,), request=Raw(b"x"))
    assert folded(raw).snapshot.dependencies == (Dependency(name="db", protocol="raw"), PAY)


def test_dependencies_of_before() -> None:
    """Adding keeps the dependencies that were there, replacing does not."""
    before = Snapshot(origin=ORIGIN, dependencies=(Dependency(name="old"),), folder="x")
    added = folded(previous=before, mode="add").snapshot
    assert added.dependencies == (Dependency(name="old"), PAY)
    assert added.folder == "x"
    assert folded(previous=before).snapshot.dependencies == (PAY,)


@pytest.mark.parametrize(("mode", "port"), [("add", 8080), ("replace", 0)])
def test_what_people_wrote_stays(mode: Literal["add", "replace"], port: int) -> None:
    """Owner and pace survive a new recording; an old port only with its exchanges."""
    before = Snapshot(
        origin=Origin(service="orders", service_port=8080, owner="@o", pace="recorded")
    )
    origin = fold(Origin(service="orders"), (), (), before, 300, mode).snapshot.origin
    assert (origin.owner, origin.pace, origin.service_port) == ("@o", "recorded", port)


def test_two_recordings_with_other_stand_ins() -> None:
    """The id of a redacted request is found again whatever stands in for the secret."""
    ones = [
        asked(
            "a",
            1,
            headers=((b"Authorization", b"Bearer " + text),),
            redacted=("request.headers.authorization",),
        )
        for text in (b"one", b"two")
    ]
    before = folded(ones[0]).snapshot
    assert folded(ones[1], previous=before).snapshot.inbound[0].id == before.inbound[0].id


recordings = st.lists(
    st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 2)), max_size=12
)


def built(recording: list[tuple[str, bool, int]]) -> list[Exchange]:
    """Inbound exchanges with their calls."""
    exchanges = []
    for number, (name, write, calls) in enumerate(recording):
        at = number * 10
        exchanges.append(asked(name, at, method="POST" if write else "GET"))
        exchanges += [call("p", at + 1 + n, f"i{at}") for n in range(calls)]
    return exchanges


@given(recordings, recordings, st.sampled_from(["add", "replace"]), st.integers(1, 8))
def test_properties(
    one: list[tuple[str, bool, int]],
    other: list[tuple[str, bool, int]],
    mode: Literal["add", "replace"],
    maximum: int,
) -> None:
    """Ids are unique, groups point somewhere, nothing vanishes uncounted, times are in order,
    and folding the same again changes nothing."""
    before = folded(*built(one)).snapshot
    ones = built(other)
    result = folded(*ones, previous=before, maximum=maximum, mode=mode)
    after = result.snapshot
    everything = (*after.inbound, *after.outbound)
    assert len({e.id for e in everything}) == len(everything)
    known = {e.id for e in after.inbound}
    assert all(known.issuperset(e.groups) for e in after.outbound)
    times = [e.at for e in sorted(everything, key=lambda e: e.at)]
    assert len(set(times)) == len(times)
    assert len(result.ids) + sum(d.count for d in result.dropped) == len(ones)
    assert result.added + result.updated == sum(i.startswith("i") for i in result.ids)
    if mode == "add":
        assert known.issuperset(e.id for e in before.inbound)
    assert folded(*ones, previous=after, maximum=maximum, mode="replace").snapshot.inbound == (
        folded(*ones, maximum=maximum, previous=after).snapshot.inbound
    )


@given(recordings, recordings)
def test_adding_twice(one: list[tuple[str, bool, int]], other: list[tuple[str, bool, int]]) -> None:
    """Adding a recording a second time changes no exchange, no call and no id."""
    before = folded(*built(one)).snapshot
    once = folded(*built(other), previous=before, mode="add").snapshot
    twice = folded(*built(other), previous=once, mode="add")
    assert twice.added == 0
    assert sorted(seen(twice.snapshot)) == sorted(seen(once))
