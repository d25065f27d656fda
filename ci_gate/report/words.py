"""What every report says in the same words: the headline, sides, figures, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from ci_gate.model.difference import Cause, Difference, Standing
from ci_gate.model.result import Counts, Evaluation, Outcome, Result

DEFAULT_CONFIG = "ci-gate.yml"

ABSENT_EXPECTED = frozenset({"added", "unexpected", "new-host", "escape", "migration"})
"""Changes where nothing was expected, so that an empty text means "nothing" and not "empty"."""
ABSENT_ACTUAL = frozenset({"removed", "missing", "no-response", "not-replayed"})

_OF_CALLS = frozenset(
    {
        *("missing", "unexpected", "changed", "repeated", "reordered", "new-host"),
        *("moved", "response-order", "fan-out", "rewritten", "migration"),
    }
)


_OTHER = {"escape": "connection", "not-replayed": "request"}

_OTHER_NAME, _NEW = "renamed from ", "renamed to "

_NEVER_EXPECTED = frozenset({"no-response", "not-replayed", "escape", "new-host"})

_TITLE = 2000
"""Characters of a title that are searched: to search one of any length takes seconds."""
_MORE = re.compile(r"and [0-9]+ more (?:causes?|unstable)")


def plural(number: int, one: str) -> str:
    """`1 request`, `1,200 requests`."""
    ending = "" if number == 1 else "es" if one.endswith(("s", "ch")) else "s"
    return f"{number:,} {one}{ending}"


def milliseconds(value: float) -> str:
    """`0.4`, `43.2`, `1,204`: three digits are enough to compare by eye."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def duration(seconds: float) -> str:
    """`0.8 s`, `41 s`, `2 min 5 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def counts(result: Result) -> Counts:
    """The counts of all runs of the subject `head` together; None where none measured it."""
    runs = [run.counts for run in result.runs if run.subject == "head"]
    if len(runs) == 1:
        return runs[0]
    return Counts(
        total=sum(one.total for one in runs),
        succeeded=sum(one.succeeded for one in runs),
        failed=sum(one.failed for one in runs),
        unstable=sum(one.unstable for one in runs),
        answered=sum(one.answered for one in runs),
        matching=sum(one.matching for one in runs),
        let_pass=sum(one.let_pass for one in runs),
        seconds=max((one.seconds for one in runs), default=0.0),
        matched=_sum([one.matched for one in runs]),
        unmatched=_sum([one.unmatched for one in runs]),
        unused=_sum([one.unused for one in runs]),
        missing=_sum([one.missing for one in runs]),
        unexpected=_sum([one.unexpected for one in runs]),
        changed=_sum([one.changed for one in runs]),
        redacted=sum(one.redacted for one in runs),
    )


def red(result: Result) -> list[Cause]:
    """The causes that count, most important first."""
    return standing(result, "")


def standing(result: Result, which: Standing) -> list[Cause]:
    """The causes that stand so: "unstable", "known"…; "" are the red ones."""
    return [one for one in result.causes if one.standing == which and not one.notice]


def headline(result: Result) -> str:
    """What happened in one line of our own words and numbers, without the outcome's word."""
    seen, found = counts(result), red(result)
    said = []
    if found:
        said.append(plural(len(found), "cause"))
    if seen.failed or found:
        said.append(f"{seen.failed:,} of {plural(seen.total, 'request')} changed")
    if seen.unstable:
        of = "" if said else f" of {plural(seen.total, 'request')}"
        said.append(f"{seen.unstable:,}{of} unstable")
    if not seen.total:
        said.append("nothing was replayed")
    counted = [one.outcome for one in result.verdict.evaluations if one.level == "fail"]
    for outcome, words in (("fail", "failed"), ("inconclusive", "could not be judged")):
        if outcome in counted:
            of = plural(len(counted), "condition")
            said.append(f"{counted.count(outcome)} of {of} {words}")
    good = not said
    if good:
        said.append(_unchanged(seen))
    said += [f"{seen.let_pass:,} let pass"] if seen.let_pass else []
    said += _passing(result)
    said += [f"{plural(seen.matched, 'call')} matched"] if good and seen.matched else []
    part = f"shard {result.shard}: " if result.shard is not None else ""
    return part + ", ".join(said)


