"""The proposed file's text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.config.file import check_honoured, load
from ci_gate.gate.detect.findings import Command, Found, Guess, Proposal
from ci_gate.gate.detect.template import render, safe_name, scalar

FULL = Proposal(
    name="orders",
    snapshot="snapshots/orders",
    command=Command(("python", "-m", "orders"), "orders/__main__.py"),
    port=Found("8080", "Dockerfile"),
    port_variable=True,
    ready="/healthz",
    dependencies=(
        Guess(name="db", protocol="mysql", upstream="db:3306", source="DB_URL in .env",
              env=(("DB_URL", "${db.url}"),)),
        Guess(name="mail", source="MAIL_URL in a.py", env=(("MAIL_URL", "${mail.url}"),)),
        Guess(name="otel", telemetry=True, source="OTEL_X in .env"),
        Guess(name="payments", upstream="https://a.example", source="PAYMENTS_URL in .env",
              env=(("PAYMENTS_URL", "${payments.url}/v1"),)),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "proposal"), [("full", FULL), ("empty", Proposal(name="x", snapshot="snapshots/x"))]
)
def test_render(name: str, proposal: Proposal, golden: Callable[[str, str], None]) -> None:
    """Everything found, and nothing found: both can be read and both load."""
    text = render(proposal)
    check_honoured(load(text))
    golden(f"gate/init-{name}.yml", text)


def test_what_is_loaded_is_what_was_proposed() -> None:
    """The file says what the proposal says; what cannot be honoured yet is a comment."""
    settings = load(render(FULL)).settings
    assert settings.service.command == ("python", "-m", "orders")
    assert settings.service.env == {"PORT": "${service.port}", "PAYMENTS_URL": "${payments.url}/v1"}
    assert list(settings.dependencies) == ["otel", "payments"]
    assert settings.gate.warn_if
    assert not any("latency" in str(one) for one in settings.gate.fail_if)


@given(st.text(max_size=40))
def test_any_text_survives_as_a_scalar(text: str) -> None:
    """Whatever a project's files hold, the written YAML means the same text."""
    assert yaml.safe_load(f"[{scalar(text)}]") == [text]


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_source_is_a_comment(source: str, word: str) -> None:
    """Names of files and words of commands cannot break out of their place."""
    command = Command((word or "x",), source)
    proposal = Proposal(name="x", snapshot="s", command=command, port=Found("1", source))
    assert load(render(proposal)).settings.service.command == (word or "x",)


def test_safe_name() -> None:
    """A name that a service may have."""
    assert safe_name("my shop") == "my-shop"
    assert safe_name("!") == "service"
