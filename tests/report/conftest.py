"""Results that the report tests render: what a gate really finds, and what an attacker would send."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ci_gate.model.difference import Cause, Difference
from ci_gate.model.result import (
    Counts,
    Environment,
    Evaluation,
    ExchangeResult,
    Outcome,
    Result,
    RouteFigures,
    RuleUse,
    Run,
    Verdict,
)

ENVIRONMENT = Environment(
    version="1.0.0",
    python="3.11.7",
    platform="linux x86_64",
    started_at="2026-11-05T09:14:03Z",
    seconds=6.4,
    commit="9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
    snapshot="snapshots/orders",
    snapshot_digest="5b1d0c6e2f7a4b9d8e3c",
    config="ci-gate.yml",
)

ROUTES = (
    RouteFigures(
        route="GET /orders/{id}", total=41, failed=41, avg=6.1, p50=5.8, p95=9.4, p99=11.2, max=12.0
    ),
    RouteFigures(
        route="POST /orders",
        total=24,
        failed=12,
        avg=38.2,
        p50=35.1,
        p95=61.0,
        p99=88.4,
        max=1204.7,
    ),
    RouteFigures(
        route="GET /orders", total=60, failed=0, avg=12.4, p50=11.9, p95=17.3, p99=19.0, max=21.5
    ),
    RouteFigures(
        route="GET /healthz", total=3, failed=0, avg=0.4, p50=0.4, p95=0.5, p99=0.5, max=0.5
    ),
)

RULES = (
    RuleUse(
        index=1,
        text="GET /orders/{id} response.body.$.updated_at allow timestamp",
        reason="server clock",
        owner="@orders",
        until="2027-06-30",
        used=41,
        state="used",
    ),
    RuleUse(
        index=2,
        text="orders-db calls reordered effect read",
        reason="loader runs in parallel",
        owner="@orders",
        used=0,
        state="unused",
    ),
    RuleUse(
        index=3,
        text="POST /orders response.headers.x-build allow any",
        reason="build number, until the gateway removes it",
        owner="@platform",
        until="2026-10-31",
        used=0,
        state="expired",
    ),
)


def _type_change() -> Cause:
    examples = tuple(
        Difference(
            change="type",
            exchange=f"3f2a9c1b7e-{number}",
            route="GET /orders/{id}",
            place="response.body.$.total",
            expected=str(total),
            actual=f'"{total}.00"',
        )
        for number, total in ((1, 4200), (2, 1999), (4, 500))
    )
    return Cause(
        id="C1",
        title="response.body.$.total: integer became string",
        change="type",
        routes=("GET /orders/{id}",),
        place="response.body.$.total",
        exchanges=tuple(f"3f2a9c1b7e-{number}" for number in range(1, 42)),
        count=41,
        examples=examples,
    )


def _dropped_call() -> Cause:
    example = Difference(
        change="missing",
        exchange="a81c44d02f-3",
        route="POST /orders",
        dependency="shipping",
        call="POST /shipments",
        call_id="77aa01c2d3-3",
        effect="write",
        expected='POST /shipments {"order":"ord_1003","weight":1200}',
    )
    return Cause(
        id="C2",
        title="shipping POST /shipments (write) is no longer called",
        change="missing",
        routes=("POST /orders",),
        dependency="shipping",
        exchanges=tuple(f"a81c44d02f-{number}" for number in range(3, 15)),
        count=12,
        examples=(example,),
    )


def _retry_storm() -> Cause:
    example = Difference(
        change="repeated",
        exchange="a81c44d02f-5",
        route="POST /orders",
        dependency="payments",
        call="POST /charges",
        call_id="0c0ffee111-5",
        effect="write",
        expected="1 call",
        actual="4 calls",
    )
    return Cause(
        id="C3",
        title="payments POST /charges (write) is called more often",
        change="repeated",
        routes=("POST /orders",),
        dependency="payments",
        exchanges=("a81c44d02f-5", "a81c44d02f-9"),
        count=6,
        examples=(example,),
    )


def _new_host() -> Cause:
    example = Difference(
        change="new-host",
        exchange="a81c44d02f-3",
        route="POST /orders",
        dependency="telemetry.vendor.example:443",
        call="CONNECT telemetry.vendor.example:443",
        actual="CONNECT telemetry.vendor.example:443",
        detail="refused: this host is not in the snapshot\n"
        "if it is meant: record again, or name it under dependencies: in ci-gate.yml",
    )
    return Cause(
        id="C4",
        title="telemetry.vendor.example:443 is a new host",
        change="new-host",
        routes=("POST /orders",),
        dependency="telemetry.vendor.example:443",
        exchanges=("a81c44d02f-3",),
        count=1,
        examples=(example,),
    )


def _changed_call() -> Cause:
    expected = '{\n  "amount": 4200,\n  "currency": "EUR",\n  "order": "ord_1001"\n}'
    actual = '{\n  "amount": 4300,\n  "currency": "EUR",\n  "order": "ord_1001"\n}'
    example = Difference(
        change="changed",
        exchange="a81c44d02f-1",
        route="POST /orders",
        dependency="payments",
        call="POST /charges",
        call_id="0c0ffee111-1",
        effect="write",
        place="request.body",
        expected=expected,
        actual=actual,
        detail="nearest recorded calls:\n"
        "0c0ffee111-1 POST /charges: request.body.$.amount 4200, now 4300\n"
        "0c0ffee111-2 POST /charges: request.body.$.order ord_1002, now ord_1001",
    )
    return Cause(
        id="C5",
        title="request.body: payments POST /charges changed",
        change="changed",
        routes=("POST /orders",),
        place="request.body",
        dependency="payments",
        exchanges=("a81c44d02f-1",),
        count=1,
        examples=(example,),
    )


def _notice() -> Cause:
    return Cause(
        id="C6",
        title="shipping GET /rates (read) is called in another order",
        change="reordered",
        routes=("POST /orders",),
        dependency="shipping",
        exchanges=("a81c44d02f-3", "a81c44d02f-4"),
        count=2,
        notice=True,
    )


def passing_result() -> Result:
    """Everything as recorded, with a rule in force and two conditions."""
    return Result(
        service="orders",
        verdict=Verdict(
            outcome="pass",
            evaluations=(
                Evaluation(condition="latency.p95 > 50", outcome="pass", observed="43.2"),
                Evaluation(condition="requests.failed > 0", outcome="pass", observed="0"),
            ),
        ),
        runs=(
            Run(
                counts=Counts(
                    total=128,
                    succeeded=128,
                    answered=128,
                    matching=128,
                    seconds=1.9,
                    matched=214,
                    unmatched=0,
                    unused=0,
                    missing=0,
                    unexpected=0,
                    changed=0,
                    redacted=36,
                )
            ),
        ),
        routes=tuple(_without_failures(one) for one in ROUTES),
        rules=RULES[:1],
        excused=(
            Difference(
                change="value",
                exchange="3f2a9c1b7e-1",
                route="GET /orders/{id}",
                place="response.body.$.updated_at",
                expected='"2026-11-01T10:00:00Z"',
                actual='"2026-11-05T09:14:05Z"',
                excused=1,
            ),
        ),
        environment=ENVIRONMENT,
    )


def _without_failures(one: RouteFigures) -> RouteFigures:
    return RouteFigures(
        route=one.route,
        total=one.total,
        failed=0,
        avg=one.avg,
        p50=one.p50,
        p95=one.p95,
        p99=one.p99,
        max=one.max,
    )


def failing_result() -> Result:
    """Five causes: a type, a dropped call, a retry storm, a new host, a changed call; a notice."""
    passing = passing_result()
    return Result(
        service="orders",
        verdict=Verdict(
            outcome="fail",
            reasons=(
                "53 of 128 requests have unexcused differences",
                "rule 3 expired on 2026-10-31 and excuses nothing any more",
            ),
            warnings=("latency.p95 > 50: observed 61.0",),
            evaluations=(
                Evaluation(condition="requests.failed > 0", outcome="fail", observed="53"),
                Evaluation(
                    condition="latency.p99 > 200",
                    outcome="pass",
                    observed="11.2",
                    route="GET /orders/{id}",
                ),
                Evaluation(
                    condition="latency.p95 > 50", outcome="fail", observed="61.0", level="warn"
                ),
            ),
        ),
        runs=(
            Run(
                counts=Counts(
                    total=128,
                    succeeded=75,
                    failed=53,
                    answered=128,
                    matching=75,
                    seconds=4.1,
                    matched=201,
                    unmatched=8,
                    unused=12,
                    missing=12,
                    unexpected=7,
                    changed=1,
                    redacted=36,
                )
            ),
        ),
        causes=(
            _type_change(),
            _dropped_call(),
            _retry_storm(),
            _new_host(),
            _changed_call(),
            _notice(),
        ),
        routes=ROUTES,
        rules=RULES,
        excused=passing.excused,
        notices=("telemetry dependency otel: 12 calls answered, not compared",),
        environment=ENVIRONMENT,
    )


def inconclusive_result() -> Result:
    """Nothing could be replayed."""
    return Result(
        service="orders",
        verdict=Verdict(
            outcome="inconclusive",
            reasons=("nothing was replayed: --only matched none of the 128 inbound exchanges",),
            evaluations=(
                Evaluation(
                    condition="latency.p95 > 50", outcome="inconclusive", observed="no samples"
                ),
            ),
        ),
        runs=(Run(counts=Counts()),),
        environment=ENVIRONMENT,
    )


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
            notice=number % 4 == 3,
        )
        for number in range(len(texts))
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
        excused=tuple(difference(at) for at in range(len(texts))),
        notices=texts,
        environment=Environment(
            version=text(0), python=text(1), platform=text(2), snapshot=text(3), config=text(4)
        ),
    )


def exchange_results() -> tuple[ExchangeResult, ...]:
    """The lines of exchanges.jsonl that belong to a failing run."""
    first = _type_change().examples[0]
    changed = _changed_call().examples[0]
    return (
        ExchangeResult(
            id="3f2a9c1b7e-1",
            route="GET /orders/{id}",
            label="GET /orders/17",
            state="failed",
            milliseconds=5.8,
            differences=(first,),
            file="snapshots/orders/inbound/get-orders-id-3f2a9c.json",
        ),
        ExchangeResult(
            id="3f2a9c1b7e-2",
            route="GET /orders/{id}",
            label="GET /orders/18",
            state="passed",
            milliseconds=0.0,
            differences=(
                Difference(
                    change="value",
                    place="response.body.$.updated_at",
                    expected='"2026-11-01"',
                    actual='"2026-11-05"',
                    excused=1,
                ),
            ),
            file="snapshots/orders/inbound/get-orders-id-3f2a9c.json",
        ),
        ExchangeResult(
            id="a81c44d02f-1",
            route="POST /orders",
            label="POST /orders",
            state="failed",
            milliseconds=61.0,
            differences=(changed, _dropped_call().examples[0]),
            more=3,
        ),
        ExchangeResult(
            id="a81c44d02f-2",
            route="POST /orders",
            label="POST /orders",
            state="error",
            differences=(
                Difference(change="no-response", expected="201", detail="timed out after 10 s"),
            ),
        ),
        ExchangeResult(
            id="a81c44d02f-3", route="POST /orders", label="POST /orders", state="skipped"
        ),
        ExchangeResult(id="", route="payments", label="payments", group="startup", state="passed"),
        ExchangeResult(
            id="",
            route="shipping",
            label="shipping",
            group="background",
            state="failed",
            differences=(_new_host().examples[0],),
        ),
    )


@pytest.fixture(scope="session")
def results() -> dict[str, Result]:
    """Results by name."""
    return {
        "pass": passing_result(),
        "fail": failing_result(),
        "inconclusive": inconclusive_result(),
        "hostile": hostile_result(),
    }


@pytest.fixture(scope="session")
def hostile() -> Callable[[tuple[str, ...]], Result]:
    """Makes a result out of the texts it is given."""
    return hostile_result


@pytest.fixture(scope="session")
def exchanges() -> tuple[ExchangeResult, ...]:
    """The exchanges of the failing result."""
    return exchange_results()
