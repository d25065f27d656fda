"""Parts that are fields by name: queries, forms, cookies, multipart bodies, path segments."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ci_gate.diff.bodytext import describe
from ci_gate.diff.findings import Findings
from ci_gate.diff.render import clean
from ci_gate.model.message import Part
from ci_gate.values.places import rewrite, walk


def text_of(value: object) -> str:
    """A value of a part as text, whatever its bytes."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def flat(side: str, part: Part) -> dict[str, str]:
    """The values of a part by full place, as text."""
    return {f"{side}.{place}": text_of(value) for place, value in walk(part)}


def compare_flat(
    findings: Findings,
    before: Mapping[str, str],
    after: Mapping[str, str],
    change: str = "value",
) -> None:
    """Values by place: what changed, went and came."""
    for place, old in before.items():
        new = after.get(place)
        if new is None:
            findings.add("removed", place, clean(old), "")
        elif old != new:
            findings.text(change, place, old, new)
    for place, new in after.items():
        if place not in before:
            findings.add("added", place, "", clean(new))


def compare_fields(
    findings: Findings, place: str, expected: tuple[Part, bytes], actual: tuple[Part, bytes]
) -> None:
    """Two form or multipart bodies of unequal bytes.

    A form is all in its fields; their order between names and how they were escaped is not
    compared. In a multipart body what is not in a field (file contents, the parts' own headers)
    is compared as bytes, the boundary aside.
    """
    old = msgspec.structs.replace(expected[0], value=expected[1])
    new = msgspec.structs.replace(actual[0], value=actual[1])
    known = findings.count
    compare_flat(findings, flat(findings.side, old), flat(findings.side, new))
    if old.media == "multipart" and findings.count == known and _frame(old) != _frame(new):
        findings.add(
            "body", place, describe(expected[1], old.media), describe(actual[1], new.media)
        )


def _frame(part: Part) -> bytes:
    """A multipart body with every field emptied and its boundary left out."""
    frame = rewrite(part, lambda _place, _text: "").value
    assert isinstance(frame, bytes)
    return frame.replace(b"--" + part.parameter.encode("latin-1", "replace"), b"--")
