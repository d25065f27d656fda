"""What passes for a time: known causes, quarantined exchanges; and that nothing else does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.config.options import Policy
from ci_gate.errors import UsageError
from ci_gate.gate.events import Stage
from ci_gate.gate.judging.allowing import check_quarantine
from ci_gate.model.known import Known, Quarantined
from ci_gate.model.result import Result
from ci_gate.model.snapshot import Snapshot
from ci_gate.report.words import headline

LATER, EARLIER = "2999-01-01", "2001-01-01"
JSON, HELLO = "aa010000-1", "bb010000-1"


def known(fingerprint: str, until: str = LATER, index: int = 1) -> Known:
    """An entry of `known`."""
    return Known(index=index, fingerprint=fingerprint, reason="r", owner="@o", until=until)


def quarantined(exchange: str, *differences: str, until: str = LATER) -> Quarantined:
    """An entry of `quarantine`."""
    return Quarantined(
        index=1, exchange=exchange, differences=differences, reason="r", owner="@o", until=until
    )


def first(acting: Any, how: str) -> str:
    """The fingerprint of the first cause of a run."""
    fingerprint: str = acting.run(how).causes[0].fingerprint
    return fingerprint


def boots(acting: Any) -> int:
    """How often the service was started."""
    return sum(isinstance(one, Stage) and one.name == "service" for one in acting.events)


def said(result: Result) -> str:
    """All warnings."""
    return "\n".join(result.verdict.warnings)


@pytest.mark.parametrize("how", ["value", "dropped", "extra", "write-changed", "status", "twice"])
def test_a_known_cause_passes(acting: Any, how: str) -> None:
    """It is told and does not count; nothing is replayed again for it."""
    fingerprint = first(acting, how)
    acting.events.clear()
    policy = Policy(
        fail_if=tuple(
            ("", f"{name} > 0")
            for name in ("requests.failed", "calls.missing", "calls.unexpected", "calls.changed")
        )
    )
    result = acting.run(how, known=(known(fingerprint),), policy=policy)
    assert result.verdict.outcome == "pass", result.verdict.reasons
    assert boots(acting) == 1
    (cause,) = (one for one in result.causes if not one.notice)
    assert (cause.standing, cause.fingerprint) == ("known", fingerprint)
    (use,) = result.known
    assert (use.state, use.title, use.exchanges) == ("used", cause.title, 1)
    counts = result.runs[0].counts
    assert (counts.succeeded, counts.failed, counts.matching, counts.let_pass) == (7, 0, 7, 1)
    assert headline(result).startswith("6 of 7 requests unchanged, 1 let pass, 1 cause known")


def test_what_comes_to_a_known_cause_is_red(acting: Any) -> None:
    """A known cause covers what it was known with: another change of the same service is not it."""
    fingerprint = first(acting, "value")
    result = acting.run("type", known=(known(fingerprint),))
    assert result.verdict.outcome == "fail"
    assert "known 1 (" in said(result)


def test_a_known_cause_passes_up_to_its_date(acting: Any) -> None:
    """Afterwards it is red again, and the entry is told."""
    fingerprint = first(acting, "value")
    result = acting.run("value", known=(known(fingerprint, EARLIER),))
    assert result.verdict.outcome == "fail"
    assert result.known[0].state == "expired"
    assert f"known 1 ({fingerprint}) expired on {EARLIER} and lets nothing pass" in said(result)


def test_one_that_no_longer_occurs_is_told_for_deletion(acting: Any) -> None:
    """In a whole run; where only some requests were replayed nothing can be said."""
    entry = known("c1:00000000-00000000")
    whole = acting.run(known=(entry,))
    assert (whole.verdict.outcome, whole.known[0].state) == ("pass", "gone")
    assert "known 1 (c1:00000000-00000000) no longer occurs, take it out: r" in said(whole)
    some = acting.run(known=(entry,), only=(JSON,))
    assert some.known[0].state == "unseen"
    assert said(some) == ""


def test_one_that_goes_further_is_told_as_such(acting: Any) -> None:
    """The same place and change with another second half: not to be deleted, to be looked at."""
    fingerprint = first(acting, "dropped")
    other = fingerprint.partition("-")[0] + "-00000000"
    result = acting.run("dropped", known=(known(other),))
    assert result.verdict.outcome == "fail"
    assert "does not cover what there is now, which goes further" in said(result)


def test_an_exchange_in_quarantine_passes_with_what_is_listed(acting: Any) -> None:
    """It runs, and its difference does not count."""
    service = acting.service("value", env={"ONCE": str(acting.folder / "lived")})
    (unstable,) = acting.run(service=service).unstable
    assert (unstable.exchange, unstable.route) == (JSON, "GET /json")
    entry = quarantined(JSON, *unstable.differences)
    result = acting.run("value", quarantine=(entry,))
    assert result.verdict.outcome == "pass"
    assert [one.standing for one in result.causes] == ["quarantined"]
    (use,) = result.quarantine
    assert (use.state, use.route) == ("used", "GET /json")


def test_an_exchange_in_quarantine_is_red_on_another_kind_of_difference(acting: Any) -> None:
    """Only what is listed passes."""
    result = acting.run("type", quarantine=(quarantined(JSON, "d1:00000000"),))
    assert result.verdict.outcome == "fail"
    assert result.quarantine[0].state == "quiet"


def test_quarantine_is_of_one_exchange(acting: Any) -> None:
    """The same kind of difference in another exchange is red."""
    (cause, *_) = acting.run("header").causes
    service = acting.service("header", env={"ONCE": str(acting.folder / "lived")})
    listed = {one.exchange: one.differences for one in acting.run(service=service).unstable}
    result = acting.run("header", quarantine=(quarantined(JSON, *listed[JSON]),))
    red = [one for one in result.causes if not one.standing]
    assert JSON in cause.exchanges
    assert JSON not in red[0].exchanges
    assert result.verdict.outcome == "fail"


def test_quarantine_ends(acting: Any) -> None:
    """After its date nothing passes."""
    service = acting.service("value", env={"ONCE": str(acting.folder / "lived")})
    (unstable,) = acting.run(service=service).unstable
    entry = quarantined(JSON, *unstable.differences, until=EARLIER)
    result = acting.run("value", quarantine=(entry,))
    assert (result.verdict.outcome, result.quarantine[0].state) == ("fail", "expired")
    assert f"quarantine 1 ({JSON}) expired on {EARLIER}" in said(result)


def test_quarantine_that_cannot_be_meant_is_refused(recorded: Snapshot) -> None:
    """An exchange that is not there, a call, and more than five in a hundred."""
    for exchange, complaint in (
        ("ffff1111-1", "quarantine 1: the snapshot has no exchange ffff1111-1; take the entry out"),
        ("cccc1111-1", "cccc1111-1 is a call; name the request that makes it"),
    ):
        with pytest.raises(UsageError, match=complaint):
            check_quarantine([quarantined(exchange)], recorded)
    two = [quarantined(one.id) for one in recorded.inbound]
    check_quarantine(two[:1], recorded)
    with pytest.raises(UsageError, match="quarantine has 2 of 2 exchanges, and 1 may be"):
        check_quarantine(two, recorded)


def test_five_in_a_hundred_may_be_in_quarantine(recorded: Snapshot) -> None:
    """Of forty, two."""
    many = tuple(
        msgspec.structs.replace(recorded.inbound[0], id=f"aaaa1111-{n}") for n in range(40)
    )
    snapshot = msgspec.structs.replace(recorded, inbound=many)
    check_quarantine([quarantined(one.id) for one in many[:2]], snapshot)
    with pytest.raises(UsageError, match="and 2 may be"):
        check_quarantine([quarantined(one.id) for one in many[:3]], snapshot)


def test_quarantine_is_refused_before_anything_is_started(acting: Any) -> None:
    """Exit code 2, and no service."""
    with pytest.raises(UsageError, match="no exchange ffff1111-1"):
        acting.run(quarantine=(quarantined("ffff1111-1", "d1:00000000"),))
    assert boots(acting) == 0
