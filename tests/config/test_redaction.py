"""`redaction:` is read, and refused where it cannot be meant."""

from __future__ import annotations

import pytest

from ci_gate.config.file import check_honoured, load
from ci_gate.config.redaction import redaction_rules
from ci_gate.errors import UsageError
from ci_gate.values.redaction.rules import Entry, OwnDetector, RedactionRules

GOOD = """version: 1
redaction:
  mode: strict
  check: false
  allow:
    - {kind: name, reason: names are made up here}
    - {at: "response.body.$.status"}
    - {kind: customer}
  deny: [{at: "request.body.$.note"}, {kind: uuid}]
  detectors: [{name: customer, pattern: "K-[0-9]{8}", check: luhn}]
"""


def test_read() -> None:
    """Every key arrives; a section that is empty or absent says nothing."""
    config = load(GOOD)
    check_honoured(config)
    assert redaction_rules(config.settings.redaction) == RedactionRules(
        allow=(Entry(kind="name"), Entry(at="response.body.$.status"), Entry(kind="customer")),
        deny=(Entry(at="request.body.$.note"), Entry(kind="uuid")),
        detectors=(OwnDetector(name="customer", pattern="K-[0-9]{8}", check="luhn"),),
        strict=True,
        check=False,
    )
    assert redaction_rules(load("version: 1\nredaction:").settings.redaction) == RedactionRules()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{mode: lax}", "redaction.mode"),
        ("{allow: [{}]}", "name a place"),
        ("{allow: [{kind: emial}]}", "did you mean email"),
        ("{deny: [{at: body.x}]}", "begins with request"),
        ("{deny: [{kind: secret}]}", "unknown kind"),
        ("{detectors: [{name: email, pattern: x}]}", "a name that no other kind has"),
        ("{detectors: [{name: a, pattern: '('}]}", "not a pattern of RE2"),
        ("{detectors: [{name: a, pattern: x, check: lunh}]}", "did you mean luhn"),
        ("{allows: []}", "unknown key"),
    ],
)
def test_refused(text: str, message: str) -> None:
    """A fault is named with its line."""
    with pytest.raises(UsageError, match=message) as caught:
        load(f"version: 1\nredaction: {text}")
    assert "ci-gate.yml:2" in str(caught.value)
