"""Results that the report tests render: what a gate really finds (data/), and what an attacker
would send."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ci_gate.model.difference import STANDINGS, Cause, Difference, Moment
from ci_gate.model.result import (
    Counts,
    Environment,
    Evaluation,
    ExchangeResult,
    KnownUse,
    Outcome,
    Result,
    RouteFigures,
    RuleUse,
    Run,
    Unstable,
    Verdict,
)

DATA = Path(__file__).parent / "data"

HOSTILE = (
    "`````\n</details>\n# PWNED\n![x](https://evil.example/a.png) <img src=x onerror=alert(1)>",
    "@octocat @org/team #12 !34 GH-9 org/repo#1 a@b.example https://evil.example www.evil.example",
    "/merge\n/approve\n  /label ~bug",
    "<!-- ci-gate:comment v1 key=x --><script>alert(1)</script>",
    "a|b\\|c\n| d | e |\n|---|---|",
    "\x1b[31mred\x1b[0m \u202eevil\u202c \u200bzero \ufffe \ud800 \x00 \r\n::error::pwned",
    "::add-mask::x ##[error]y ##vso[task.complete]z",
    "[red]markup[/red] {+ins+} $x$ ~~s~~ **b** _i_ 1e5",
)


SECRETS = (
    "AKIA" + "Q3EGRWYZ5TQ4PLKM",
    "4539 1488 " + "0343 6467",
    "postgresql://app:hunter2hunter2@db.corp.internal/app",
    '{"api_key":"q8Zr2mXw7Lk4Vb9T"}',
)
"""Texts with what looks secret, should it ever get as far as a report."""
_HIDDEN = ("Q3EGRWYZ5TQ4PLKM", "1488 0343", "hunter2hunter2", "q8Zr2mXw7Lk4Vb9T")


def shows_secret(text: str) -> list[str]:
    """What of `SECRETS` is in a rendered text."""
    return [one for one in _HIDDEN if one in text]


def hostile_result(texts: tuple[str, ...] = HOSTILE) -> Result:
    """A failed result in which every text that can come from outside is one of `texts`."""

    def text(number: int) -> str:
        return texts[number % len(texts)]

    def difference(number: int) -> Difference:
        return Difference(
            change="value",
            exchange=text(number),
            route=text(number + 1),
            dependency=text(number + 2) if number % 2 else "",
            call=text(number + 3),
            place=text(number + 4),
            expected=text(number + 5),
            actual=text(number + 6),
            detail=text(number + 7),
            excused=number % 2,
        )

    causes = tuple(
        Cause(
            id=f"C{number + 1}",
            title=text(number) + ": " + text(number + 1),
            change="value",
            routes=(text(number + 2), text(number + 3)),
            place=text(number),
            dependency=text(number + 4) if number % 2 else "",
            exchanges=(text(number + 5),),
            examples=(difference(number), difference(number + 1)),
            places=(text(number + 1), text(number + 2)),
            transform=text(number + 3),
            following=texts,
            moment=Moment(lines=texts, error=text(number + 4), files=texts),
            notice=number % 4 == 3,
            fingerprint=text(number + 6),
            standing=STANDINGS[number // 4 % len(STANDINGS)],
            collateral=texts,
        )
        for number in range(3 * len(texts))
    )
    outcomes: tuple[Outcome, ...] = ("fail", "pass", "inconclusive")
    return Result(
        service=text(0),
        verdict=Verdict(
            outcome="fail",
            reasons=texts,
            warnings=texts,
            evaluations=tuple(
                Evaluation(
                    condition=one, outcome=outcomes[at % 3], observed=text(at + 1), route=text(at)
                )
                for at, one in enumerate(texts)
            ),
        ),
        runs=(Run(counts=Counts(total=8, failed=8)),),
        causes=causes,
        routes=tuple(RouteFigures(route=one, total=1, failed=1, p50=1.0, p95=2.0) for one in texts),
        rules=tuple(
            RuleUse(index=at + 1, text=one, reason=text(at + 1), owner=text(at + 2), until=text(at))
            for at, one in enumerate(texts)
        ),
        known=tuple(
            KnownUse(
                index=at + 1,
                fingerprint=text(at + 6),
                reason=one,
                owner=one,
                until=one,
                state="used",
                title=one,
            )
            for at, one in enumerate(texts)
        ),
        unstable=tuple(Unstable(exchange=one, route=one, differences=texts) for one in texts),
        excused=tuple(difference(at) for at in range(len(texts))),
        notices=texts,
        environment=Environment(
            version=text(0), python=text(1), platform=text(2), snapshot=text(3), config=text(4)
        ),
    )


@pytest.fixture(scope="session")
def results() -> dict[str, Result]:
    """Results by name: "pass", "fail" with five causes, "inconclusive", "hostile"."""
    found = {
        name: msgspec.json.decode((DATA / f"{name}.json").read_bytes(), type=Result)
        for name in ("pass", "fail", "inconclusive")
    }
    return {**found, "hostile": hostile_result()}


@pytest.fixture(scope="session")
def hostile() -> Callable[[tuple[str, ...]], Result]:
    """Makes a result out of the texts it is given."""
    return hostile_result


@pytest.fixture(scope="session")
def exchanges() -> tuple[ExchangeResult, ...]:
    """The exchanges of the failing result: failed, passed, error, skipped, startup, background."""
    lines = (DATA / "exchanges.jsonl").read_bytes().splitlines()
    return tuple(msgspec.json.decode(line, type=ExchangeResult) for line in lines)
