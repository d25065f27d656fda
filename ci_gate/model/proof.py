"""What the gate catches of a service: regressions seeded into what it says and calls, judged."""

from __future__ import annotations

from typing import Literal

import msgspec

from ci_gate.model.result import Verdict

PROOF_FORMAT = 1


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One seeded regression. Places and routes are clean; no value of any message is here."""

    kind: str
    """"value-changed", "write-dropped" (`diff.regressions`)."""
    route: str
    """The inbound route concerned, "startup" or "background", "" = every route."""
    exchange: str = ""
    """Id of the inbound exchange."""
    place: str = ""
    """"response.body.$.total", "request.query.page"."""
    dependency: str = ""
    """For calls."""
    call: str = ""
    """Route of the call."""
    caught: bool
    by: str = ""
    """Change of the first cause ("type", "missing"), or the condition that failed."""
    hidden: tuple[str, ...] = ()
    """What lets it pass: rules, learned places, what is built in."""


class KindScore(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All trials of one kind."""

    kind: str
    applied: int = 0
    caught: int = 0
    by: tuple[str, ...] = ()
    """The checks that caught them, most frequent first."""
    note: str = ""
    """Why there is none."""


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """proof.json, version 1."""

    format: int = PROOF_FORMAT
    service: str
    score: float
    """caught / applied, 0 when nothing was applied."""
    applied: int
    caught: int
    unchanged_runs: int
    false_alarms: int
    """Unchanged runs that did not pass."""
    minimum: float
    verdict: Verdict
    exchanges: int
    """Inbound exchanges of one run."""
    kinds: tuple[KindScore, ...] = ()
    alarms: tuple[str, ...] = ()
    """What was red in unchanged runs: titles of causes, and reasons."""
    trials: tuple[Trial, ...] = ()
    """All of them; those that were missed first."""
    left: int = 0
    """Further places that were not tried: the choice is bounded."""
    seconds: float = 0.0

    @property
    def outcome(self) -> Literal["pass", "fail", "inconclusive"]:
        """That of the verdict."""
        return self.verdict.outcome
