"""`record --misses`: only what nobody has recorded is asked for, and only where that is wanted."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.accepting.answers import Cannot
from ci_gate.gate.misses import check, record_misses, refuse_stand_ins
from ci_gate.model.message import HttpRequest, Message, PgStatement
from ci_gate.net.loop import run
from ci_gate.recorder.options import Upstream
from ci_gate.store.snapshot import read_snapshot, write_snapshot
from ci_gate.values.redaction.standins import StandIns


def test_what_is_missed_is_recorded(acting: Any, greetings: Upstream) -> None:
    """One call is new: it is asked for, kept with its answer, and the gate is green; nothing that
    was recorded has changed."""
    before = read_snapshot(acting.snapshot)
    found = run(record_misses(acting.options("extra", dependencies=(greetings,)), print))
    assert found.added
    assert not found.refused
    after = read_snapshot(acting.snapshot)
    assert after.inbound == before.inbound
    new = [one for one in after.outbound if one not in before.outbound]
    assert len(new) == len(found.added) == len(after.outbound) - len(before.outbound)
    assert all(one.response is not None and not one.assumed for one in new)
    assert acting.run("extra").verdict.outcome == "pass"


def test_nothing_made_up_is_asked(acting: Any, greetings: Upstream) -> None:
    """A call that holds a redacted value's stand-in is refused, by name and place and without the
    value; it is put as it is only where that is said."""
    made_up = StandIns(b"key").stand_in("secret", "sk_live_4eC39HqLyjWDarjtT1zdp7dc")
    service = acting.service("leaks", env={"SECRET": made_up})
    options = acting.options(service=service, dependencies=(greetings,))
    before = read_snapshot(acting.snapshot)
    found = run(record_misses(options, print))
    (refused,) = found.refused
    assert refused.startswith("greetings GET /greeting: a redacted value's stand-in is at ")
    assert "request.query.key, which the real dependency does not know" in refused
    assert made_up not in refused
    assert not found.added
    assert read_snapshot(acting.snapshot) == before
    found = run(record_misses(options, print, stand_ins=True))
    assert len(found.added) == 1
    assert not found.refused


def test_a_write_is_asked_only_where_that_is_said(
    acting: Any, greetings: Upstream, asked: list[str]
) -> None:
    """A POST goes to the real dependency with `writes`, or where the configuration says that it
    only reads; else it is refused by name, with both remedies, and nobody hears it."""
    before = read_snapshot(acting.snapshot)
    options = acting.options("write-changed", dependencies=(greetings,))
    (refused,) = run(record_misses(options, print)).refused
    assert refused.startswith("greetings POST /audit: it writes: say --writes")
    assert "dependencies.greetings.reads" in refused
    assert (asked, read_snapshot(acting.snapshot)) == ([], before)
    reads = msgspec.structs.replace(greetings, reads=("POST /audit",))
    for one, writes in ((reads, False), (greetings, True)):
        write_snapshot(acting.snapshot, before)
        found = run(
            record_misses(
                acting.options("write-changed", dependencies=(one,)), print, writes=writes
            )
        )
        assert (len(found.added), found.refused) == (1, ())
    assert asked == ["/audit"] * 2


def test_a_read_that_writes_is_not_asked(
    acting: Any, greetings: Upstream, asked: list[str]
) -> None:
    """A GET that the configuration says writes waits for `writes`, too."""
    writes = msgspec.structs.replace(greetings, writes=("GET /unknown",))
    found = run(record_misses(acting.options("extra", dependencies=(writes,)), print))
    assert [one.partition(": ")[0] for one in found.refused] == ["greetings GET /unknown"]
    assert (found.added, asked) == ((), [])


EMAIL = StandIns(b"key").stand_in("email", "ada@corp.example")
ASKED = [
    (HttpRequest(method="GET", target=f"/users/{EMAIL}".encode()), "request.path[1]"),
    (
        HttpRequest(
            method="POST",
            target=b"/",
            headers=((b"Content-Type", b"text/plain"),),
            body=f"to: {EMAIL}, now".encode(),
        ),
        "request.body",
    ),
    (
        PgStatement("select * from u where email = $1", (EMAIL,), "execute"),
        "request.params.$.email",
    ),
    (PgStatement(f"select * from u where email = '{EMAIL}'"), "request.literals.$.email"),
]


@pytest.mark.parametrize(("request_", "place"), ASKED)
def test_stand_ins_are_found_wherever_they_stand(request_: Message, place: str) -> None:
    """In a path, in the middle of a text, among parameters and literals."""
    with pytest.raises(Cannot, match=re.escape(f"stand-in is at {place}, which")):
        refuse_stand_ins(request_)


def test_where_no_stand_in_is() -> None:
    """Real values are asked for; of many places the first three are named."""
    refuse_stand_ins(PgStatement("select * from u where a = $1", ("ada@corp.test",), "execute"))
    many = PgStatement("select * from u where a in ($1, $2, $3, $4, $5)", (EMAIL,) * 5, "execute")
    with pytest.raises(Cannot, match="and 2 more places"):
        refuse_stand_ins(many)


def test_nothing_is_missed(acting: Any, greetings: Upstream) -> None:
    """Then nothing is asked and nothing written."""
    before = read_snapshot(acting.snapshot)
    found = run(record_misses(acting.options("", dependencies=(greetings,)), print))
    assert (found.added, found.rounds) == ((), 1)
    assert read_snapshot(acting.snapshot) == before


def test_where_nothing_may_be_asked(acting: Any, greetings: Upstream) -> None:
    """In CI unless forced; without an upstream; for a service that is not ours."""
    options = acting.options("", dependencies=(greetings,))
    check(options, ci=False, force=False)
    check(options, ci=True, force=True)
    with pytest.raises(UsageError, match="CI is set"):
        check(options, ci=True, force=False)
    with pytest.raises(UsageError, match="upstream"):
        check(acting.options(""), ci=False, force=False)
    there = acting.options("", acting.service(url="http://127.0.0.1:1"), dependencies=(greetings,))
    with pytest.raises(UsageError, match="starts the service itself"):
        check(there, ci=False, force=False)
