"""The words that all reports share."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ci_gate.model.difference import Cause, Difference, Moment
from ci_gate.model.result import Counts, Environment, Evaluation, Result, Run
from ci_gate.report import words


def cause(**fields: object) -> Cause:
    """A cause with `fields`."""
    base = Cause(id="C1", title="t", change="value", routes=("GET /",))
    return replace(base, **fields)


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (1, "request", "1 request"),
        (1200, "request", "1,200 requests"),
        (0, "cause", "0 causes"),
        (2, "match", "2 matches"),
    ],
)
def test_plural(number: int, noun: str, text: str) -> None:
    """One thing is singular, everything else plural."""
    assert words.plural(number, noun) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.0"), (0.44, "0.4"), (43.21, "43.2"), (1204.7, "1,205")]
)
def test_milliseconds(value: float, text: str) -> None:
    """Fractions where they matter, thousands separated where they help."""
    assert words.milliseconds(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.84, "0.8 s"), (41.2, "41 s"), (125.0, "2 min 5 s")]
)
def test_duration(seconds: float, text: str) -> None:
    """Seconds, and minutes from two on."""
    assert words.duration(seconds) == text


def evaluation(outcome: str, level: str = "fail") -> Evaluation:
    """A condition judged."""
    return Evaluation(condition="x > 1", outcome=outcome, observed="2", level=level)  # type: ignore[arg-type]  # parametrised by name


@pytest.mark.parametrize(
    ("outcomes", "text"),
    [
        ((), ""),
        (("pass",), "1 EVAL PASSED"),
        (("pass", "pass"), "2 EVALS PASSED"),
        (("fail",), "1 OF 1 EVAL FAILED"),
        (("pass", "fail"), "1 OF 2 EVALS FAILED"),
        (("fail", "inconclusive", "fail"), "2 OF 3 EVALS FAILED"),
        (("pass", "inconclusive"), "1 OF 2 EVALS INCONCLUSIVE"),
    ],
)
def test_evals(outcomes: tuple[str, ...], text: str) -> None:
    """The last line counts conditions and nothing else, in the singular where it is one."""
    assert words.evals([evaluation(one) for one in outcomes]) == text


def test_warnings_are_not_counted_as_evals() -> None:
    """A condition of warn_if is shown with its own mark and never counts."""
    assert words.evals([evaluation("fail", "warn")]) == ""
    assert words.evals([evaluation("fail", "warn"), evaluation("pass")]) == "1 EVAL PASSED"
    assert words.mark("fail", "warn") == "!"


def test_counts_of_several_runs_add_up(results: dict[str, Result]) -> None:
    """Shards are one run to a reader; what no run measured stays unmeasured."""
    runs = (
        Run(counts=Counts(total=2, failed=1, matched=3, seconds=1.0)),
        Run(counts=Counts(total=3, failed=0, matched=4, seconds=2.0)),
        Run(subject="base", counts=Counts(total=9)),
    )
    seen = words.counts(replace(results["pass"], runs=runs))
    assert (seen.total, seen.failed, seen.matched, seen.missing, seen.seconds) == (
        5,
        1,
        7,
        None,
        2.0,
    )


def test_calls_that_were_not_measured_are_said_so(results: dict[str, Result]) -> None:
    """Alone, replay cannot see calls: the figures say that instead of zero."""
    run = Run(counts=Counts(total=2, succeeded=2, answered=2, matching=2))
    result = replace(results["pass"], mode="replay", runs=(run,), rules=())
    assert words.figures(result) == ["calls not measured"]
    assert words.headline(result) == "2 of 2 requests unchanged"


def test_what_is_let_pass_is_not_called_unchanged(results: dict[str, Result]) -> None:
    """A known cause that 21 of 43 requests have leaves 22 unchanged, in the headline and in the
    figures; of what nobody knows these are told apart."""
    seen = Counts(total=43, succeeded=43, answered=43, matching=43, let_pass=21)
    causes = (cause(id="C1", standing="known"), cause(id="C2", standing="before"))
    result = replace(results["pass"], runs=(Run(counts=seen),), causes=causes, rules=())
    assert words.headline(result) == (
        "22 of 43 requests unchanged, 21 let pass, 1 cause known, 1 not new"
    )
    seen = replace(seen, succeeded=42, failed=1, matching=42)
    result = replace(result, runs=(Run(counts=seen),), causes=(*causes, cause(id="C3")))
    assert words.headline(result) == (
        "1 cause, 1 of 43 requests changed, 21 let pass, 1 cause known, 1 not new"
    )
    assert words.figures(result)[0] == "21 of 43 requests unchanged"


@pytest.mark.parametrize(
    ("fields", "side", "short"),
    [
        ({"change": "status"}, "response", "response"),
        ({"change": "missing", "dependency": "pay"}, "call to pay", "call to pay"),
        ({"change": "missing", "dependency": "pay", "title": "pay POST /x"}, "call to pay", "call"),
        ({"change": "unexpected"}, "call", "call"),
        ({"change": "escape", "dependency": "a:1", "title": "to a:1"}, "connection", "connection"),
        ({"change": "not-replayed"}, "request", "request"),
    ],
)
def test_side(fields: dict[str, str], side: str, short: str) -> None:
    """A cause is on the side of the response, of a call, or of what else can go wrong."""
    assert (words.side(cause(**fields)), words.short_side(cause(**fields))) == (side, short)


def test_extent_names_the_group() -> None:
    """A cause without inbound exchange was seen in startup or background."""
    example = Difference(change="missing", group="startup")
    assert words.extent(cause(examples=(example,))) == "startup"
    assert words.extent(cause(exchanges=("a", "b"))) == "2 requests"
    assert words.extent(cause(count=3)) == "3 differences"


def test_nothing_is_not_the_empty_text() -> None:
    """An absent side is told from an empty one."""
    assert words.sides(Difference(change="missing", expected="x")) == ("x", None)
    assert words.sides(Difference(change="added", actual="")) == (None, "")
    assert words.sides(Difference(change="value", expected="", actual="x")) == ("", "x")
    query = Difference(change="changed", place="request.query.page", actual="2")
    assert words.sides(query) == (None, "2")


@pytest.mark.parametrize(
    ("mode", "config", "snapshot", "command"),
    [
        ("run", "ci-gate.yml", "snapshots/x", "ci-gate run --only e-1"),
        ("run", "a b/gate.yml", "snapshots/x", "ci-gate run -c 'a b/gate.yml' --only e-1"),
        ("replay", "", "snapshots/x", "ci-gate replay --in snapshots/x --only e-1"),
        ("run", "", "$(x)", "ci-gate run --in '$(x)' --only e-1"),
    ],
)
def test_reproduce(
    mode: str, config: str, snapshot: str, command: str, results: dict[str, Result]
) -> None:
    """The command names config or snapshot as the user did, quoted for a shell."""
    made = Environment(version="1", config=config, snapshot=snapshot)
    result = replace(results["fail"], mode=mode, environment=made)
    assert words.reproduce(result, cause(exchanges=("e-1", "e-2"))) == command


def test_together_names_causes_of_the_same_requests(results: dict[str, Result]) -> None:
    """A changed call and the changed response of the same request point at each other."""
    found = (
        cause(id="C1", exchanges=("a", "b")),
        cause(id="C2", exchanges=("b",)),
        cause(id="C3", exchanges=("c",)),
        cause(id="C4", exchanges=("a",), notice=True),
    )
    result = replace(results["fail"], causes=found)
    assert words.together(result, found[0]) == ["C2"]
    assert words.together(result, found[2]) == []


def test_nothing_is_said_twice(results: dict[str, Result]) -> None:
    """Reasons that repeat causes or conditions are left to the sections that show those."""
    result = results["fail"]
    reasons = (*result.verdict.reasons, "the service ended with code 1", "1 of 3 not replayed")
    verdict = replace(result.verdict, reasons=reasons)
    assert words.reasons(result) == []
    assert words.reasons(replace(result, verdict=verdict)) == list(reasons[-2:])
    assert [text[:6] for text in words.warnings(result)] == ["rule 2", "rule 3"]


def test_lead_is_what_the_title_begins_with() -> None:
    """The place or the call that begins a title, so that it can be set apart as code."""
    example = Difference(change="missing", dependency="pay", call="POST /x")
    call = cause(title="POST /x (pay) no longer called", dependency="pay", examples=(example,))
    assert words.lead(call) == "POST /x"
    assert words.lead(cause(title="response.body.$.a: x", place="response.body.$.a")) == (
        "response.body.$.a"
    )
    assert words.lead(cause(title="status changed", place="response.status")) == ""


def test_consequences_are_told_from_examples() -> None:
    """A response that changed with a call is not another example of that call."""
    call = Difference(change="missing", dependency="pay")
    one = cause(change="missing", dependency="pay", examples=(call,))
    assert not words.follows(one, call)
    assert words.follows(one, Difference(change="removed", place="response.body.$.id"))


def test_details_say_what_the_title_does_not() -> None:
    """Lines of detail come once, split where several were joined, without the title's own."""
    example = Difference(change="type", detail="number became string · nearest: e-1\nnearest: e-1")
    one = cause(title="response.body.$.a: number became string", examples=(example, example))
    assert words.details(one, 3) == ["nearest: e-1"]


