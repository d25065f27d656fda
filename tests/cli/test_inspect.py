"""`ci-gate inspect`: which snapshot, which exchanges."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Origin, Snapshot
from ci_gate.store.snapshot import write_snapshot


@pytest.fixture
def recorded(call: Callable[..., Any]) -> None:
    """A snapshot of two exchanges where the configuration's default looks."""
    inbound = tuple(
        Exchange(
            id=f"{letter * 4}1111-1",
            route="GET /x",
            at=at,
            request=HttpRequest(method="GET", target=b"/x?\xc2\x9b"),
            response=HttpResponse(status=status),
        )
        for letter, at, status in (("a", 1.0, 200), ("b", 2.0, 500))
    )
    write_snapshot(
        str(Path("snapshots/shop")), Snapshot(origin=Origin(service="shop"), inbound=inbound)
    )


@pytest.mark.usefixtures("recorded")
def test_list_select_show(call: Callable[..., Any]) -> None:
    """All, some, one; in a list, whole, or as JSON."""
    assert call("inspect").out.count("GET /x") == 2
    called = call("inspect", "response.status == `500`")
    assert "1 selected" in called.out
    assert "bbbb1111-1" in called.out
    assert "aaaa1111-1" not in called.out
    assert '"status": 200' in call("inspect", "--show", "aaaa").out
    found = json.loads(call("inspect", "--json", "--show", "bbbb").out)
    assert found["exchanges"][0]["document"]["response"]["status"] == 500
    assert "\x9b" not in called.out


@pytest.mark.usefixtures("recorded")
def test_mistakes(call: Callable[..., Any]) -> None:
    """An unknown field or id is a usage error."""
    assert call("inspect", "response.stauts").code == 2
    assert "no exchange whose id" in call("inspect", "ffff").err
