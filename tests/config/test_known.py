"""Known causes and quarantine in the file: with reason, owner and date, or refused."""

from __future__ import annotations

import pytest

from ci_gate.config.file import check_honoured, load
from ci_gate.config.judging import resolve_known, resolve_quarantine
from ci_gate.errors import UsageError
from ci_gate.model.known import Known, Quarantined
from tests.config.conftest import Around

GOOD = """
known:
  - {fingerprint: c1:1f0c2a34-9d31c07e, reason: "rounds now", owner: "@a", until: 2027-06-30}
quarantine:
  - exchange: 3f2a9c1b7e-1
    differences: [d1:5be02f6a, d1:00000000]
    reason: races
    owner: "@b"
    until: 2027-07-31
"""

FAULTS = {
    "known: [{reason: r, owner: o, until: 2027-06-30}]": (
        "known[1]: fingerprint is missing; `ci-gate run` shows that of every cause"
    ),
    "known: [{fingerprint: C1, reason: r, owner: o, until: 2027-06-30}]": (
        "known[1].fingerprint: C1 is no fingerprint"
    ),
    "known: [{fingerprint: c7:1f0c2a34, reason: r, owner: o, until: 2027-06-30}]": (
        "known[1].fingerprint: c7:1f0c2a34 is of another version (c7, this ci-gate makes c1); "
        "run the gate again"
    ),
    "known: [{fingerprint: c1:1f0c2a34-9d31c07e, reason: r, owner: o}]": (
        "known[1]: until is missing: it passes up to a date, such as until: 2027-06-30"
    ),
    "known: [{fingerprint: c1:1f0c2a34-9d31c07e, reason: r, owner: o, until: soon}]": (
        "known[1].until: soon is no date: write it as 2027-06-30"
    ),
    "known: [{fingerprint: c1:1f0c2a34-9d31c07e, reason: ' ', owner: o, until: 2027-06-30}]": (
        "known[1]: reason is missing: say why this passes"
    ),
    "known: [{fingerprint: c1:1f0c2a34-9d31c07e, reason: r, until: 2027-06-30}]": (
        "known[1]: owner is missing: say who mends it"
    ),
    "quarantine: [{differences: [d1:5be02f6a], reason: r, owner: o, until: 2027-06-30}]": (
        "quarantine[1]: exchange is missing"
    ),
    "quarantine: [{exchange: a-1, reason: r, owner: o, until: 2027-06-30}]": (
        "quarantine[1]: differences is missing"
    ),
    "quarantine: [{exchange: a-1, differences: [x], reason: r, owner: o, until: 2027-06-30}]": (
        "quarantine[1].differences[1]: x is no fingerprint"
    ),
    "quarantine: [{exchange: a-1, differences: [d1:5be02f6a], reason: r, owner: o}]": (
        "quarantine[1]: until is missing"
    ),
}


def test_entries_are_numbered_and_know_their_line(around: Around) -> None:
    """As reports name them."""
    surroundings = around("version: 1" + GOOD)
    assert resolve_known(surroundings) == (
        Known(
            index=1,
            fingerprint="c1:1f0c2a34-9d31c07e",
            reason="rounds now",
            owner="@a",
            until="2027-06-30",
            line=3,
        ),
    )
    assert resolve_quarantine(surroundings) == (
        Quarantined(
            index=1,
            exchange="3f2a9c1b7e-1",
            differences=("d1:5be02f6a", "d1:00000000"),
            reason="races",
            owner="@b",
            until="2027-07-31",
            line=5,
        ),
    )


def test_they_are_honoured() -> None:
    """Nothing says that they are not supported."""
    check_honoured(load("version: 1\ngate: {unstable: warn}" + GOOD))


@pytest.mark.parametrize("text", FAULTS)
def test_faults(text: str) -> None:
    """Each is refused with its place and what mends it."""
    with pytest.raises(UsageError) as caught:
        load(f"version: 1\n{text}")
    assert FAULTS[text] in str(caught.value)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("known", "{fingerprint: c1:1f0c2a34-9d31c07e, reason: r, owner: o, until: 2027-06-30}"),
        (
            "quarantine",
            "{exchange: a-1, differences: [d1:5be02f6a], reason: r, owner: o, until: 2027-06-30}",
        ),
    ],
)
def test_the_same_twice_is_refused(key: str, entry: str) -> None:
    """Two dates for one thing: neither can be meant."""
    with pytest.raises(UsageError, match="stands in entry 1, too; take one out"):
        load(f"version: 1\n{key}: [{entry}, {entry}]")
