"""Whether a service must be replayed at the recorded pace.

A replay that goes as fast as it can finds caches warm that had run out when it was recorded, and
limits exceeded that were not, or asks for what is not ready yet: recorded calls are not made,
requests are refused as too many, or not found. One boot at the recorded pace shows whether that is
the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ci_gate.gate.learning.rehearsing import Rehearsal
from ci_gate.gate.learning.teaching import Reason
from ci_gate.model.exchange import BACKGROUND, STARTUP
from ci_gate.model.message import HttpResponse, Message
from ci_gate.model.snapshot import Snapshot

FAST, RECORDED = "fast", "recorded"
_SHOWN = 3

REFUSALS = frozenset({429, 503})
"""Statuses by which a service says that it is asked too often (RFC 6585 section 4, RFC 9110
section 15.6.4)."""
_WHO = frozenset({401, 403, 407})
"""Statuses that say who may not ask, however slowly."""


def suffers(one: Rehearsal, snapshot: Snapshot) -> frozenset[str]:
    """What haste may have done to a replay: ids of recorded calls that were not made for their
    request, and of inbound exchanges that had another status, refusals as too many among them."""
    made = {call.matched for call in one.calls}
    missing = {
        call.id
        for call in snapshot.outbound
        if call.id not in made and not set(call.groups) & {STARTUP, BACKGROUND}
    }
    other = {
        exchange.id
        for exchange in snapshot.inbound
        if _status(one.responses.get(exchange.id), _status(exchange.response))
        not in (_status(exchange.response), *_WHO)
    }
    return frozenset(missing | other)


def _status(message: Message | None, unknown: int = 0) -> int:
    return message.status if isinstance(message, HttpResponse) else unknown


def hurt(rehearsals: Sequence[Rehearsal], snapshot: Snapshot) -> frozenset[str]:
    """What haste did: it happened in every fast replay, and in none at the recorded pace. Replays
    with the clock ahead say nothing, because what has run out by then is asked for again."""
    told = [one for one in rehearsals if not one.ahead and not one.failure]
    fast = [suffers(one, snapshot) for one in told if not one.paced]
    slow = [suffers(one, snapshot) for one in told if one.paced]
    if not fast or not slow:
        return frozenset()
    return frozenset.intersection(*fast) - frozenset().union(*slow)


def reason(ids: Collection[str], snapshot: Snapshot, fast: Rehearsal) -> str:
    """Why the recorded pace is needed, in one line; `ids` as `hurt` gives them, of which `fast` is
    a replay."""
    calls = dict.fromkeys(one.route for one in snapshot.outbound if one.id in ids)
    refused: dict[str, None] = {}
    other: dict[str, None] = {}
    for one in snapshot.inbound:
        if one.id in ids:
            status = _status(fast.responses.get(one.id))
            (refused if status in REFUSALS else other)[one.route] = None
    texts = []
    if calls:
        texts.append(f"leaves out calls that it makes at the recorded pace ({_some(calls)})")
    if refused:
        texts.append(f"refuses requests as too many that it answers then ({_some(refused)})")
    if other:
        texts.append(f"answers with another status than at the recorded pace ({_some(other)})")
    return f"asked at full speed the service {' and '.join(texts)}"


def unsteady(reasons: Sequence[Reason]) -> str:
    """Why the recorded pace is needed when nothing else than it explains what varied."""
    return f"asked at full speed the service is not steady ({_some(_routes(reasons))})"


def unready(routes: Sequence[str]) -> str:
    """Why the recorded pace is needed when answers at full speed are not those that were recorded,
    and at that pace they are."""
    return f"asked at full speed the service is not ready ({_some(dict.fromkeys(routes))})"


def _routes(reasons: Sequence[Reason]) -> Collection[str]:
    return dict.fromkeys(one.route for one in reasons if one.route) or ("at its start",)


def _some(names: Collection[str]) -> str:
    listed = list(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
