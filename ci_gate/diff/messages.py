"""Compares a live message with the recorded one, part by part, and names every place that differs.

Responses are compared strictly; of requests what the design lists: method, path, query, body,
content type, accept, presence and scheme of authorization, presence of an idempotency key, the
conditions and ranges that decide what is answered (RFC 9110 sections 13 and 14), and the headers
that a rule names. Other request headers make one notice, "client changed".
"""

from __future__ import annotations

from ci_gate.diff.bodies import compare_bodies
from ci_gate.diff.equality import Equality
from ci_gate.diff.fields import compare_flat, flat, text_of
from ci_gate.diff.findings import Findings
from ci_gate.diff.headers import PRESENCE, by_name, signature
from ci_gate.diff.masks import Masks
from ci_gate.diff.render import clean
from ci_gate.model.difference import Difference
from ci_gate.model.message import Headers, Part
from ci_gate.values.jsontext import step

REQUEST_HEADERS = frozenset({b"content-type", b"accept", b"if-match", b"if-none-match", b"range"})
"""Request headers whose values are always compared."""

SCHEME_ONLY = frozenset({b"authorization"})
"""Presence and scheme (the first word) are compared."""

PRESENT_ONLY = frozenset({b"idempotency-key", b"x-idempotency-key"})
"""Presence is compared."""

CONDITION_DATES = frozenset({b"if-modified-since", b"if-unmodified-since"})
"""Presence is compared; another date is the client's, because mocks move Last-Modified with the
clock."""

_NOT_THE_CLIENT = frozenset({b"host", b"cookie", b"expect"}) | SCHEME_ONLY | PRESENT_ONLY
_COOKIES = frozenset({b"set-cookie", b"cookie"})


def compare(
    side: str,
    expected: tuple[Part, ...],
    actual: tuple[Part, ...],
    masks: Masks,
    equality: Equality,
    stand_ins: tuple[tuple[str, str], ...] = (),
) -> tuple[Difference, ...]:
    """The differences of two messages, `side` being "request" or "response".

    Only change, place, expected, actual, detail and notice are filled. `stand_ins` are those of
    the recorded message (`equality.stand_ins_of`): with them, one that came back word for word
    is held to that for the whole run. At most `findings.LIMIT` differences and one that counts the
    rest. A body that lies in a file is compared by size and hash: who can read it passes its bytes.
    """
    findings = Findings(side, masks, equality)
    before = {part.place: part for part in expected}
    after = {part.place: part for part in actual}
    for name in before | after:
        old, new = before.get(name), after.get(name)
        place = f"{side}.{name}"
        if name == "body":
            compare_bodies(findings, place, old, new)
        elif name in ("headers", "trailers"):
            headers, live = _fields(old), _fields(new)
            if side == "response" or name == "trailers":
                _compare_headers(findings, place, headers, live)
            else:
                _compare_request_headers(findings, place, headers, live)
        elif old is None or new is None:
            _one_sided(findings, place, old, new)
        elif old.value != new.value:
            _compare_part(findings, place, old, new)
    return findings.finish(stand_ins)


def _fields(part: Part | None) -> Headers:
    return part.value if part is not None and isinstance(part.value, tuple) else ()


def _one_sided(findings: Findings, place: str, old: Part | None, new: Part | None) -> None:
    """A part that only one message has: a query, field by field; else as a whole."""
    there = old if old is not None else new
    assert there is not None
    if there.media in ("query", "form"):
        before = flat(findings.side, old) if old is not None else {}
        compare_flat(findings, before, flat(findings.side, new) if new is not None else {})
    elif there.value not in ("", b""):
        text = clean(text_of(there.value))
        if old is not None:
            findings.add("removed", place, text, "")
        else:
            findings.add("added", place, "", text)


def _compare_part(findings: Findings, place: str, old: Part, new: Part) -> None:
    """Method, path, query, status, and whatever other protocols have."""
    if isinstance(old.value, int) and isinstance(new.value, int):
        rule = findings.masks.allows(place, new.value)
        if rule:
            findings.used(rule, place, lambda: (str(old.value), str(new.value)))
        else:
            change = "status" if old.place == "status" else "value"
            findings.add(change, place, str(old.value), str(new.value))
    elif old.media and old.media == new.media and not findings.masks.opens(place):
        before, after = flat(findings.side, old), flat(findings.side, new)
        if old.media == "path" and len(before) != len(after):
            findings.text("value", place, text_of(old.value), text_of(new.value))
        else:
            compare_flat(findings, before, after)
    else:
        findings.text("value", place, text_of(old.value), text_of(new.value))


