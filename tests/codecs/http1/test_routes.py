"""Paths as routes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.codecs.http1 import routes
from ci_gate.codecs.http1.routes import fold_path, match_route, shown_path
from ci_gate.values.redaction.standins import StandIns

UUID = "3f2a9c1b-7e44-4a1c-9b7e-0a1b2c3d4e5f"
ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.mark.parametrize(
    ("path", "folded"),
    [
        ("/", "/"),
        ("", ""),
        ("*", "*"),
        ("/orders", "/orders"),
        ("/orders/17", "/orders/{id}"),
        ("/orders/17/", "/orders/{id}/"),
        ("/orders/17/items/2", "/orders/{id}/items/{id2}"),
        (f"/u/{UUID}", "/u/{id}"),
        (f"/u/{UUID.upper()}", "/u/{id}"),
        (f"/u/{ULID}", "/u/{id}"),
        (f"/u/{ULID.lower()}", f"/u/{ULID.lower()}"),
        ("/c/deadbee1", "/c/{id}"),
        ("/c/DEADBEE1", "/c/{id}"),
        ("/c/deadbeef", "/c/deadbeef"),
        ("/c/facade", "/c/facade"),
        ("/c/abc1234", "/c/abc1234"),
        ("/v1/orders", "/v1/orders"),
        ("/files/report-17.pdf", "/files/report-17.pdf"),
        ("/2024-01-01", "/2024-01-01"),
        ("//double", "//double"),
        ("/a%20b/%7Euser/%c3%a9", "/a%20b/~user/%C3%A9"),
        ("/%31%37", "/{id}"),
        ("/a%2Fb", "/a%2Fb"),
        ("/café", "/caf%C3%A9"),
        ("/{id}", "/%7Bid%7D"),
        ("/100%", "/100%25"),
    ],
)
def test_folding(path: str, folded: str) -> None:
    """A segment is folded for its own text; the rest is shown in one ASCII spelling."""
    assert fold_path(path) == folded
    assert fold_path(path.encode()) == folded


def test_bytes_that_are_no_text() -> None:
    """A path that is not UTF-8 has a route too."""
    assert fold_path(b"/\xff\xfe/7") == "/%FF%FE/{id}"


@pytest.mark.parametrize("escaped", [False, True])
def test_redacted_segments_are_variable(escaped: bool) -> None:
    """What was redacted varied by definition."""
    email = StandIns(b"k" * 32).stand_in("email", "jo@real.example")
    text = email.replace("@", "%40") if escaped else email
    assert fold_path(f"/users/{text}/orders") == "/users/{id}/orders"


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/users/jo", "GET /users/{name}"),
        ("GET", "/users/17", "GET /users/{name}"),
        ("GET", "/users/me", "GET /users/me"),
        ("POST", "/users/jo", "POST /users/jo"),
        ("GET", "/users/", "GET /users/"),
        ("GET", "/users/jo/orders/7", "GET /users/{name}/orders/{order}"),
        ("GET", "/users/jo/x/7", "GET /users/jo/x/{id}"),
        ("GET", "/caf%C3%A9/1", "GET /caf%C3%A9/{n}"),
    ],
)
def test_the_configs_routes_win(method: str, path: str, route: str) -> None:
    """The first pattern that covers a call names it; without one its text does."""
    patterns = (
        "GET /users/me",
        "GET /users/{name}",
        "GET /users/{name}/orders/{order}",
        "GET /caf%C3%A9/{n}",
    )
    assert match_route(patterns, method, path) == route
    assert match_route(patterns, method, path.encode()) == route


def test_without_patterns_the_text_decides() -> None:
    """No `routes:` in the config."""
    assert match_route((), "GET", b"/a/7") == "GET /a/{id}"


def test_the_memo_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long-lived process forgets paths instead of growing."""
    monkeypatch.setattr(routes, "_MEMO_ENTRIES", 8)
    routes._memo.clear()
    for number in range(100):
        fold_path(f"/a{number}")
        assert len(routes._memo) <= 8
    fold_path("/" + "x" * 5000)
    assert max(map(len, routes._memo)) < 2000


@settings(deadline=None)
@given(path=st.binary(max_size=60))
def test_any_path_has_a_plain_route(path: bytes) -> None:
    """Routes are printable ASCII, the same each time, and showing them twice changes nothing."""
    shown = shown_path(path)
    assert re.fullmatch(r"[!-~]*", shown)
    assert shown_path(shown.encode()) == shown
    routes._memo.clear()
    assert fold_path(path) == fold_path(path)
    assert re.fullmatch(r"[!-~]*", fold_path(path))
