"""What follows when a new call is accepted and answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate import events
from ci_gate.gate.accept import AcceptOptions, also_made, prepare, write
from ci_gate.gate.accepting.following import following, left_red
from ci_gate.net.loop import run
from tests.gate.accepts import accept, green, options


def next_of(acting: Any, how: str, chosen: AcceptOptions, names: set[str]) -> AcceptOptions | None:
    """What is to be accepted after a replay of these exchanges."""
    left, folder = left_red(chosen, str(acting.out)), str(acting.folder / "next")
    plain = acting.options(how)
    return run(following(plain, chosen, names, left, folder, events.ignore))


def test_nothing_follows_where_all_is_as_expected(acting: Any) -> None:
    """The new call has an answer now, and the service does no more with it; nor does anything
    follow where no request is concerned."""
    result = acting.run("extra")
    assert prepare(options(acting), "extra").leads
    accept(acting)
    names = set(result.causes[0].exchanges)
    assert next_of(acting, "extra", options(acting), names) is None
    assert next_of(acting, "extra", options(acting), set()) is None
    green(acting, "extra")


def test_what_was_left_stays_red_and_what_is_new_is_next(acting: Any) -> None:
    """Causes that were not accepted are told by their fingerprints; others of the replay are next,
    and what is made of them can be accepted of the first run afterwards."""
    result = acting.run("dropped")
    [first] = [one for one in result.causes if not one.notice]
    names = set(first.exchanges)
    nothing = msgspec.structs.replace(options(acting), everything=False, causes=("C99",))
    assert left_red(nothing, str(acting.out)) >= {first.fingerprint}
    assert next_of(acting, "dropped", nothing, names) is None
    found = next_of(acting, "dropped", options(acting), names)
    assert found is not None
    assert (found.everything, Path(found.run)) == (False, acting.folder / "next")
    before = prepare(options(acting), "first")
    assert not before.leads  # a call that is made no more
    later = prepare(found, "what follows")
    assert write(later, found)
    also_made(before, later, found)
    with pytest.raises(UsageError, match="accepted to be gone"):
        prepare(options(acting, causes=(first.id,)), "again")


def test_a_service_that_does_not_answer(acting: Any) -> None:
    """Nothing is known of what follows, and the reason is told."""
    result = acting.run("extra")
    names = {name for one in result.causes for name in one.exchanges}
    with pytest.raises(CannotRun, match="what follows is not known"):
        next_of(acting, "ends-badly", options(acting), names)