def _compare_headers(findings: Findings, place: str, expected: Headers, actual: Headers) -> None:
    if expected == actual or signature(expected) == signature(actual):
        return
    before, after = by_name(expected), by_name(actual)
    for name in before | after:
        _compare_field(findings, place, name, before.get(name, []), after.get(name, []))


def _compare_field(
    findings: Findings, root: str, name: bytes, before: list[bytes], after: list[bytes]
) -> None:
    """The fields of one name."""
    if before == after:
        return
    place = root + step(name.decode("latin-1"))
    if name in PRESENCE and before and after:
        return
    if name in _COOKIES:
        _compare_cookies(findings, root, name, before, after)
        return
    if name == b"content-type" and before and after:
        before, after = [_no_boundary(one) for one in before], [_no_boundary(one) for one in after]
    many = max(len(before), len(after)) > 1
    for index in range(max(len(before), len(after))):
        at = f"{place}[{index}]" if many else place
        if index >= len(after):
            findings.add("removed", at, clean(text_of(before[index])), "")
        elif index >= len(before):
            findings.add("added", at, "", clean(text_of(after[index])))
        elif before[index] != after[index]:
            findings.text("header", at, text_of(before[index]), text_of(after[index]))


def _no_boundary(value: bytes) -> bytes:
    """A multipart content type without its boundary, which clients draw anew for every message."""
    if not value.lower().startswith(b"multipart/"):
        return value
    kept = [one for one in value.split(b";") if not one.strip().lower().startswith(b"boundary=")]
    return b";".join(kept)


def _compare_cookies(
    findings: Findings, root: str, name: bytes, before: list[bytes], after: list[bytes]
) -> None:
    part = root.split(".", 1)[1]
    old = flat(findings.side, Part(part, tuple((name, value) for value in before), "headers"))
    new = flat(findings.side, Part(part, tuple((name, value) for value in after), "headers"))
    compare_flat(findings, old, new, "header")


def _compare_request_headers(
    findings: Findings, place: str, expected: Headers, actual: Headers
) -> None:
    if expected == actual or signature(expected) == signature(actual):
        return
    before, after = by_name(expected), by_name(actual)
    changed = []
    for name in before | after:
        old, new = before.get(name, []), after.get(name, [])
        at = place + step(name.decode("latin-1"))
        if name in REQUEST_HEADERS or findings.masks.names(at):
            _compare_field(findings, place, name, old, new)
        elif name in SCHEME_ONLY | PRESENT_ONLY or (
            name in CONDITION_DATES and bool(old) != bool(new)
        ):
            _compare_presence(findings, at, name, old, new)
        elif old != new and name not in _NOT_THE_CLIENT and not (name in PRESENCE and old and new):
            changed.append(name)
    if changed:
        names = ", ".join(sorted(name.decode("latin-1") for name in changed))
        # Names only: the value of a header that nobody named may be a secret.
        one = place + step(changed[0].decode("latin-1")) if len(changed) == 1 else place
        findings.notice("header", one, "", "", f"client changed: {clean(names)}")


def _compare_presence(
    findings: Findings, place: str, name: bytes, before: list[bytes], after: list[bytes]
) -> None:
    """Headers whose value is secret or drawn anew: that they are there, and the scheme."""
    if bool(before) != bool(after):
        change = "removed" if before else "added"
        findings.add(change, place, "present" if before else "", "present" if after else "")
    elif name in SCHEME_ONLY:
        old, new = _schemes(before), _schemes(after)
        if old != new:
            findings.add("header", place, f"scheme {clean(old)}", f"scheme {clean(new)}")


def _schemes(values: list[bytes]) -> str:
    return ", ".join(
        text_of(value.split(b" ", 1)[0]).lower() if b" " in value else "none" for value in values
    )
