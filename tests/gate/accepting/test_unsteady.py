"""Values that another run will not say again."""

from __future__ import annotations

import pytest

from ci_gate.diff.masks import NO_MASKS, Masks
from ci_gate.gate.accepting.unsteady import Unsteady
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, Part
from ci_gate.model.snapshot import Origin, Snapshot

STARTED = "2026-08-31T10:00:00+00:00"
DRAWN = "0b8ff3a2-2f43-4f5e-9df5-7a3f1f2f8c11"


def found(after: str, before: str = "{}", masks: Masks = NO_MASKS) -> list[str]:
    """The kinds that are found in a body."""
    known = Exchange(
        id="e-1",
        route="GET /",
        request=HttpRequest("GET", b"/?id=9c2f1a77-0b4e-4c1d-8a55-0f3e2d1c4b6a"),
    )
    snapshot = Snapshot(
        origin=Origin(service="s", recorded_at="2026-01-02T03:04:05Z"), inbound=(known,)
    )
    parts = [(Part("body", text.encode(), "json"),) for text in (before, after)]
    places = Unsteady(snapshot, STARTED).places("response", *parts, masks)
    return [kind for _, kind in places]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (f'"{DRAWN}"', "uuid"),
        ('"2026-08-31T09:59:58Z"', "timestamp"),
        ("1788170400", "timestamp"),
        ('"2026-01-02T03:04:06Z"', "timestamp"),
        ('"tok_8fK2mQ9xL4vB7nZ1"', "token"),
    ],
)
def test_unsteady(value: str, kind: str) -> None:
    """Drawn identifiers, points in time near the run or the recording, random texts."""
    assert found(f'{{"a": {value}}}') == [kind]


@pytest.mark.parametrize(
    "value",
    ['"19.70"', "3", "true", '"paid"', '"2019-05-01"', '"9c2f1a77-0b4e-4c1d-8a55-0f3e2d1c4b6a"'],
)
def test_steady(value: str) -> None:
    """Plain values, times long ago, and what stands elsewhere in the snapshot."""
    assert found(f'{{"a": {value}}}') == []


def test_a_digest_for_a_digest() -> None:
    """What was steady when it was recorded is so again: an ETag follows its page."""
    digests = ('{"a": "5f4dcc3b5aa765d6"}', '{"a": "7c6a180b36896a0a"}')
    assert found(digests[1], digests[0]) == []


def test_a_rule_says_how_it_varies() -> None:
    """Then it may be accepted."""
    masks = Masks((("response.body.$.a", "uuid", 1),))
    assert found(f'{{"a": "{DRAWN}"}}', masks=masks) == []
