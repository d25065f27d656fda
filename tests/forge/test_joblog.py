"""The job's log as the place to say things."""

from __future__ import annotations

from ci_gate.forge.joblog import JobLog


def body(text: str) -> str:
    """A comment with its two hidden lines."""
    return f"<!-- ci-gate:comment v1 key=x -->\n<!-- ci-gate:state run=1.1 -->\n{text}\n"


def test_the_text_is_said_without_its_hidden_lines() -> None:
    """A log has no use for them."""
    lines: list[str] = []
    log = JobLog(lines.append)
    made = log.create(body("one\ntwo"))
    assert lines == ["one", "two"]
    assert [one.id for one in log.comments()] == [made.id]
    assert made.author == log.me()


def test_a_newer_text_comes_after_the_older() -> None:
    """Nothing can be changed in a log; what is kept is the newer text."""
    lines: list[str] = []
    log = JobLog(lines.append)
    made = log.create(body("one"))
    log.update(made.id, body("two"))
    assert lines == ["one", "two"]
    assert [one.body for one in log.comments()] == [body("two")]
    log.remove(made.id)
    log.remove(made.id)
    assert list(log.comments()) == []
    log.close()


def test_nothing_in_it_is_a_command() -> None:
    """What a runner would execute is changed so that it does not, and nothing is invisible."""
    lines: list[str] = []
    JobLog(lines.append).create(body("::error::x\n ##vso[task.complete]y\n\x1b[31m\u202e"))
    assert lines[0].startswith("∷")
    assert "##vso[" not in lines[1]
    assert "\x1b" not in lines[2]
    assert "\u202e" not in lines[2]
