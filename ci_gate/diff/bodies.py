"""Compares bodies: bytes first, then by what their media says is inside."""

from __future__ import annotations

from ci_gate.diff.bodytext import describe, excerpts, same_bytes, size_of
from ci_gate.diff.expectation import joined
from ci_gate.diff.fields import compare_fields
from ci_gate.diff.findings import Findings
from ci_gate.diff.jsonvalue import NotJson, decode
from ci_gate.diff.noise.settled import settled
from ci_gate.diff.structure import compare_values
from ci_gate.model.message import Body, Opaque, Part, Pieces
from ci_gate.values.leaves import read_text

_BY_FIELDS = ("form", "multipart")


def compare_bodies(
    findings: Findings, place: str, expected: Part | None, actual: Part | None
) -> None:
    """Add the differences of two bodies; None is a message that has none."""
    before, after = _body(expected), _body(actual)
    if same_bytes(before, after):
        return
    before, after, ended = _streams(before, after)
    if same_bytes(before, after) and not ended:
        return
    media = expected.media if expected is not None else ""
    live_media = actual.media if actual is not None else ""
    rule = findings.masks.opens(place)
    if rule:
        findings.used(rule, place, lambda: (describe(before, media), describe(after, live_media)))
    elif ended:
        findings.add("body", place, describe(before, media), describe(after, live_media), ended)
    elif media == live_media == "binary" and findings.masks.varies(place, before, after):
        findings.touched.append(place)
    elif isinstance(before, bytes) and isinstance(after, bytes) and before and after:
        _compare_bytes(findings, place, (expected, before), (actual, after))
    else:
        _compare_unread(findings, place, (before, media), (after, live_media))


def _body(part: Part | None) -> Body:
    if part is None or isinstance(part.value, (int, tuple)):
        return b""
    value = part.value
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


def _streams(before: Body, after: Body) -> tuple[Body, Body, str]:
    """Streams as their joined data, and what is to be said of how they ended.

    One that was still open when recording stopped is only known so far: live it must begin
    with that, and may go on."""
    if not isinstance(before, Pieces) and not isinstance(after, Pieces):
        return before, after, ""
    if isinstance(before, Pieces) and not before.complete:
        known = b"".join([piece.data for piece in before.items])
        live = _data(after)
        if live is None:
            return known, after, ""
        return known, live[: len(known)], ""
    if isinstance(after, Pieces) and not after.complete:
        return joined(before), _data(after) or b"", "it broke off before its end"
    return joined(before), joined(after), ""


def _data(body: Body) -> bytes | None:
    if isinstance(body, Pieces):
        return b"".join([piece.data for piece in body.items])
    return body if isinstance(body, bytes) else None


def _compare_unread(
    findings: Findings, place: str, expected: tuple[Body, str], actual: tuple[Body, str]
) -> None:
    """Bodies of which at least one is not at hand, or empty."""
    before, after = expected[0], actual[0]
    unknown = isinstance(before, Opaque) and not isinstance(after, Opaque)
    if unknown and size_of(before) == size_of(after):
        text = "the recorded body was not kept: only its size could be compared"
        findings.notice("body", place, describe(*expected), describe(*actual), text)
        return
    findings.add("body", place, describe(*expected), describe(*actual))


def _compare_bytes(
    findings: Findings,
    place: str,
    expected: tuple[Part | None, bytes],
    actual: tuple[Part | None, bytes],
) -> None:
    (part, before), (live_part, after) = expected, actual
    assert part is not None
    assert live_part is not None
    media, live_media = part.media, live_part.media
    if media == live_media == "json" and _compare_json(findings, place, before, after):
        return
    if media == live_media and media in _BY_FIELDS:
        compare_fields(findings, place, (part, before), (live_part, after))
        return
    if media == "binary" or live_media == "binary":
        findings.add("body", place, describe(before, media), describe(after, live_media))
        return
    old, new = read_text(before, part.parameter)[0], read_text(after, live_part.parameter)[0]
    _compare_text(findings, place, old, new, (media, live_media))


def _compare_json(findings: Findings, place: str, before: bytes, after: bytes) -> bool:
    """True when both were JSON and have been compared."""
    try:
        old, new = decode(before), decode(after)
        if old != new:
            compare_values(findings, place + ".$", old, new)
    except (NotJson, RecursionError):
        return False
    return True


def _compare_text(
    findings: Findings, place: str, before: str, after: str, media: tuple[str, str]
) -> None:
    if media[0] == media[1] and findings.masks.varies(place, before, after):
        findings.touched.append(place)
        return
    rule = findings.masks.allows_text(place, after)
    if rule:
        findings.used(rule, place, lambda: excerpts(before, after)[:2])
        return
    if media[0] == media[1] and (before == after or findings.same_words(before, after)):
        findings.touched.append(place)
        return
    old, new, detail = excerpts(before, settled(findings.masks.varying, place, before, after))
    if media[0] != media[1]:
        old, new = f"{media[0] or 'text'}: {old}", f"{media[1] or 'text'}: {new}"
    findings.add("body", place, old, new, detail)
