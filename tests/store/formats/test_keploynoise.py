"""Noise of Keploy as rules of ours."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.diff.rulecheck import check
from ci_gate.model.rule import Rule, Where
from ci_gate.store.formats.found import Lost, Relaxed
from ci_gate.store.formats.keploynoise import everywhere, of_mock, of_test

BODY = '{"a": {"b-c": [[{"d e": 1}]]}, "ts": 1}'


@pytest.mark.parametrize(
    ("noise", "places"),
    [
        ({"body.a.b-c.d e": []}, ['response.body.$.a.b-c[*][*]["d e"]']),
        (
            {"body": {"ts": []}, "header": {"Etag": []}},
            ["response.body.$.ts", "response.headers.etag"],
        ),
        (["body.ts", "header.Date"], ["response.body.$.ts"]),
        (None, []),
    ],
)
def test_places(noise: Any, places: list[str]) -> None:
    """Every form of noise gives places that a rule of ours may have."""
    rules = [one for one in of_test(noise, BODY, "t", "x") if isinstance(one, Relaxed)]
    assert [one.at for one in rules] == places
    for number, one in enumerate(rules):
        where = Where(route="GET /")
        check(Rule(index=number, where=where, at=one.at, allow=one.allow, reason=one.reason))


def test_what_is_no_place() -> None:
    """Told instead."""
    (one,) = of_test({"status": []}, "", "t", "x")
    assert isinstance(one, Lost)


def test_of_mocks_and_everywhere() -> None:
    """A mock's noise is about its request; global noise about every answer."""
    spec = {"req": {"method": "POST", "url": "http://up/p?q=1", "body": '{"n": 1}'}}
    (one,) = of_mock({"req": ["body.n"]}, spec, "x")
    assert isinstance(one, Relaxed)
    assert (one.at, one.target) == ("request.body.$.n", b"/p?q=1")
    (one,) = everywhere({"body": {"id": []}}, "x")
    assert isinstance(one, Relaxed)
    assert one.everywhere
