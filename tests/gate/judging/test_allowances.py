"""How much lets something pass is counted over the whole snapshot."""

from __future__ import annotations

import msgspec

from ci_gate.config.options import RunOptions
from ci_gate.gate.judging.allowances import allowances
from ci_gate.gate.planning import make_plan
from ci_gate.model.known import Known, Quarantined
from ci_gate.model.noise import Noise, Rebased
from ci_gate.model.result import Allowances
from ci_gate.model.rule import Rule
from ci_gate.model.snapshot import Snapshot
from ci_gate.service.options import ServiceOptions
from ci_gate.store.snapshot import write_snapshot


def test_everything_is_counted(recorded: Snapshot, snapshot_folder: str) -> None:
    """Rules and entries as configured, but for those whose date is over; places of inbound exchanges
    and of calls as learned."""
    noise = (Noise(at="response.body.$.id", kind="integer", low=1, high=9),)
    rebased = (Rebased(at="response.body.$.items[0].price", recorded="4", expected="3"),)
    first = msgspec.structs.replace(recorded.inbound[0], noise=noise, rebased=rebased)
    call = msgspec.structs.replace(
        recorded.outbound[0],
        noise=(Noise(at="request.body.$.amount", kind="integer"),),
        assumed=True,
    )
    write_snapshot(
        snapshot_folder,
        msgspec.structs.replace(
            recorded,
            inbound=(first, *recorded.inbound[1:]),
            outbound=(call, *recorded.outbound[1:]),
        ),
    )
    options = RunOptions(
        snapshot=snapshot_folder,
        service=ServiceOptions(name="x"),
        rules=(
            Rule(index=1, at="response.body.$.a", allow="any", reason="r"),
            Rule(index=2, at="response.body.$.b", allow="any", reason="r", until="2001-01-01"),
        ),
        known=tuple(
            Known(index=index, fingerprint="c1:x", reason="r", owner="o", until=until)
            for index, until in enumerate(("2001-01-01", "2999-01-01"), 1)
        ),
        quarantine=tuple(
            Quarantined(
                index=index, exchange="x", differences=(), reason="r", owner="o", until=until
            )
            for index, until in enumerate(("2001-01-01", "2999-01-01"), 1)
        ),
    )
    assert allowances(make_plan(options)) == Allowances(
        rules=1, noise=2, rebased=1, known=1, quarantined=1, assumed=1
    )
