"""What a run keeps for `accept`: of every exchange that differed its live answer and live calls.

Everything is in recorded terms and redacted. What is unstable or excused is nobody's to accept and
is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ci_gate.codecs.registry import codec, codec_of
from ci_gate.gate.observing.callrecords import made_call
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.observation import Observed
from ci_gate.mocks.holds import Waiting
from ci_gate.model.call import Answered
from ci_gate.model.change import Change, MadeCall
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import Message
from ci_gate.model.snapshot import Snapshot
from ci_gate.store.disk import digest_of

CHANGES = 300
"""Exchanges that are kept for `accept`."""
CALLS = 100
"""Live calls that are kept of each."""


def orders(seen: Observed) -> dict[str, tuple[str, ...]]:
    """Group -> the calls recorded of it that were made, in live order."""
    found: dict[str, dict[str, None]] = {}
    for call in seen.calls:
        if call.entry is None:
            continue
        recorded = call.entry.exchange
        for group in call.groups:
            if group in recorded.groups:
                found.setdefault(group, {}).setdefault(recorded.id)
    return {group: tuple(ids) for group, ids in found.items()}


def made_calls(
    seen: Observed, fates: Mapping[str, tuple[str, str]], answered: Mapping[str, Answered]
) -> tuple[MadeCall, ...]:
    """The live calls that were not made as recorded, in their order. `fates`: live id -> recorded
    id and change."""
    found: list[MadeCall] = []
    last: dict[str, str] = {}
    for number, call in enumerate(seen.calls, 1):
        name = f"live-{number}"
        matched = call.entry.exchange if call.entry is not None else None
        group = call.groups[0] if call.groups else ""
        if name in fates and call.request is not None:
            recorded, change = fates[name]
            at = (call.at - seen.began) / 1e6
            ended = answered[group].live[1] if group in answered else 0.0
            found.append(
                MadeCall(
                    change=change,
                    # Made too often: what answered it is what was recorded.
                    recorded=recorded or (matched.id if matched is not None else ""),
                    exchange=made_call(name, call.request, call, seen.mocks, seen.addresses, at),
                    after=last.get(group, ""),
                    late=bool(ended) and at > ended,
                    awaited=_responses(call.waiting, answered),
                    overtaken=call.turn.overtaken if call.turn is not None else (),
                )
            )
        if matched is not None and group in matched.groups:
            last[group] = matched.id
    return tuple(found)


def _responses(waiting: Waiting | None, answered: Mapping[str, Answered]) -> tuple[str, ...]:
    return tuple(one for one in waiting.awaited if one in answered) if waiting is not None else ()


def changes(
    by_exchange: Mapping[str, Sequence[Difference]],
    responses: Mapping[str, Message | None],
    made: tuple[Iterable[MadeCall], Mapping[str, tuple[str, ...]]],
    snapshot: Snapshot,
    cleaning: Cleaning,
) -> tuple[Change, ...]:
    """One a changed exchange, and one for startup and background. `by_exchange`: folded differences
    by the exchange that they are charged to, "" for the groups. `made`: `made_calls` and `orders`."""
    stored = {one.id: one for one in (*snapshot.inbound, *snapshot.outbound)}
    calls: dict[str, list[MadeCall]] = {}
    for one in made[0]:
        for group in one.exchange.groups:
            calls.setdefault(group, []).append(one)
    names = [one.id for one in snapshot.inbound if by_exchange.get(one.id)]
    found = []
    for name in (*names[:CHANGES], STARTUP, BACKGROUND):
        about = by_exchange.get(name if name in stored else "", ())
        differences = tuple(
            one for one in about if one.cause and (name in stored or one.group == name)
        )
        if not differences:
            continue
        kept = calls.get(name, [])
        exchange, response = stored.get(name), responses.get(name)
        live = None
        if exchange is not None and response is not None:
            live = cleaning.change(codec("http"), exchange, response)
        order = made[1].get(name, ())
        concerned = {
            name,
            *order,
            *(one.call_id for one in differences),
            *(one.recorded for one in kept),
        }
        found.append(
            Change(
                name=name,
                live=live,
                differences=differences,
                calls=tuple(_clean(one, cleaning) for one in kept[:CALLS]),
                more=max(len(kept) - CALLS, 0),
                order=order,
                stored={one: digest_of(stored[one]) for one in sorted(concerned) if one in stored},
            )
        )
    return tuple(found)


def _clean(call: MadeCall, cleaning: Cleaning) -> MadeCall:
    exchange: Exchange = cleaning.call(codec_of(call.exchange.request), call.exchange)
    return msgspec.structs.replace(call, exchange=exchange)
