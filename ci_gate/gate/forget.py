"""`forget`: behaviour that is gone on purpose leaves the snapshot, with its calls and bindings."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.config.problems import hint
from ci_gate.errors import UsageError
from ci_gate.gate.accept import without
from ci_gate.gate.planning import chains_of
from ci_gate.gate.select import inbound_of, select, with_routes
from ci_gate.model.exchange import Exchange
from ci_gate.model.snapshot import Snapshot
from ci_gate.store.snapshot import read_snapshot, write_snapshot


class ForgetOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate forget`."""

    snapshot: str
    what: tuple[str, ...]
    """Routes, ids, or beginnings of ids."""
    routes: tuple[str, ...] = ()


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """An inbound exchange that goes."""

    id: str
    route: str
    label: str
    calls: tuple[str, ...] = ()
    """Its calls, as people write them."""
    needs: str = ""
    """Id of the one that it cannot be replayed without; "" = it was asked for."""


class Forgetting(msgspec.Struct, frozen=True, kw_only=True):
    """What would be written. Nothing has been yet."""

    gone: tuple[Gone, ...]
    bindings: int = 0
    """Values that travel no more."""
    doubtful: tuple[str, ...] = ()
    """Exchanges that stay and read what those that go have written."""
    after: Snapshot


def prepare(options: ForgetOptions) -> Forgetting:
    """What forgetting comes to. Raises UsageError for what is not in the snapshot, and when nothing
    would be left to replay."""
    snapshot = read_snapshot(options.snapshot)
    routed = with_routes(snapshot, options.routes)
    chosen = _chosen(routed, options.what)
    needs = _consumers(routed, chosen)
    gone = {*chosen, *needs}
    left = [one for one in snapshot.inbound if one.id not in gone]
    if not left:
        raise UsageError(
            f"{options.snapshot}: nothing would be left to replay; remove the folder instead"
        )
    outbound = tuple(
        msgspec.structs.replace(one, groups=groups)
        for one in snapshot.outbound
        if (groups := tuple(group for group in one.groups if group not in gone))
    )
    ids = {one.id for one in (*left, *outbound)}
    after = msgspec.structs.replace(
        snapshot,
        inbound=tuple(left),
        outbound=outbound,
        bindings=without(snapshot.bindings, ids),
    )
    chains = chains_of(routed)
    doubtful = [one.id for one in left if not gone.isdisjoint(chains.of([one.id]))]
    before, now = snapshot.bindings, after.bindings
    return Forgetting(
        gone=tuple(
            _told(routed, one, needs.get(one.id, "")) for one in routed.inbound if one.id in gone
        ),
        bindings=len(before.inbound) + len(before.outbound) - len(now.inbound) - len(now.outbound),
        doubtful=tuple(doubtful),
        after=after,
    )


def write(forgetting: Forgetting, options: ForgetOptions) -> None:
    """Write the snapshot. Raises CannotRun when the disk refuses."""
    write_snapshot(options.snapshot, forgetting.after)


def _chosen(snapshot: Snapshot, what: Sequence[str]) -> list[str]:
    routes = dict.fromkeys(one.route for one in snapshot.inbound)
    found: dict[str, None] = {}
    for text in what:
        if text in routes:
            found |= dict.fromkeys(one.id for one in snapshot.inbound if one.route == text)
        elif " " in text or "/" in text:
            raise UsageError(
                f"{text}: the snapshot has no such route{hint(text, routes)}; `ci-gate inspect` "
                "lists them"
            )
        else:
            found |= dict.fromkeys(inbound_of(snapshot, select(snapshot, [text])))
    return list(found)


def _consumers(snapshot: Snapshot, chosen: Sequence[str]) -> dict[str, str]:
    """Exchange -> the one that makes a value it sends, for all that cannot be sent without those
    that were chosen."""
    found: dict[str, str] = {}
    waiting = list(chosen)
    while waiting:
        maker = waiting.pop()
        for binding in snapshot.bindings.inbound:
            if binding.made.exchange != maker:
                continue
            for spot in binding.used:
                if spot.exchange not in found and spot.exchange not in chosen:
                    found[spot.exchange] = maker
                    waiting.append(spot.exchange)
    return found


def _told(snapshot: Snapshot, exchange: Exchange, needs: str) -> Gone:
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}
    return Gone(
        id=exchange.id,
        route=exchange.route,
        label=codec("http").label(exchange.request),
        calls=tuple(
            f"{one.dependency} {protocols[one.dependency].label(one.request)}"
            for one in snapshot.outbound
            if exchange.id in one.groups
        ),
        needs=needs,
    )
