"""What became of each inbound exchange, and of each dependency at startup and in the background."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ci_gate.diff.rules import Rules
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import BACKGROUND, STARTUP
from ci_gate.model.result import ExchangeResult, State

LIMIT = 20
"""Differences of one exchange that are kept."""

_NOT_DONE = frozenset({"no-response", "not-replayed"})


def charge(
    differences: Iterable[Difference], exchange: str, route: str, rules: Rules
) -> tuple[Difference, ...]:
    """The differences of a response (`messages.compare`), charged to its inbound exchange, and
    excused where a rule allows anything at the place."""
    charged = []
    for found in differences:
        one = msgspec.structs.replace(found, exchange=exchange, route=route)
        excused = rules.excuse(one)
        charged.append(msgspec.structs.replace(one, excused=excused) if excused else one)
    return tuple(charged)


def counts(difference: Difference) -> bool:
    """True when no rule excuses it, it is more than a notice, and nobody knows of it."""
    passing = difference.excused or difference.notice
    return not passing and difference.standing in ("", "unstable", "collateral")


def is_red(difference: Difference) -> bool:
    """True when it fails the run: it counts, and is not merely unstable."""
    return counts(difference) and difference.standing != "unstable"


def outcome(
    exchange: str,
    route: str,
    label: str,
    milliseconds: float,
    differences: Sequence[Difference],
    file: str = "",
) -> ExchangeResult:
    """The row of one inbound exchange; `differences` are all that are charged to it.

    "error" when there was no complete response or it was never replayed, "failed" for any
    other red difference, "unstable" when all that counts did not repeat.
    """
    return ExchangeResult(
        id=exchange,
        route=route,
        label=label,
        state=_state(differences),
        milliseconds=milliseconds,
        differences=_kept(differences),
        more=max(0, len(differences) - LIMIT),
        file=file,
    )


def _state(differences: Sequence[Difference]) -> State:
    red = [one for one in differences if is_red(one)]
    if red:
        return "error" if any(one.change in _NOT_DONE for one in red) else "failed"
    return "unstable" if any(map(counts, differences)) else "passed"


def _kept(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Red ones first: a notice must not push out why the exchange failed."""
    return tuple(sorted(differences, key=lambda one: (not is_red(one), not counts(one)))[:LIMIT])


def standing_outcomes(
    differences: Iterable[Difference], dependencies: Mapping[str, Sequence[str]]
) -> tuple[ExchangeResult, ...]:
    """One row for each dependency in the groups startup and background.

    `dependencies`: group -> the dependencies it has recorded calls to; those with differences
    are added. Notices alone do not fail a row.
    """
    charged: dict[tuple[str, str], list[Difference]] = {}
    for group in (STARTUP, BACKGROUND):
        for name in dependencies.get(group, ()):
            charged[group, name] = []
    for one in differences:
        if one.group in (STARTUP, BACKGROUND):
            charged.setdefault((one.group, one.dependency), []).append(one)
    return tuple(
        ExchangeResult(
            id=f"{group}:{name}",
            route=name,
            label=name,
            group=group,
            state="failed" if any(is_red(one) for one in found) else "passed",
            differences=_kept(found),
            more=max(0, len(found) - LIMIT),
        )
        for (group, name), found in sorted(charged.items(), key=lambda item: item[0][0] != STARTUP)
    )
