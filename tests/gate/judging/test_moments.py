"""What the service logged in the moment of an exchange."""

from __future__ import annotations

from pathlib import Path

from ci_gate.gate.judging.moments import LINE, LINES, fails, moments
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest
from ci_gate.replayer.plan import Step
from ci_gate.replayer.samples import Samples

MS = 1_000_000


def step(name: str) -> Step:
    """One request."""
    request = HttpRequest("GET", b"/")
    return Step(Exchange(id=name, route="GET /", request=request), 0.0, True)


def samples(*spans: tuple[int, int]) -> Samples:
    """Requests that were sent and answered at these milliseconds."""
    made = Samples(len(spans))
    for at, (begin, end) in enumerate(spans):
        made.started[at], made.latencies[at] = begin * MS, (end - begin) * MS
    made.ended_at = spans[-1][1] * MS
    return made


class Lines:
    """A log of lines with their times in milliseconds."""

    def __init__(self, *lines: tuple[int, str]) -> None:
        self.lines = [(at, f"{text}\n".encode()) for at, text in lines]

    def span(self, begin: int, end: int) -> tuple[int, int]:
        """As `ServiceLog.span`."""
        inside = [n for n, (at, _) in enumerate(self.lines) if begin <= at * MS < end]
        if not inside:
            return 0, 0
        start, stop = (
            sum(len(text) for _, text in self.lines[:n]) for n in (inside[0], inside[-1] + 1)
        )
        return start, stop

    def read(self, start: int, stop: int) -> bytes:
        """As `ServiceLog.read`."""
        return b"".join(text for _, text in self.lines)[start:stop]


def trace(at: int, error: str, path: str = "shop.py") -> list[tuple[int, str]]:
    """A stack trace that came at this millisecond."""
    frame = f'  File "{path}", line 3, in create'
    return [(at, one) for one in ("Traceback (most recent call last):", frame, error)]


def test_each_exchange_has_its_own_lines() -> None:
    """From its request to the next one's, what came behind its answer included."""
    log = Lines((1, "boot"), (12, "one"), (17, "one, later"), (22, "two"), (99, "end"))
    steps = [step("a"), step("b"), step("c")]
    found = moments(log, steps, samples((10, 15), (20, 25), (30, 35)), {"a", "b", "c"}, (), ".")
    assert {name: one.lines for name, one in found.items()} == {
        "a": ("one", "one, later"),
        "b": ("two",),
    }


def test_requests_in_flight_together_end_with_their_answers() -> None:
    """What overlaps may be in both, and no exchange has the lines of the whole run."""
    log = Lines((12, "one"), (60, "late"))
    found = moments(log, [step("a"), step("b")], samples((10, 50), (11, 90)), {"a"}, (), ".")
    assert found["a"].lines == ("one",)


def test_only_wanted_and_sent() -> None:
    """What does not differ is not looked at, and what was never sent has no moment."""
    log = Lines((0, "zero"), (12, "one"))
    known = samples((10, 15), (0, 0))
    assert moments(log, [step("a"), step("b")], known, {"b"}, (), ".") == {}


def test_an_exception_is_named_with_its_file(tmp_path: Path) -> None:
    """The stack trace of a moment, the file inside the repository that raised it."""
    (tmp_path / "shop.py").touch()
    raised = trace(12, "KeyError: 'rate'", f"{tmp_path}/shop.py")
    log = Lines((12, "long before"), (12, "before"), *raised, (13, "after"))
    folder = str(tmp_path)
    found = moments(log, [step("a")], samples((10, 15)), {"a"}, {"a"}, folder)["a"]
    assert (found.error, found.files) == ("KeyError: 'rate'", ("shop.py:3 create",))
    assert found.lines[0] == "before"
    assert found.lines[-1] == "KeyError: 'rate'"


def test_an_exception_belongs_to_what_failed() -> None:
    """Who answered well has none, also when somebody else's came in its moment."""
    log = Lines(*trace(12, "KeyError: 'rate'"))
    found = moments(log, [step("a")], samples((10, 15)), {"a"}, (), ".")["a"]
    assert (found.error, found.files) == ("", ())


def test_a_trace_that_comes_late_is_not_the_next_ones() -> None:
    """A service that dies of an exception has closed the connection before it says why."""
    log = Lines(*trace(16, "KeyError: 'one'"), (17, "served"), *trace(27, "KeyError: 'two'"))
    steps = [step(name) for name in "abcd"]
    times = samples((10, 15), (15, 25), (25, 26), (26, 40))
    found = moments(log, steps, times, {"a", "b", "c", "d"}, {"a", "c"}, ".")
    assert {name: one.error for name, one in found.items()} == {
        "a": "KeyError: 'one'",
        "b": "",
        "c": "KeyError: 'two'",
    }
    assert found["b"].lines == ("served",)


def test_what_is_an_error_of_the_service() -> None:
    """No answer, or 5xx; a refusal is not, and neither is a call."""
    assert fails(Difference(change="no-response"))
    assert fails(Difference(change="status", actual="503"))
    assert not fails(Difference(change="status", actual="404"))
    assert not fails(Difference(change="status", actual="503", dependency="db"))
    assert not fails(Difference(change="value", actual="503"))


def test_moments_are_bounded() -> None:
    """Of many lines the last ones, of long ones the beginning."""
    log = Lines(*((12, f"{n} " + "x" * 1000) for n in range(100)))
    found = moments(log, [step("a")], samples((10, 15)), {"a"}, (), ".")["a"]
    assert len(found.lines) == LINES
    assert found.lines[0] == "… 89 lines before"
    assert all(len(line) <= LINE for line in found.lines)
