"""Rules as the file says them (what each fault reads like: tests/golden/config/faults.txt)."""

from __future__ import annotations

import pytest

from ci_gate.config.file import load
from ci_gate.config.rules import rule_of
from ci_gate.errors import UsageError

GOOD = """\
version: 1
dependencies: {payments: {upstream: "https://a.example"}}
rules:
  - {at: "response.body.$.items[*].price", allow: number, reason: x}
  - {at: 'response.body.$["a.b"][3].*', allow: any, reason: x}
  - {at: response.headers.x-id, allow: uuid, reason: x}
  - {at: request.headers.cookie.session, allow: any, reason: x}
  - {at: request.query.page, allow: integer, reason: x}
  - {at: "request.path[2]", allow: uuid, reason: x}
  - {at: response.status, allow: integer, reason: x, where: {route: "GET /x"}}
  - {at: response.body, allow: any, reason: x, where: {route: "GET /x"}}
  - {calls: [reordered], reason: x}
  - {calls: [missing, repeated], effect: read, where: {dependency: shipping}, reason: x}
"""


def test_rules_that_can_be_meant() -> None:
    """Every form of place and of calls is accepted; a name that is only in the snapshot too."""
    settings = load(GOOD).settings
    assert [rule_of(i, one, 0).index for i, one in enumerate(settings.rules)] == list(range(1, 11))


@pytest.mark.parametrize("reason", ["", "'  '"])
def test_a_reason_is_words(reason: str) -> None:
    """Blank reasons are no reasons."""
    with pytest.raises(UsageError, match="has no reason"):
        load(f"version: 1\nrules:\n- {{at: response.status, allow: any, reason: {reason}}}")