def test_condition_names_its_route() -> None:
    """A condition of one route says which."""
    assert words.condition(evaluation("pass")) == "fail if x > 1"
    one = replace(evaluation("pass"), route="GET /")
    assert words.condition(one) == "fail if x > 1 in GET /"


def test_places_that_a_title_only_counts(results: dict[str, Result]) -> None:
    """All of them where they are few; one place stands in its title."""
    first, second = results["fail"].causes[:2]
    assert words.at_places(first, 4) == list(first.places)
    assert words.at_places(first, 1) == ["response.body.$.total", "1 more"]
    assert words.at_places(second, 4) == []


def test_what_follows_is_told_from_what_changed() -> None:
    """A body behind its status is a consequence; the other name of a renamed field is not."""
    status = Cause(id="C1", title="t", change="status", routes=())
    assert words.follows(status, Difference(change="value"))
    assert not words.follows(status, Difference(change="status"))
    renamed = Cause(id="C1", title="t", change="removed", routes=())
    assert not words.follows(renamed, Difference(change="added", transforms=("renamed from a",)))
    call = Cause(id="C1", title="t", change="missing", routes=(), dependency="db")
    assert words.follows(call, Difference(change="value"))


def test_log_lines_only_where_they_may_say_more() -> None:
    """Beside an error or a call, and not beside a value that changed."""
    moment = Moment(lines=("orders: paid",))
    base = Cause(id="C1", title="t", change="value", routes=(), moment=moment)
    assert words.log_lines(base) == ()
    assert words.log_lines(replace(base, dependency="db")) == moment.lines
    assert words.log_lines(replace(base, change="status")) == moment.lines
    raised = replace(base, moment=replace(moment, error="KeyError: 'x'"))
    assert words.log_lines(raised) == moment.lines


def test_a_renamed_field_shows_its_new_name() -> None:
    """In place of nothing."""
    one = Difference(change="removed", expected="1", transforms=("renamed to sum",))
    assert words.sides(one) == ("1", "(renamed to sum)")
