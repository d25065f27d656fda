"""What a project says of its own data."""

from __future__ import annotations

import json

import pytest

from ci_gate.model.message import Part
from ci_gate.values.redaction.redactor import Decision, Redactor
from ci_gate.values.redaction.rules import (
    CHECKS,
    Entry,
    OwnDetector,
    RedactionRules,
    compiled,
)
from ci_gate.values.redaction.standins import StandIns, is_stand_in

MAKER = StandIns(b"k" * 32)
BODY = {
    "email": "jane@mail.example",
    "first_name": "Ana",
    "id": "123e4567-e89b-12d3-a456-426614174000",
    "note": "order K-12345674 is open",
    "count": 3,
}


def redacted(rules: RedactionRules) -> tuple[dict[str, object], list[Decision]]:
    """The body by these rules, and the decisions; a second pass, under another key, changes
    nothing."""
    log: list[Decision] = []
    part = Part("body", json.dumps(BODY).encode(), "json")
    new, _ = Redactor(MAKER, rules, log).part(part, "request")
    assert Redactor(StandIns(b"o" * 32), rules).part(new, "request") == (new, ())
    assert isinstance(new.value, bytes)
    found: dict[str, object] = json.loads(new.value)
    return found, log


def changed(rules: RedactionRules) -> set[str]:
    """The fields that these rules change."""
    new, _ = redacted(rules)
    return {name for name, value in new.items() if value != BODY[name]}


def test_by_itself() -> None:
    """Without rules the detectors decide, and say what told."""
    new, log = redacted(RedactionRules())
    assert is_stand_in(str(new["email"])) == "email"
    assert [(one.place, one.kind, one.rule) for one in log] == [
        ("request.body.$.email", "email", "form"),
        ("request.body.$.first_name", "name", "name"),
    ]


def test_allow() -> None:
    """By place, by kind, or by both."""
    assert changed(RedactionRules(allow=(Entry(kind="email"),))) == {"first_name"}
    assert changed(RedactionRules(allow=(Entry(at="request.body.$.first_name"),))) == {"email"}
    assert changed(RedactionRules(allow=(Entry(at="request.body.*", kind="name"),))) == {"email"}
    other = RedactionRules(allow=(Entry(at="response.body.*"),))
    assert changed(other) == {"email", "first_name"}


def test_deny() -> None:
    """What is denied goes, whatever it looks like; what is allowed stays all the same."""
    rules = RedactionRules(deny=(Entry(kind="uuid"), Entry(at="request.body.$.note")))
    assert changed(rules) == {"email", "first_name", "id", "note"}
    allowed = RedactionRules(deny=rules.deny, allow=(Entry(at="request.body.$.note"),))
    assert changed(allowed) == {"email", "first_name", "id"}


@pytest.mark.parametrize("text", ["3", "42", "47110815", "-3.5", "1e400", "1" * 300])
def test_a_denied_number_stays_one(text: str) -> None:
    """Of any size, and a second pass changes nothing."""
    rules = RedactionRules(deny=(Entry(at="request.body.$.n"),))
    part = Part("body", f'{{"n": {text}}}'.encode(), "json")
    new, _ = Redactor(MAKER, rules).part(part, "request")
    assert isinstance(new.value, bytes)
    told = new.value.removeprefix(b'{"n": ').removesuffix(b"}")
    assert told.isdigit()
    assert not told.startswith(b"0")
    assert told != text.encode()
    assert Redactor(StandIns(b"o" * 32), rules).part(new, "request") == (new, ())


def test_own_detectors() -> None:
    """A pattern and its check find what is the project's own."""
    own = OwnDetector(name="customer", pattern="K-[0-9]{8}", check="luhn")
    new, log = redacted(RedactionRules(detectors=(own,)))
    assert "K-12345674" not in str(new["note"])
    assert str(new["note"]).startswith("order ")
    assert ("customer", "detectors: customer") in [(one.kind, one.rule) for one in log]
    wrong = OwnDetector(name="customer", pattern="K-[0-9]{8}", check="mod97")
    assert "note" not in changed(RedactionRules(detectors=(wrong,)))
    assert Redactor(MAKER, RedactionRules(detectors=(own,))).text("K-12345674!") == "‹customer›!"


def test_strict() -> None:
    """Every text goes that is not allowed; numbers, and headers of the protocol, stay."""
    assert changed(RedactionRules(strict=True)) == {"email", "first_name", "id", "note"}
    rules = RedactionRules(strict=True, allow=(Entry(at="request.body.$.note"),))
    assert "note" not in changed(rules)
    part = Part("headers", ((b"Accept", b"text/html"), (b"X-Team", b"blue team")), "headers")
    new, places = Redactor(MAKER, rules).part(part, "request")
    assert places == ("headers.x-team",)
    assert isinstance(new.value, tuple)
    assert new.value[0] == (b"Accept", b"text/html")
    path = Part("path", b"/orders/open", "path")
    assert Redactor(MAKER, rules).part(path, "request") == (path, ())


@pytest.mark.parametrize("pattern", ["(", "", "a*", "(?<=x)y"])
def test_no_patterns(pattern: str) -> None:
    """What RE2 refuses, and what matches everywhere, is an error."""
    with pytest.raises(ValueError, match=r"."):
        compiled(pattern)


@pytest.mark.parametrize(
    ("check", "yes", "no"),
    [
        ("", "x", None),
        ("luhn", "4012 8888 8888 1881", "4012888888881882"),
        ("mod97", "3214 2829 1234 5698 7654 3216 1182", "321428291234569876543216118"),
        ("mod11", "0-306-40615-2", "0-306-40615-3"),
        ("random", "tok9a8s7d6f5g4h3j2k1l0", "only-words-in-here-and-more"),
    ],
)
def test_checks(check: str, yes: str, no: str | None) -> None:
    """Each check tells what is right from what is not."""
    assert CHECKS[check](yes)
    assert no is None or not CHECKS[check](no)
