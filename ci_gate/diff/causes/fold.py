"""Folds differences into causes: one line for what comes from one change.

`folds` says which differences are about the same, `downstream` what follows from what; here a cause
is made of each that is left: its title, what the service logged, its smallest example.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from ci_gate.diff.causes.downstream import downstream
from ci_gate.diff.causes.fingerprint import of_cause
from ci_gate.diff.causes.folds import NOTHING, Fold, folded
from ci_gate.diff.causes.leading import leads
from ci_gate.diff.causes.titles import title, transform
from ci_gate.model.difference import STANDINGS, Cause, Difference, Moment
from ci_gate.values.places import fold

EXAMPLES = 3
FOLLOWING = 5
"""Titles of what follows from a cause that are named."""
PLACES = 20


class Caused(msgspec.Struct, frozen=True):
    """Causes, and the same differences with the cause of each (`Difference.cause`)."""

    causes: tuple[Cause, ...]
    differences: tuple[Difference, ...]


def causes(
    differences: Iterable[Difference],
    moments: Mapping[str, Moment] | None = None,
    blamed: Mapping[str, str] | None = None,
    after: Mapping[str, Collection[str]] | None = None,
) -> tuple[Cause, ...]:
    """The causes of unexcused differences; see `caused`."""
    return caused(differences, moments, blamed, after).causes


def caused(
    differences: Iterable[Difference],
    moments: Mapping[str, Moment] | None = None,
    blamed: Mapping[str, str] | None = None,
    after: Mapping[str, Collection[str]] | None = None,
) -> Caused:
    """Fold unexcused differences, each standing by itself; ids C1, C2… in order: what is red
    first, notices last, then by the number of exchanges, then as first seen. What is collateral is
    in no cause.

    `moments`: what the service logged during each exchange. `blamed`: exchange -> the earlier one
    that did not bring a value it had to send; `after`: exchange -> earlier writes to what it is
    about.
    """
    every = tuple(differences)
    known = moments or {}
    left: list[Fold] = []
    for standing in STANDINGS:
        same = [one for one in every if one.standing == standing]
        leaders = leads(same, known, blamed or {}, after or {})
        found = downstream(folded(same, known, leaders))
        left += sorted(found, key=lambda one: (-len(one.exchanges), one.order))
    left.sort(key=lambda one: one.first.notice)
    named: dict[int, str] = {}
    for number, one in enumerate(left, 1):
        named |= {id(difference): f"C{number}" for difference in one.everything()}
    return Caused(
        tuple(_cause(f"C{number}", one, known) for number, one in enumerate(left, 1)),
        tuple(
            msgspec.structs.replace(one, cause=named[id(one)]) if id(one) in named else one
            for one in every
        ),
    )


def _cause(name: str, one: Fold, moments: Mapping[str, Moment]) -> Cause:
    first = one.first
    everything = one.everything()
    examples = tuple(msgspec.structs.replace(d, cause=name) for d in _examples(one))
    moment = _moment(one, examples[:1], moments)
    places = tuple(dict.fromkeys(fold(d.place) for d in one.own if d.place))
    return Cause(
        id=name,
        title=title(one.own, moment if one.error else NOTHING),
        change=first.change,
        routes=tuple(dict.fromkeys(d.route for d in everything if d.route)),
        place=fold(first.place),
        places=places[:PLACES] if len(places) > 1 else (),
        transform=transform(one.own),
        dependency=first.dependency,
        exchanges=tuple(dict.fromkeys(d.exchange for d in everything if d.exchange)),
        count=len(everything),
        examples=examples,
        following=_following(one),
        moment=moment,
        notice=first.notice,
        fingerprint=of_cause(one.own, everything[len(one.own) :]),
        standing=first.standing,
    )


def _following(one: Fold) -> tuple[str, ...]:
    """Titles of what follows: how requests ended, then calls, then the rest of answers."""
    under = sorted(one.under, key=lambda fold: (not fold.broken, not fold.first.dependency))
    return tuple(dict.fromkeys(title(fold.own) for fold in under))[:FOLLOWING]


def _moment(one: Fold, examples: Iterable[Difference], moments: Mapping[str, Moment]) -> Moment:
    """The moment of the smallest example; where that tells of no exception, of another one of its
    own that does."""
    known = [moments.get(d.exchange, NOTHING) for d in (*examples, *one.own)]
    raised = next((moment for moment in known if moment.error), None)
    return raised or next((moment for moment in known if moment.lines), NOTHING)


def _examples(one: Fold) -> tuple[Difference, ...]:
    """The smallest first, at most three; one place is kept for what follows from the cause in the
    same exchange."""
    own = sorted(one.own, key=_size)
    same = own[0].exchange
    under = sorted(
        (d for fold in one.under for d in fold.everything()),
        key=lambda d: (d.exchange != same, d.change != "status", _size(d)),
    )
    kept = own[: EXAMPLES - min(1, len(under))]
    return (*kept, *under[: EXAMPLES - len(kept)])


def _size(difference: Difference) -> int:
    return len(difference.expected) + len(difference.actual) + len(difference.detail)
