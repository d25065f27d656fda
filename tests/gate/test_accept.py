"""`accept`: what is chosen, what is refused with its remedy, and that a run can be accepted twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.accept import is_cause, prepare, without
from ci_gate.model.binding import Binding, Bindings, Fresh, Spot
from ci_gate.model.change import Change, MadeCall
from ci_gate.model.difference import Cause, Difference
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.result import Counts, Environment, Result, Run, ShardPart, Verdict
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.disk import digest_of
from ci_gate.store.runs import RunDirectory
from ci_gate.store.snapshot import read_snapshot, write_snapshot
from tests.gate.accepts import accept, files, options

JSON = ((b"Content-Type", b"application/json"),)


class Ran:
    """A snapshot of two requests, and a run that has found two causes in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.snapshot = str(folder / "snapshot")
        self.out = folder / "run"
        self.exchanges = tuple(self.exchange(n, b'{"a": 1,  "b": "x"}') for n in (1, 2))
        head = Origin(service="s", recorded_at="2026-01-02T03:04:05+00:00")
        call = Exchange(
            id="c-1", dependency="pay", route="POST /pay", groups=("e-1",), at=1.5,
            request=HttpRequest("POST", b"/pay", JSON, b'{"n": 1}'), response=HttpResponse(200),
        )  # fmt: skip
        write_snapshot(
            self.snapshot,
            Snapshot(
                origin=head, inbound=self.exchanges, outbound=(call,),
                dependencies=(Dependency(name="pay", address="http://pay.example"),),
            ),
        )  # fmt: skip
        found = {one.id: one for one in read_snapshot(self.snapshot).inbound}
        self.changes = [
            Change(
                name=one.id,
                live=msgspec.structs.replace(
                    one, response=HttpResponse(200, b"OK", JSON, b'{"a": 2,  "b": "y"}')
                ),
                differences=(
                    self.difference(one.id, "a", "C1"),
                    self.difference(one.id, "b", "C2"),
                ),
                stored={one.id: digest_of(found[one.id])},
            )
            for one in self.exchanges
        ]
        self.result = Result(
            service="s",
            verdict=Verdict(outcome="fail"),
            runs=(Run(counts=Counts(total=2, answered=2, failed=2)),),
            causes=(self.cause("C1", "a"), self.cause("C2", "b")),
            environment=Environment(version="1", started_at="2026-01-02T03:04:05+00:00"),
        )

    def exchange(self, number: int, body: bytes) -> Exchange:
        """One request."""
        return Exchange(
            id=f"e-{number}", route="GET /a", at=float(number), took=1.0,
            request=HttpRequest("GET", b"/a?n=%d" % number),
            response=HttpResponse(200, b"OK", JSON, body),
        )  # fmt: skip

    def difference(self, exchange: str, name: str, cause: str) -> Difference:
        """A changed value."""
        return Difference(
            change="value", exchange=exchange, route="GET /a", place=f"response.body.$.{name}",
            expected="1", actual="2", cause=cause,
        )  # fmt: skip

    def cause(self, name: str, field: str, **more: Any) -> Cause:
        """A cause of both requests."""
        given: dict[str, Any] = {
            "id": name, "title": f"{field} changed", "change": "value", "routes": ("GET /a",),
            "place": f"response.body.$.{field}", "exchanges": ("e-1", "e-2"),
        }  # fmt: skip
        return Cause(**{**given, **more})

    def write(self, **fields: Any) -> Ran:
        """The run directory."""
        self.out.mkdir(exist_ok=True)
        run = RunDirectory(str(self.out))
        run.write_result(msgspec.structs.replace(self.result, **fields))
        for change in self.changes:
            run.write_change(change)
        return self

    def bodies(self) -> list[bytes]:
        """What is expected."""
        found = read_snapshot(self.snapshot).inbound
        return [one.response.body for one in found if isinstance(one.response, HttpResponse)]  # type: ignore[misc]  # bytes, as written


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """As `Ran` says."""
    return Ran(tmp_path)


def refuse(ran: Ran, match: str, **more: Any) -> None:
    """Refused, and nothing was written."""
    before = files(ran)
    with pytest.raises(UsageError, match=match):
        prepare(options(ran, **more), "x")
    assert files(ran) == before


def test_causes_are_accepted_one_by_one(ran: Ran) -> None:
    """C2 stays red when C1 was accepted, and can be accepted from the same run afterwards."""
    ran.write()
    first = accept(ran, causes=("c1",))
    assert first.left == ("C2",)
    assert all(b'"a":2' in one.replace(b" ", b"") and b'"x"' in one for one in ran.bodies())
    accept(ran, causes=("C2",), reason="also")
    assert all(b'"y"' in one for one in ran.bodies())
    lines = read_snapshot(ran.snapshot).inbound[0].accepted
    assert [(one.at, one.reason) for one in lines] == [
        ("response.body.$.a", "intended"),
        ("response.body.$.b", "also"),
    ]


