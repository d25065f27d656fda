"""Errors of forges, told apart and without secrets."""

from __future__ import annotations

import pytest

from ci_gate.errors import CannotRun
from ci_gate.forge.base import ForgeError, hide, of_status


@pytest.mark.parametrize(
    ("status", "kind", "unsure"),
    [
        (401, "permission", False),
        (403, "permission", False),
        (404, "permission", False),
        (429, "busy", False),
        (500, "busy", True),
        (599, "busy", True),
        (400, "refused", False),
        (422, "refused", False),
        (418, "broken", False),
        (302, "broken", False),
    ],
)
def test_statuses(status: int, kind: str, unsure: bool) -> None:
    """Every status is one kind of trouble; after a 5xx the write may have happened."""
    error = of_status(status, "writing", "because")
    assert (error.kind, error.unsure, str(error)) == (kind, unsure, f"writing: {status} because")
    assert isinstance(error, ForgeError)
    assert isinstance(error, CannotRun)


def test_a_403_may_be_a_limit() -> None:
    """GitHub says 403 for its rate limits, too."""
    assert of_status(403, "x", limited=True).kind == "busy"


@pytest.mark.parametrize("token", ["ghs_abc123", "a/b+c=d", "user:pass word"])
def test_tokens_are_hidden(token: str) -> None:
    """A token is cut out as it is and as it stands in an address."""
    from urllib.parse import quote

    text = hide(f"GET https://x/?t={quote(token, safe='')} {token} said no", token)
    assert token not in text
    assert quote(token, safe="") not in text
    assert text.endswith("said no")


def test_short_tokens_hide_nothing() -> None:
    """What is too short to be a token is not cut out of words."""
    assert hide("a b c", "a") == "a b c"
    assert hide("a\nb\x1b[0m", "") == "a b\\x1b[0m"
