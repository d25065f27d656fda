"""What a run writes is clean, whether or not the recording's key is at hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ci_gate.codecs.registry import codec
from ci_gate.config.options import RunOptions
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Message, Opaque, Stored
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.service.options import ServiceOptions
from ci_gate.store.statefolder import open_redaction_key
from ci_gate.values.addresses import Addresses

HTTP = codec("http")
JSON = ((b"Content-Type", b"application/json"),)
EXCHANGE = Exchange(
    id="a-1",
    route="GET /",
    request=HttpRequest("GET", b"/"),
    redacted=("request.headers.authorization", "response.body.$.email"),
)


def options(**more: Any) -> RunOptions:
    """Options with what cleaning looks at."""
    return RunOptions(snapshot="s", service=ServiceOptions(name="x"), **more)


def email(cleaning: Cleaning) -> bytes:
    """The stand-in for one address."""
    live = HttpResponse(200, headers=JSON, body=b'{"email": "ada@corp.example"}')
    changed = cleaning.change(HTTP, EXCHANGE, live)
    assert changed.redacted == ("request.headers.authorization", "response.body.$.email")
    assert isinstance(changed.response, HttpResponse)
    assert isinstance(changed.response.body, bytes)
    assert b"corp.example" not in changed.response.body
    return changed.response.body


def test_the_same_key_gives_the_recordings_stand_ins(tmp_path: Path) -> None:
    """A given key, or the one in the state folder, and the same stand-in each time."""
    given = "ab" * 32
    assert email(Cleaning(options(redaction_key=given))) == email(
        Cleaning(options(redaction_key=given))
    )
    state = str(tmp_path)
    key, _ = open_redaction_key(state)
    assert email(Cleaning(options(state_folder=state))) == email(
        Cleaning(options(redaction_key=key.hex()))
    )


def test_without_a_key_none_is_made(tmp_path: Path) -> None:
    """A run of a fork has its own stand-ins and leaves no key behind."""
    first, second = (email(Cleaning(options(state_folder=str(tmp_path)))) for _ in range(2))
    assert first != second
    assert os.listdir(tmp_path) == []


def test_a_key_that_cannot_be_used_fails_no_run(tmp_path: Path) -> None:
    """What others can read is no key of ours; the run goes on with its own."""
    open_redaction_key(str(tmp_path))
    (key,) = tmp_path.iterdir()
    key.chmod(0o644)
    assert email(Cleaning(options(state_folder=str(tmp_path))))


def test_a_body_that_was_only_hashed_is_size_and_hash() -> None:
    """A large live body lies nowhere: what names it is no file."""
    live = HttpResponse(200, body=Stored("ff" * 32, 2_000_000))
    changed = Cleaning(options()).change(HTTP, EXCHANGE, live)
    assert isinstance(changed.response, HttpResponse)
    assert changed.response.body == Opaque(2_000_000, "ff" * 32)


@pytest.fixture
def hiding() -> Cleaning:
    """One that knows a value of `replay.set`."""
    return Cleaning(options(replay=ReplayerOptions(secrets=("Bearer of-a-replay-set",))))


def test_lines_are_masked(hiding: Cleaning) -> None:
    """The service's output loses what looks secret and what was set."""
    line = hiding.line("mail to ada@corp.example with of-a-replay-set")
    assert "corp.example" not in line
    assert "of-a-replay-set" not in line
    assert line.startswith("mail to ")


def test_messages_are_named_hidden_and_redacted(hiding: Cleaning) -> None:
    """Our addresses become names, the set value goes, secrets become stand-ins."""
    body = b'{"next": "http://127.0.0.1:81/x", "sent": "of-a-replay-set", "to": "ada@corp.example"}'
    message: Message = HttpResponse(200, headers=JSON, body=body)
    names = Addresses({"service": ("127.0.0.1:81",)})
    clean = hiding.message(HTTP, message, "response", names)
    assert isinstance(clean.body, bytes)
    assert b"http://{service}/x" in clean.body
    assert b"of-a-replay-set" not in clean.body
    assert b"corp.example" not in clean.body