def test_a_shard_is_not_accepted(ran: Ran) -> None:
    """Its causes are not those of the whole run."""
    part = ShardPart(index=1, count=2)
    ran.result = msgspec.structs.replace(ran.result, shard=part)
    refuse(ran.write(), "is shard 1/2 of a run; accept what `ci-gate merge` makes", causes=("C1",))


def test_other_exchanges_keep_their_bytes(ran: Ran) -> None:
    """What the cause is not about is the same, byte for byte; calls of the same request too."""
    ran.result = msgspec.structs.replace(
        ran.result, causes=(ran.cause("C1", "a", exchanges=("e-1",)),)
    )
    ran.write()
    before = files(ran)
    accept(ran, causes=("C1",))
    after = files(ran)
    changed = [name for name in before if before[name] != after[name]]
    assert len(changed) == 1
    untouched = before[changed[0]].partition(b'"id": "e-2"')[2]
    assert after[changed[0]].partition(b'"id": "e-2"')[2] == untouched


def test_a_route(ran: Ran) -> None:
    """All that is red of it; another one has nothing."""
    ran.write()
    refuse(ran, "nothing red of GET /b", route="GET /b")
    assert len(accept(ran, route="GET /a").causes) == 2


def test_bad_input(ran: Ran) -> None:
    """Each is refused with its reason and what to do."""
    refuse(ran, "is this a run directory")
    ran.write()
    refuse(ran, "there is no cause C9; the run has C1, C2", causes=("C9",))
    refuse(ran, "say what to accept", causes=())
    ran.write(runs=(Run(counts=Counts(total=2)),))
    refuse(ran, "nothing was answered in this run")
    ran.write(mode="prove")
    refuse(ran, "made by `ci-gate prove`")
    ran.write(causes=())
    refuse(ran, "the run has no cause")
    ran.write(causes=(ran.cause("C1", "a", standing="unstable"),))
    refuse(ran, "did not repeat", causes=("C1",))
    ran.write(format=99)
    refuse(ran, "newer ci-gate")


def test_another_snapshot_is_refused(ran: Ran) -> None:
    """An exchange that is not there, and one that was edited since the run."""
    ran.write()
    whole = read_snapshot(ran.snapshot)
    edited = msgspec.structs.replace(whole.inbound[0], at=0.5)
    write_snapshot(ran.snapshot, msgspec.structs.replace(whole, inbound=(edited, whole.inbound[1])))
    refuse(ran, "exchange e-1 is not as the run read it")
    write_snapshot(
        ran.snapshot, msgspec.structs.replace(whole, inbound=whole.inbound[1:], outbound=())
    )
    refuse(ran, "it is another snapshot")


def test_a_value_that_is_drawn_needs_a_rule(ran: Ran) -> None:
    """A UUID and the time of the run would be others next time."""
    for value in (b'"0b8ff3a2-2f43-4f5e-9df5-7a3f1f2f8c11"', b'"2026-01-02T03:04:09Z"'):
        body = b'{"a": %s, "b": "x"}' % value
        ran.changes = [
            msgspec.structs.replace(
                one,
                live=msgspec.structs.replace(
                    one.live, response=HttpResponse(200, b"OK", JSON, body)
                ),
            )
            for one in ran.changes
        ]
        ran.write()
        refuse(ran, "a rule in ci-gate.yml", causes=("C1",))


def test_hostile_run_directories(ran: Ran) -> None:
    """Broken, foreign and dishonest files are refused; none leads out of the folder."""
    ran.write()
    path = ran.out / "changes" / "e-1.json"
    good = path.read_bytes()
    for bad in (b"{", b"[]", b'{"name": "e-2"}', good.replace(b'"C1"', b'{"x": 1}')):
        path.write_bytes(bad)
        refuse(ran, "run the gate again", causes=("C1",))
    path.write_bytes(good)
    (ran.out / "accepted.json").write_bytes(b"[1]")
    refuse(ran, "remove it", causes=("C1",))
    (ran.out / "accepted.json").unlink()
    names = ("../../../etc/passwd",)
    ran.write(causes=(ran.cause("C1", "a", exchanges=names),))
    refuse(ran, "changes", causes=("C1",))


