"""What the tests of comparing share: messages by their codec, compared in one call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.rules import Rules
from ci_gate.model.difference import Difference
from ci_gate.model.message import HttpRequest, HttpResponse, Message
from ci_gate.model.rule import Rule
from ci_gate.values.redaction.standins import StandIns

TODAY = "2026-09-01"


def _masks(side: str, opened: tuple[tuple[str, str], ...]) -> Masks:
    rules = [Rule(index=i, at=at, allow=kind, reason="r") for i, (at, kind) in enumerate(opened, 1)]
    return Rules(rules, TODAY).masks_for("GET /x", side=side)


@pytest.fixture(scope="session")
def answer() -> Callable[..., HttpResponse]:
    """`answer(body, media, *headers, status=)`: a response; a body that is plain data is JSON."""

    def make(
        body: Any = b"",
        media: str = "application/json",
        *headers: tuple[bytes, bytes],
        status: int = 200,
    ) -> HttpResponse:
        if isinstance(body, (dict, list, str, int, float)) or body is None:
            body = json.dumps(body).encode()
        typed = ((b"Content-Type", media.encode()),) if media else ()
        return HttpResponse(status, b"", (*typed, *headers), body)

    return make


@pytest.fixture(scope="session")
def ask() -> Callable[..., HttpRequest]:
    """`ask(target, body, *headers, method=)`: a request."""

    def make(
        target: bytes = b"/charges",
        body: bytes = b"",
        *headers: tuple[bytes, bytes],
        method: str = "POST",
    ) -> HttpRequest:
        return HttpRequest(method, target, headers, body)

    return make


@pytest.fixture(scope="session")
def diff() -> Callable[..., tuple[Difference, ...]]:
    """`diff(expected, actual, *opened, equality=, stand_ins=)` for two messages of one side;
    `opened` are (pattern, kind) of rules."""

    def call(
        expected: Message,
        actual: Message,
        *opened: tuple[str, str],
        equality: Equality | None = None,
        stand_ins: tuple[tuple[str, str], ...] = (),
    ) -> tuple[Difference, ...]:
        codec = Http1()
        side = "request" if isinstance(expected, HttpRequest) else "response"
        return compare(
            side,
            codec.places(expected),
            codec.places(actual),
            _masks(side, opened),
            Equality() if equality is None else equality,
            stand_ins,
        )

    return call


@pytest.fixture(scope="session")
def stand_in() -> Callable[[str, str], str]:
    """`stand_in(kind, text)` under one key."""
    return StandIns(b"k" * 32).stand_in
