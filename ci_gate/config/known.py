"""`known` and `quarantine` of ci-gate.yml: what passes for a time, by whom, why, and until when."""

from __future__ import annotations

from ci_gate.config.lines import Path
from ci_gate.config.problems import Problems
from ci_gate.config.schema import Configuration, KnownSection, QuarantineSection
from ci_gate.config.units import date
from ci_gate.diff.causes.fingerprint import CAUSE, DIFFERENCE, fault
from ci_gate.model.known import Known, Quarantined


def check_known(settings: Configuration, problems: Problems) -> None:
    """Complain about entries without reason, owner or date, and fingerprints that cannot match."""
    seen: dict[str, int] = {}
    for number, known in enumerate(settings.known):
        at: Path = ("known", number)
        wrong = fault(known.fingerprint, CAUSE)
        if not known.fingerprint:
            problems.add(at, "fingerprint is missing; `ci-gate run` shows that of every cause")
        elif wrong:
            problems.add((*at, "fingerprint"), wrong)
        _check_terms(known, at, problems)
        _check_once(known.fingerprint, seen, number, (*at, "fingerprint"), problems)
    seen = {}
    for number, one in enumerate(settings.quarantine):
        at = ("quarantine", number)
        if not one.exchange:
            problems.add(at, "exchange is missing: the id of the exchange that proved unstable")
        if not one.differences:
            text = "differences is missing: the fingerprints that `ci-gate run` shows beside it"
            problems.add(at, text)
        for place, fingerprint in enumerate(one.differences):
            wrong = fault(fingerprint, DIFFERENCE)
            if wrong:
                problems.add((*at, "differences", place), wrong)
        _check_terms(one, at, problems)
        _check_once(one.exchange, seen, number, (*at, "exchange"), problems)


def _check_terms(one: KnownSection | QuarantineSection, at: Path, problems: Problems) -> None:
    if not one.reason.strip():
        problems.add(at, "reason is missing: say why this passes")
    if not one.owner.strip():
        problems.add(at, "owner is missing: say who mends it")
    if not one.until:
        problems.add(at, "until is missing: it passes up to a date, such as until: 2027-06-30")
        return
    try:
        date(one.until)
    except ValueError as error:
        problems.add((*at, "until"), str(error))


def _check_once(text: str, seen: dict[str, int], number: int, at: Path, problems: Problems) -> None:
    if text and seen.setdefault(text, number) != number:
        problems.add(at, f"{text} stands in entry {seen[text] + 1}, too; take one out")


def known_of(number: int, section: KnownSection, line: int) -> Known:
    """The known cause that a section means; `number` counts from 0."""
    return Known(
        index=number + 1,
        fingerprint=section.fingerprint,
        reason=section.reason.strip(),
        owner=section.owner,
        until=section.until,
        line=line,
    )


def quarantined_of(number: int, section: QuarantineSection, line: int) -> Quarantined:
    """The same for an exchange in quarantine."""
    return Quarantined(
        index=number + 1,
        exchange=section.exchange,
        differences=section.differences,
        reason=section.reason.strip(),
        owner=section.owner,
        until=section.until,
        line=line,
    )
