"""`redaction:` of the configuration: what stays, what goes, detectors of one's own."""

from __future__ import annotations

from typing import Literal

import msgspec

from ci_gate.config.problems import Problems, hint
from ci_gate.values.kinds import KINDS
from ci_gate.values.redaction.personal import KINDS as PERSONAL_KINDS
from ci_gate.values.redaction.rules import (
    CHECKS,
    DENIED_KINDS,
    Entry,
    OwnDetector,
    RedactionRules,
    compiled,
)

FOUND_KINDS = tuple(
    dict.fromkeys(
        (
            *(
                "secret",
                "key",
                "jwt",
                "private-key",
                "password-hash",
                "basic-auth",
                "cookie",
                "email",
                "card",
                "cvv",
            ),
            *("iban", "ipv4", "ipv6", "mac", *PERSONAL_KINDS),
        )
    )
)
"""Kinds that are found by themselves, and that `allow` may name."""


class EntrySection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values to leave, or to replace: by place, by kind, or by both."""

    at: str = ""
    kind: str = ""
    reason: str = ""


class DetectorSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A detector of one's own: an RE2 pattern, and the check of what it matches."""

    name: str = ""
    pattern: str = ""
    check: str = ""


class RedactionSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is redacted beyond, or in spite of, what is found by itself."""

    mode: Literal["", "strict"] = ""
    allow: tuple[EntrySection, ...] = ()
    deny: tuple[EntrySection, ...] = ()
    detectors: tuple[DetectorSection, ...] = ()
    check: bool = True


def redaction_rules(section: RedactionSection | None) -> RedactionRules:
    """What a checked section says."""
    if section is None:
        return RedactionRules()
    return RedactionRules(
        allow=tuple(Entry(at=one.at, kind=one.kind) for one in section.allow),
        deny=tuple(Entry(at=one.at, kind=one.kind) for one in section.deny),
        detectors=tuple(
            OwnDetector(name=one.name, pattern=one.pattern, check=one.check)
            for one in section.detectors
        ),
        strict=section.mode == "strict",
        check=section.check,
    )


def check_redaction(section: RedactionSection | None, problems: Problems) -> None:
    """Complain about entries without place and kind, unknown kinds and checks, bad patterns."""
    if section is None:
        return
    own = tuple(one.name for one in section.detectors)
    for key, entries, kinds in (
        ("allow", section.allow, (*FOUND_KINDS, *own)),
        ("deny", section.deny, DENIED_KINDS),
    ):
        for number, one in enumerate(entries):
            _check_entry(one, ("redaction", key, number), kinds, problems)
    for number, detector in enumerate(section.detectors):
        _check_detector(detector, ("redaction", "detectors", number), problems)


def _check_entry(
    one: EntrySection, at: tuple[str | int, ...], kinds: tuple[str, ...], problems: Problems
) -> None:
    if not one.at and not one.kind:
        problems.add(at, "name a place (at), a kind, or both")
    if one.at and not one.at.startswith(("request.", "response.")):
        text = "a place begins with request. or response., such as request.body.$.note"
        problems.add((*at, "at"), text)
    if one.kind and one.kind not in kinds:
        text = f"unknown kind {one.kind[:40]!r}; known: {', '.join(kinds)}{hint(one.kind, kinds)}"
        problems.add((*at, "kind"), text)


def _check_detector(one: DetectorSection, at: tuple[str | int, ...], problems: Problems) -> None:
    if not one.name or one.name in FOUND_KINDS or one.name in KINDS:
        problems.add(at, "give it a name that no other kind has")
    if one.check not in CHECKS:
        known = [name for name in CHECKS if name]
        text = (
            f"unknown check {one.check[:40]!r}; known: {', '.join(known)}{hint(one.check, known)}"
        )
        problems.add((*at, "check"), text)
    try:
        compiled(one.pattern)
    except ValueError as error:
        problems.add((*at, "pattern"), f"not a pattern of RE2: {error}")
