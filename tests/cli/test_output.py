"""What people see while a verb works: plain lines, a terminal, or nothing."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest
from rich.console import Console

from ci_gate.cli.output import (
    Lines,
    Quiet,
    Terminal,
    colours,
    command,
    is_terminal,
    output,
    printable,
    say,
    say_json,
    tell,
)
from ci_gate.gate.events import Addresses, Event, Note, Progress, Stage

EVENTS: tuple[Event, ...] = (
    Stage("mocks", "3 dependencies"),
    Addresses({"payments": "http://127.0.0.1:1", "proxy": "http://127.0.0.1:2"}),
    Note("made a key"),
    Stage("replay"),
    *(Progress(done, 300, failed=1 if done > 150 else 0) for done in range(301)),
    Note("late \x1b[31m[red]call[/red]\n", "warning"),
    Note("it broke", "error"),
)


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It does."""
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's environment."""
    for name in ("CI", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def shown(sink: Quiet) -> list[str]:
    """The lines that the events make."""
    with sink:
        for event in EVENTS:
            sink(event)
    assert isinstance(sink.stream, io.StringIO)
    return sink.stream.getvalue().splitlines()


def test_plain_lines() -> None:
    """One line an event, ten for the progress, control characters visible, no markup obeyed."""
    assert shown(Lines(io.StringIO())) == [
        "ci-gate: mocks: 3 dependencies",
        "ci-gate: payments http://127.0.0.1:1, proxy http://127.0.0.1:2",
        "ci-gate: made a key",
        "ci-gate: replay",
        *(f"ci-gate: {n}/300 requests" for n in range(30, 151, 30)),
        *(f"ci-gate: {n}/300 requests, 1 failed" for n in range(180, 301, 30)),
        "ci-gate: warning: late \\x1b[31m[red]call[/red]\\n",
        "ci-gate: error: it broke",
    ]


def test_what_is_counted_is_named() -> None:
    """Regressions that are missed are no requests that fail."""
    stream = io.StringIO()
    Lines(stream)(Progress(10, 10, 2, "regressions", "missed"))
    assert stream.getvalue() == "ci-gate: 10/10 regressions, 2 missed\n"


def test_unknown_totals_make_no_lines() -> None:
    """While recording nobody knows how many there will be."""
    stream = io.StringIO()
    Lines(stream)(Progress(5, 0))
    assert stream.getvalue() == ""


def test_quiet() -> None:
    """Errors only."""
    assert shown(Quiet(io.StringIO())) == ["ci-gate: error: it broke"]


def test_terminal() -> None:
    """Stages and notes as lines, the bar gone at the end, nothing obeyed that came over a wire."""
    stream = Tty()
    console = Console(file=stream, force_terminal=True, width=100, no_color=True, highlight=False)
    with Terminal(colour=False, console=console) as sink:
        for event in EVENTS:
            sink(event)
        assert sink.bar is not None
    assert sink.bar is None
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "▸ mocks  3 dependencies" in text
    assert "payments http://127.0.0.1:1" in text
    assert "late \\x1b[31m[red]call[/red]\\n" in text
    assert text.index("▸ replay") < text.index("it broke")


def test_who_gets_what(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars on a terminal that is ours alone; plain lines in CI, in pipes and beside CMD."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert type(output(quiet=False, no_color=False)) is Lines
    assert type(output(quiet=True, no_color=False)) is Quiet
    monkeypatch.setattr(sys, "stderr", Tty())
    assert type(output(quiet=False, no_color=False)) is Terminal
    assert type(output(quiet=False, no_color=False, shared=True)) is Lines
    monkeypatch.setenv("CI", "true")
    assert type(output(quiet=False, no_color=False)) is Lines
    monkeypatch.delenv("CI")
    monkeypatch.setenv("TERM", "dumb")
    assert not is_terminal(Tty())


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR and --no-color win, FORCE_COLOR comes next, a terminal last."""
    assert colours(Tty(), no_color=False)
    assert not colours(Tty(), no_color=True)
    assert not colours(io.StringIO(), no_color=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert colours(io.StringIO(), no_color=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours(io.StringIO(), no_color=False)


def test_say_and_printable(capsys: pytest.CaptureFixture[str]) -> None:
    """One final newline; every control and invisible character visible."""
    say("a\nb\n\n")
    assert capsys.readouterr().out == "a\nb\n"
    assert printable("é\u202e\x00\ud800") == "é\\u202e\\x00\\ud800"


def test_no_line_is_a_command_of_the_ci_system(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever comes from traffic, results, notes and complaints set nothing and mask nothing; JSON
    reads back as it was, and only what we mean as a command is one."""
    hostile = "::error::x\n  ::add-mask::y\nsee ##[error]z ##vso[task.complete]"
    say(hostile)
    tell(hostile)
    say_json(json.dumps({"text": hostile}))
    sink = Lines(io.StringIO())
    sink(Note("##[error]z"))
    captured = capsys.readouterr()
    assert isinstance(sink.stream, io.StringIO)
    for text in (captured.out, captured.err, sink.stream.getvalue()):
        assert not re.search(r"(?m)^\s*::", text)
        assert "##[" not in text
        assert "##vso[" not in text
    assert json.loads(captured.out.splitlines()[-1]) == {"text": hostile}
    command("::notice::ours")
    assert capsys.readouterr().out == "::notice::ours\n"


def test_what_looks_secret_is_masked_on_its_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Results, JSON, lines and a terminal hide a secret whatever verb has written it."""
    secret = "AKIA" + "Q3EGRWYZ5TQ4PLKM"
    say(f"the key {secret}")
    say_json(json.dumps({"seen": secret}))
    tell(f"the key {secret}")
    with Lines(sys.stderr) as lines:
        lines(Note(secret))
    with Quiet(sys.stderr) as quiet:
        quiet(Note(secret, "error"))
    stream = io.StringIO()
    with Terminal(colour=False, console=Console(file=stream)) as terminal:
        terminal(Note(secret))
        terminal(Stage("replay", secret))
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[1]) == {"seen": "‹key›"}
    for text in (out, err, stream.getvalue()):
        assert "‹key›" in text
        assert secret not in text
