"""How much of what a run is judged by lets something pass: counted, for every report."""

from __future__ import annotations

from ci_gate.gate.planning import Plan
from ci_gate.model.result import Allowances


def allowances(plan: Plan) -> Allowances:
    """The counts of rules, entries and places, of the whole snapshot; what is expired lets nothing
    pass, and is none of them."""
    snapshot = plan.snapshot
    exchanges = (*snapshot.inbound, *snapshot.outbound)
    return Allowances(
        rules=sum(one.state != "expired" for one in plan.rules.uses()),
        noise=sum(len(one.noise) for one in exchanges),
        rebased=sum(len(one.rebased) for one in exchanges),
        assumed=sum(one.assumed for one in exchanges),
        known=plan.known,
        quarantined=plan.quarantined,
    )
