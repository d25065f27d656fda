"""What the service logged in the moment of an exchange."""

from __future__ import annotations

from pathlib import Path

from ci_gate.gate.moments import LINE, LINES, moments
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
        self.lines = lines

    def __call__(self, begin: int, end: int) -> str:
        """As `ServiceLog.between`."""
        return "".join(f"{text}\n" for at, text in self.lines if begin <= at * MS < end)


def test_each_exchange_has_its_own_lines() -> None:
    """From its request to the next one's, what came behind its answer included."""
    log = Lines((1, "boot"), (12, "one"), (17, "one, later"), (22, "two"), (99, "end"))
    steps = [step("a"), step("b"), step("c")]
    found = moments(log, steps, samples((10, 15), (20, 25), (30, 35)), {"a", "b", "c"}, ".")
    assert {name: one.lines for name, one in found.items()} == {
        "a": ("one", "one, later"),
        "b": ("two",),
    }


def test_requests_in_flight_together_end_with_their_answers() -> None:
    """What overlaps may be in both, and no exchange has the lines of the whole run."""
    log = Lines((12, "one"), (60, "late"))
    found = moments(log, [step("a"), step("b")], samples((10, 50), (11, 90)), {"a"}, ".")
    assert found["a"].lines == ("one",)


def test_only_wanted_and_sent() -> None:
    """What does not differ is not looked at, and what was never sent has no moment."""
    log = Lines((0, "zero"), (12, "one"))
    known = samples((10, 15), (0, 0))
    assert moments(log, [step("a"), step("b")], known, {"b"}, ".") == {}


def test_an_exception_is_named_with_its_file(tmp_path: Path) -> None:
    """The last stack trace of a moment, the file inside the repository that raised it."""
    (tmp_path / "shop.py").touch()
    text = (
        "before\nTraceback (most recent call last):\n"
        f"  File \"{tmp_path}/shop.py\", line 3, in create\n    fail()\nKeyError: 'rate'\nafter"
    )
    log = Lines(*((12, line) for line in text.split("\n")))
    found = moments(log, [step("a")], samples((10, 15)), {"a"}, str(tmp_path))["a"]
    assert (found.error, found.files) == ("KeyError: 'rate'", ("shop.py:3 create",))
    assert found.lines[0] == "before"
    assert found.lines[-1] == "KeyError: 'rate'"


def test_moments_are_bounded() -> None:
    """Of many lines the last ones, of long ones the beginning."""
    log = Lines(*((12, f"{n} " + "x" * 1000) for n in range(100)))
    found = moments(log, [step("a")], samples((10, 15)), {"a"}, ".")["a"]
    assert len(found.lines) == LINES
    assert found.lines[0] == "… 89 lines before"
    assert all(len(line) <= LINE for line in found.lines)