def _unchanged(seen: Counts) -> str:
    return f"{seen.matching - seen.let_pass:,} of {plural(seen.total, 'request')} unchanged"


def _passing(result: Result) -> list[str]:
    """How many causes pass, by why; the first says that it is causes."""
    words: dict[Standing, str] = {
        "known": "known",
        "before": "not new",
        "quarantined": "in quarantine",
    }
    counted = {word: len(standing(result, which)) for which, word in words.items()}
    said = [(number, word) for word, number in counted.items() if number]
    return [
        f"{number:,} {word}" if at else f"{plural(number, 'cause')} {word}"
        for at, (number, word) in enumerate(said)
    ]


def figures(result: Result) -> list[str]:
    """What was counted besides the headline: requests, calls, what was excused, how long."""
    seen, said = counts(result), list[str]()
    if seen.failed or seen.unstable:
        said.append(_unchanged(seen))
    if seen.answered < seen.total:
        said.append(f"{plural(seen.total - seen.answered, 'request')} without a complete response")
    calls = {
        "matched": seen.matched,
        "missing": seen.missing,
        "unexpected": seen.unexpected,
        "changed": seen.changed,
    }
    known = [f"{value:,} {word}" for word, value in calls.items() if value is not None]
    if known:
        said.append(f"calls: {', '.join(known)}")
    elif seen.total:
        said.append("calls not measured")
    excused = sum(rule.used for rule in result.rules)
    if excused:
        said.append(f"{plural(excused, 'difference')} excused by rules")
    if seen.seconds:
        said.append(f"replayed in {duration(seen.seconds)}")
    return said


def reasons(result: Result) -> list[str]:
    """The reasons that the table of causes and the conditions do not say already."""
    said = {cause.title for cause in result.causes}
    said |= {f"{one.title} ({one.routes[0]})" for one in result.causes if len(one.routes) == 1}
    return [text for text in result.verdict.reasons if not _said(text, said, result)]


def warnings(result: Result) -> list[str]:
    """The warnings that the conditions do not say already."""
    return [text for text in result.verdict.warnings if not _said(text, set(), result)]


def _said(text: str, titles: set[str], result: Result) -> bool:
    conditions = tuple(
        (f"{one.route}: {one.condition}" if one.route else one.condition) + " "
        for one in result.verdict.evaluations
    )
    known = text in titles or bool(_MORE.fullmatch(text)) or text.startswith(conditions)
    return known or text.startswith("unstable: ")


def mark(outcome: Outcome, level: str = "fail") -> str:
    """One character for an outcome; a failed condition of `warn_if` only warns."""
    if outcome == "fail":
        return "✗" if level == "fail" else "!"
    return "✓" if outcome == "pass" else "?"


def condition(evaluation: Evaluation) -> str:
    """`fail if latency.p99 > 200 in GET /orders/{id}`."""
    where = f" in {evaluation.route}" if evaluation.route else ""
    return f"{evaluation.level} if {evaluation.condition}{where}"


def evals(evaluations: Sequence[Evaluation]) -> str:
    """`2 EVALS PASSED`, `1 OF 2 EVALS FAILED`; "" without conditions. `warn_if` never counts."""
    counted = [one for one in evaluations if one.level == "fail"]
    noun = "EVAL" if len(counted) == 1 else "EVALS"
    for outcome, word in (("fail", "FAILED"), ("inconclusive", "INCONCLUSIVE")):
        bad = sum(one.outcome == outcome for one in counted)
        if bad:
            return f"{bad} OF {len(counted)} {noun} {word}"
    return f"{len(counted)} {noun} PASSED" if counted else ""


def side(cause: Cause) -> str:
    """What changed: "response", "call to payments", "connection", or "request" (not replayed)."""
    if cause.change in _OTHER:
        return _OTHER[cause.change]
    if cause.dependency:
        return f"call to {cause.dependency}"
    if cause.change in _OF_CALLS:
        return "call"
    return "response"


