"""Output of the service on its way to the log."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.service import log as log_module
from ci_gate.service.log import ServiceLog


def mask(text: str) -> str:
    """Redacts as the real one does: per text, one secret and whole private keys."""
    if text.startswith("-----BEGIN"):
        assert text.endswith("-----END PRIVATE KEY-----")
        return "[key]"
    return text.replace("secret", "[secret]")


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_cuts_do_not_matter(data: bytes, cuts: list[int]) -> None:
    """However the output is cut into reads, the same lines come out."""

    def lines(pieces: list[bytes]) -> tuple[str, ...]:
        log = ServiceLog("", str)
        for piece in pieces:
            log.feed(piece)
        log.close()
        return log.last_lines()

    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(places)]
    assert lines(pieces) == lines([data])


def test_secret_over_two_reads(tmp_path: Path) -> None:
    """A secret that comes in two reads is redacted."""
    log = ServiceLog(str(tmp_path / "log"), mask)
    log.feed(b"a sec")
    log.feed(b"ret\nrest secret")
    log.close()
    log.close()
    assert (tmp_path / "log").read_text() == "a [secret]\nrest [secret]\n"
    assert log.last_lines() == ("a [secret]", "rest [secret]")


def test_private_key_over_lines(tmp_path: Path) -> None:
    """A private key is redacted as one text; one that never ends is not written at all."""
    log = ServiceLog(str(tmp_path / "log"), mask)
    log.feed(b"before\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nafter\n")
    log.feed(b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n")
    log.close()
    assert (tmp_path / "log").read_text() == (
        "before\n[key]\nafter\n[private key without an end]\n"
    )


def test_endless_line(tmp_path: Path) -> None:
    """A line without an end is cut, in bounded memory, not inside a word, and only once."""
    log = ServiceLog(str(tmp_path / "log"), mask)
    for _ in range(100):
        log.feed(b"word " * 2000)
    log.feed(b"tail\nnext\n")
    log.close()
    first, second = (tmp_path / "log").read_text().splitlines()
    assert first.endswith("word [line cut at 64 KB]")
    assert len(first) < log_module.MAXIMUM_LINE + 100
    assert second == "next"
    log = ServiceLog(str(tmp_path / "log"), mask)
    log.feed(b"x" * 70_000 + b"\n")
    log.close()
    kept = log_module.MAXIMUM_LINE - 4096
    assert (tmp_path / "log").read_text() == "x" * kept + " [line cut at 64 KB]\n"


def test_last_lines() -> None:
    """The last 20 lines with something in them are kept, safe to show on a terminal."""
    log = ServiceLog("", str)
    log.feed(b"".join(b"line %d\r\n\n" % number for number in range(50)))
    log.feed(b"\x1b[31mred\x1b[0m\x07 \x1b]0;title \xff\n")
    assert log.last_lines()[-2:] == ("line 49", "red\\x07 \\x1b]0;title �")
    assert len(log.last_lines()) == log_module.KEPT_LINES


def test_limit_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file stops growing and says so; last lines go on."""
    monkeypatch.setattr(log_module, "MAXIMUM_FILE", 1000)
    log = ServiceLog(str(tmp_path / "log"), str)
    for number in range(1000):
        log.feed(b"line %d\n" % number)
    log.close()
    text = (tmp_path / "log").read_text()
    assert len(text) < 1200
    assert text.endswith("it has reached its limit of 64 MB]\n")
    assert log.last_lines()[-1] == "line 999"


def test_full_disk() -> None:
    """A disk that takes no more does not stop the service's output; the error can be asked for."""
    try:
        log = ServiceLog("/dev/full", str)
    except OSError:
        pytest.skip("/dev/full is missing")
    log.feed(b"one\n")
    assert log.error is not None
    log.feed(b"two\n")
    log.close()
    assert log.last_lines() == ("one", "two")


def test_expected_line() -> None:
    """The line is found also when it is cut in two, and not in lines that do not match."""
    log = ServiceLog("", str, expect=r"listening on :\d+$")
    log.feed(b"not listening on :80 yet\nnow listen")
    assert not log.matched.is_set()
    log.feed(b"ing on :80\n")
    assert log.matched.is_set()


def test_hostile_line_is_quick() -> None:
    """No expression takes long on a line made for that."""
    log = ServiceLog("", str, expect=r"(a*)*b$")
    begun = time.process_time()
    log.feed(b"a" * 60_000 + b"\n")
    assert time.process_time() - begun < 5


def between(log: ServiceLog, begin: int, end: int) -> str:
    """What came between two times."""
    return log.read(*log.span(begin, end)).decode()


def test_what_came_in_a_moment(tmp_path: Path) -> None:
    """The redacted lines between two times; nothing outside of them, nothing without a file."""
    log = ServiceLog(str(tmp_path / "log"), mask)
    log.feed(b"boot\n")
    begin = time.monotonic_ns()
    log.feed(b"one secret\nbegun ")
    log.feed(b"and ended\n")
    end = time.monotonic_ns()
    log.feed(b"after\n")
    assert between(log, begin, end) == "one [secret]\nbegun and ended\n"
    log.close()
    assert between(log, begin, end) == "one [secret]\nbegun and ended\n"
    assert between(log, end, time.monotonic_ns()) == "after\n"
    assert between(log, begin, begin) == ""
    (tmp_path / "log").unlink()
    assert between(log, begin, end) == ""
    assert between(ServiceLog("", str), 0, end) == ""


def test_a_long_moment_is_cut_at_its_beginning(tmp_path: Path) -> None:
    """Of a flood the last bytes are read again."""
    log = ServiceLog(str(tmp_path / "log"), str)
    begin = time.monotonic_ns()
    for number in range(3000):
        log.feed(f"{number:05} {'x' * 50}\n".encode())
    log.close()
    found = between(log, begin, time.monotonic_ns())
    assert len(found) == log_module.MOMENT
    assert found.endswith(f"02999 {'x' * 50}\n")
