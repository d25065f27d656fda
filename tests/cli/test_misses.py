"""`ci-gate record --misses`: refused where it may not be, and what it says."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_gate.cli.main import execute
from tests.gate.conftest import ACTING, Acting, Real, acted

CONFIG = """
version: 1
snapshot: snapshot
service:
  name: acting
  command: [{python}, -S, {acting}]
  port: auto
  env: {{PORT: "${{service.port}}", GREETINGS_URL: "${{greetings.url}}", HOW: {how}}}
  ready: {{path: /healthz}}
dependencies:
  greetings: {{protocol: http, upstream: "{upstream}"}}
replay: {{settle: 100ms}}
"""


@pytest.fixture
def acting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acting:
    """The acting service with its snapshot."""
    acting = Acting(tmp_path, monkeypatch)
    acting.write(acted())
    return acting


@pytest.fixture
def greetings() -> Iterator[str]:
    """The address of the dependency, which runs."""
    server = Real()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def configure(acting: Any, monkeypatch: pytest.MonkeyPatch, upstream: str) -> None:
    """A configuration in the folder of the acting service."""
    text = CONFIG.format(python=sys.executable, acting=ACTING, how="extra", upstream=upstream)
    Path(acting.folder, "ci-gate.yml").write_text(text)
    monkeypatch.chdir(acting.folder)
    monkeypatch.setenv("XDG_STATE_HOME", acting.state)


def test_never_in_ci(acting: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Without --force nothing is started."""
    configure(acting, monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setenv("CI", "true")
    assert execute(["record", "--misses"]) == 2
    assert "CI is set" in capsys.readouterr().err


def test_recorded(
    acting: Any, greetings: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """What was added is shown."""
    configure(acting, monkeypatch, greetings)
    monkeypatch.delenv("CI", raising=False)
    assert execute(["record", "--misses", "--quiet"]) == 0
    said = capsys.readouterr()
    assert "recorded now" in said.out
    assert "recorded; run the gate again" in said.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--stand-ins", "--writes"], "--writes, --stand-ins: only with --misses"),
        (["--misses", "--learn", "--add"], "--add, --learn: not with --misses"),
    ],
)
def test_flags_that_would_do_nothing(flags: list[str], said: str, capsys: Any) -> None:
    """They are refused rather than ignored."""
    assert execute(["record", *flags]) == 2
    assert said in capsys.readouterr().err