def short_side(cause: Cause) -> str:
    """`side`, without the dependency's name when the title beside it says that already."""
    whole = side(cause)
    named = cause.dependency and cause.dependency in cause.title
    return "call" if named and whole.startswith("call") else whole


def extent(cause: Cause) -> str:
    """How often a cause was seen: `41 requests`, or the group it was seen in."""
    if cause.exchanges:
        return plural(len(cause.exchanges), "request")
    groups = {example.group for example in cause.examples if example.group}
    return groups.pop() if len(groups) == 1 else plural(cause.count, "difference")


def sides(difference: Difference) -> tuple[str | None, str | None]:
    """Expected and actual; None where there was nothing, which is not the same as an empty text."""
    expected: str | None = difference.expected
    actual: str | None = difference.actual
    part_of_call = difference.change == "changed" and bool(difference.place)
    if not expected and (part_of_call or difference.change in ABSENT_EXPECTED):
        expected = None
    if not actual and (part_of_call or difference.change in ABSENT_ACTUAL):
        actual = next((f"({one})" for one in difference.transforms if one.startswith(_NEW)), None)
    return expected, actual


def reproduce(result: Result, cause: Cause) -> str:
    """The shell command that shows this cause again, with its smallest example."""
    ids = [example.exchange for example in cause.examples if example.exchange]
    exchange = (ids or list(cause.exchanges) or [""])[0]
    words = ["ci-gate", "replay" if result.mode == "replay" else "run"]
    config = result.environment.config
    if config and config != DEFAULT_CONFIG:
        words += ["-c", config]
    elif not config and result.environment.snapshot:
        words += ["--in", result.environment.snapshot]
    if exchange:
        words += ["--only", exchange]
    return shlex.join(words)


def accept(result: Result, cause: Cause) -> str:
    """The shell command that makes a red cause what is expected from now on; "" for what nobody can
    expect."""
    if result.mode != "run" or cause.standing or cause.notice or cause.change in _NEVER_EXPECTED:
        return ""
    config = result.environment.config
    words = ["ci-gate", "accept", cause.id]
    if config and config != DEFAULT_CONFIG:
        words += ["-c", config]
    elif not config and result.environment.snapshot:
        words += ["--in", result.environment.snapshot]
    return shlex.join(words)


def lead(cause: Cause) -> str:
    """What a title begins with that came from traffic: its place or its call, or ""."""
    calls = [example.call for example in cause.examples[:1]]
    found = (one for one in (cause.place, *calls) if one and cause.title.startswith(one))
    return next(found, "")


def follows(cause: Cause, example: Difference) -> bool:
    """True for an example that is a consequence: the response that changed with a call, the body
    with a status."""
    if any(claim.startswith(_OTHER_NAME) for claim in example.transforms):
        return False  # a renamed field went and came
    return (example.change, example.dependency) != (cause.change, cause.dependency)


def at_places(cause: Cause, limit: int) -> list[str]:
    """The places of a cause that its title only counts, at most `limit`, and how many more."""
    rest = len(cause.places) - limit
    return [*cause.places[:limit], *([f"{rest} more"] if rest > 0 else [])]


def log_lines(cause: Cause) -> tuple[str, ...]:
    """What the service printed, where that may say more: an error, a call. Beside a changed value
    it is what it always prints."""
    broke = cause.change in ("status", "no-response") or cause.dependency
    return cause.moment.lines if cause.moment.error or broke else ()


def details(cause: Cause, examples: int) -> list[str]:
    """What the first examples say besides expected and actual, each line once, without what the
    title says already."""
    found: dict[str, None] = {}
    title = cause.title[:_TITLE]
    for example in cause.examples[:examples]:
        for line in example.detail.replace(" · ", "\n").split("\n"):
            if line.strip() and line not in title:
                found.setdefault(line)
    return list(found)


def together(result: Result, cause: Cause) -> list[str]:
    """Ids of the other causes seen in the same requests: a changed call beside its response."""
    mine = set(cause.exchanges)
    return [
        other.id
        for other in red(result)
        if other.id != cause.id and not mine.isdisjoint(other.exchanges)
    ]


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
