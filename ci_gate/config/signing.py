"""Secrets that a run makes up: `${secret.NAME}` in service.env, and what each of them signs."""

from __future__ import annotations

import re

from ci_gate.config.lines import Path
from ci_gate.config.problems import Problems, hint
from ci_gate.config.schema import Configuration, SignSection
from ci_gate.values.webhooks import FORMS, JWT_FORMS, OWN_FORMS, Signing

_SECRET = re.compile(r"(?<!\$)\$\{secret\.([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")


def secrets_in(text: str) -> tuple[str, ...]:
    """The names in the `${secret.NAME}` of a text."""
    return tuple(_SECRET.findall(text))


def signings(settings: Configuration) -> tuple[Signing, ...]:
    """What is signed, and with which secret; a secret that is named after a form has it."""
    listed = [_signing(one) for one in settings.replay.sign]
    told = {one.secret for one in listed}
    return (
        *listed,
        *(Signing(secret=name, form=name) for name in _given(settings) if name not in told),
    )


def _given(settings: Configuration) -> dict[str, str]:
    """Name of a secret -> the variable of service.env that gives it to the service."""
    return {
        name: variable
        for variable, text in settings.service.env.items()
        for name in secrets_in(text)
    }


def _signing(one: SignSection) -> Signing:
    return Signing(secret=one.secret, form=one.form or one.secret, header=one.header)


def check_signing(settings: Configuration, problems: Problems) -> None:
    """Complain about secrets that sign nothing, and about what nothing can sign."""
    given = _given(settings)
    told = {one.secret for one in settings.replay.sign}
    for name, variable in given.items():
        place = ("service", "env", variable)
        if not _NAME.match(name):
            problems.add(place, f"${{secret.{name[:40]}}}: letters, digits, - and _")
        elif name not in told and name not in FORMS:
            problems.add(
                place,
                f"nothing says what ${{secret.{name}}} signs; name it after its form "
                f"({', '.join(_own_header_forms())}), or list it in replay.sign",
            )
        elif name not in told and name in OWN_FORMS:
            problems.add(
                place,
                f"the form {name} has no header of its own: list it in replay.sign, such as "
                f"{{secret: {name}, form: {name}, header: X-Signature}}",
            )
    places: dict[str, Path] = {name: ("service", "env", given[name]) for name in given}
    for number, one in enumerate(settings.replay.sign):
        _check(one, number, given, problems)
        places[one.secret] = ("replay", "sign", number)
    for signing in [one for one in signings(settings) if one.form in JWT_FORMS][1:]:
        problems.add(places[signing.secret], "one secret signs tokens, not several")


def _check(one: SignSection, number: int, given: dict[str, str], problems: Problems) -> None:
    at = ("replay", "sign", number)
    form = one.form or one.secret
    if one.secret not in given:
        known = hint(one.secret, given)
        problems.add(
            (*at, "secret"),
            f"nothing gives it to the service; write ${{secret.{one.secret[:40]}}} in "
            f"service.env{known}",
        )
    if form not in FORMS:
        text = f"unknown form {form[:40]!r}; known: {', '.join(FORMS)}{hint(form, FORMS)}"
        problems.add((*at, "form") if one.form else at, text)
    elif form in OWN_FORMS and not one.header:
        problems.add(
            at, f"the form {form} has no header of its own; say which: header: X-Signature"
        )
    elif form not in OWN_FORMS and one.header:
        problems.add((*at, "header"), f"the form {form} has its own; take it out")
    if one.header and not _HEADER.match(one.header):
        problems.add((*at, "header"), "not a name for a header")


def _own_header_forms() -> tuple[str, ...]:
    return tuple(form for form in FORMS if form not in OWN_FORMS)