def test_calls_are_no_differences_of_the_answer(ran: Ran) -> None:
    """A missing call of a cause goes, the answer stays."""
    gone = Difference(
        change="missing", exchange="e-1", route="GET /a", dependency="pay", call="POST /pay",
        call_id="c-1", effect="write", expected="POST /pay", cause="C3",
    )  # fmt: skip
    call = read_snapshot(ran.snapshot).outbound[0]
    first = ran.changes[0]
    ran.changes[0] = msgspec.structs.replace(
        first,
        differences=(*first.differences, gone),
        calls=(MadeCall(change="unexpected", exchange=call),),
        stored=first.stored | {"c-1": digest_of(call)},
    )
    ran.write(causes=(ran.cause("C3", "a", change="missing", exchanges=("e-1",)),))
    bodies = ran.bodies()
    accept(ran, causes=("C3",))
    assert read_snapshot(ran.snapshot).outbound == ()
    assert ran.bodies() == bodies


def test_what_a_refused_call_has_provoked_is_not_accepted(ran: Ran) -> None:
    """An answer that changed because no mock could answer a new call is not expected from now on;
    the call is, and the answer stays as it was recorded."""
    call = read_snapshot(ran.snapshot).outbound[0]
    request = HttpRequest("GET", b"/new")
    live = msgspec.structs.replace(call, id="live-1", route="GET /new", request=request)
    new = Difference(
        change="unexpected", exchange="e-1", route="GET /a", dependency="pay", call="GET /new",
        effect="read", actual="GET /new", cause="C3",
    )  # fmt: skip
    first = ran.changes[0]
    ran.changes[0] = msgspec.structs.replace(
        first,
        differences=(new, ran.difference("e-1", "a", "C3")),
        calls=(MadeCall(change="unexpected", after="c-1", exchange=live),),
    )
    ran.changes[1] = msgspec.structs.replace(
        ran.changes[1], differences=(ran.difference("e-2", "a", "C3"),)
    )
    ran.write(causes=(ran.cause("C3", "a", change="unexpected", dependency="pay"),))
    bodies = ran.bodies()
    accept(ran, causes=("C3",))
    assert ran.bodies() == bodies
    assert [one.route for one in read_snapshot(ran.snapshot).outbound] == ["POST /pay", "GET /new"]


def test_what_a_refused_copy_has_provoked_is_not_accepted(ran: Ran) -> None:
    """A call that carried a copy of the changed answer had none itself: what that made of its
    request is not expected from now on, the change itself is, there and elsewhere."""
    call = read_snapshot(ran.snapshot).outbound[0]
    live = msgspec.structs.replace(call, request=HttpRequest("POST", b"/pay", body=b'{"a":9}'))
    copy = Difference(
        change="changed", exchange="e-1", route="GET /a", dependency="pay", call="POST /pay",
        call_id="c-1", place="request.body.$.a", transforms=("a: increased",), cause="C3",
    )  # fmt: skip
    same = msgspec.structs.replace(ran.difference("e-2", "a", "C3"), transforms=("increased",))
    first, second = ran.changes
    ran.changes[0] = msgspec.structs.replace(
        first,
        differences=(copy, ran.difference("e-1", "b", "C3")),
        calls=(MadeCall(change="changed", recorded="c-1", exchange=live),),
        stored=first.stored | {"c-1": digest_of(call)},
    )
    ran.changes[1] = msgspec.structs.replace(second, differences=(same,))
    ran.write(causes=(ran.cause("C3", "a", transform="increased"),))
    before = ran.bodies()
    assert prepare(options(ran, causes=("C3",)), "why").leads
    accept(ran, causes=("C3",))
    after = ran.bodies()
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)


def test_what_names_a_cause() -> None:
    """C and a number."""
    assert [is_cause(one) for one in ("C1", "c20", "C", "C1x", "run")] == [True, True] + [False] * 3


def test_bindings_of_what_is_gone_go() -> None:
    """A value keeps to the exchanges that are left; one that travels nowhere is none."""

    def spot(name: str) -> Spot:
        return Spot(exchange=name, at="response.body.$.id")

    bindings = Bindings(
        inbound=(
            Binding(name="B1", value="v", made=spot("a"), used=(spot("b"), spot("c"))),
            Binding(name="B2", value="w", made=spot("b"), used=(spot("c"),)),
        ),
        outbound=(Fresh(name="F1", value="x", sent=(spot("o"), spot("p")), echoed=(spot("o"),)),),
    )
    left = without(bindings, {"a", "c", "p"})
    assert [(one.name, len(one.used)) for one in left.inbound] == [("B1", 1)]
    assert [(one.name, len(one.sent), one.echoed) for one in left.outbound] == [("F1", 1, ())]
