"""Places that are secret by name."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.diff.secrecy import hide, secret_place


@pytest.mark.parametrize(
    ("place", "secret"),
    [
        ("response.body.$.password", True),
        ("response.body.$.users[3].access_token", True),
        ("response.body.$.tokens[2]", True),
        ('response.body.$["client secret"]', True),
        ("request.query.signature", True),
        ("request.body.password", True),
        ("response.headers.authorization", True),
        ("response.headers.x-api-key[1]", True),
        ("response.headers.set-cookie.sid", True),
        ("response.headers.set-cookie.sid[0]", True),
        ("response.headers.set-cookie.sid.path", False),
        ("response.headers.content-type", False),
        ("response.body.$.total", False),
        ("response.body.$.password.length", False),
        ("response.body", False),
        ("response.status", False),
    ],
)
def test_secret_places(place: str, secret: bool) -> None:
    """Fields and headers with telling names are secret; what only looks alike is not."""
    assert secret_place(place) == secret


def test_stand_ins_are_shown(stand_in: Any) -> None:
    """Hiding keeps stand-ins, which are no secrets, and what is absent."""
    made = stand_in("secret", "correct horse battery staple")
    assert hide("hunter2") == "‹secret›"
    assert hide("") == ""
    assert hide(made) == made
    assert hide(f'"{made}"') == f'"{made}"'
