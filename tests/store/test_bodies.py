"""Bodies in files named by their content."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci_gate.errors import CannotRun, UsageError
from ci_gate.model.message import Stored
from ci_gate.store.bodies import (
    BodyWriter,
    body_chunks,
    body_path,
    check_body,
    read_body,
    write_body,
)


@settings(suppress_health_check=list(HealthCheck))
@given(st.lists(st.binary(max_size=100), max_size=5), st.integers(1, 50))
def test_round_trip(tmp_path: Path, chunks: list[bytes], size: int) -> None:
    """A body written in any parts is named by its SHA-256 and read back in parts of any size."""
    writer = BodyWriter(str(tmp_path))
    for chunk in chunks:
        writer.write(chunk)
    stored = writer.finish()
    whole = b"".join(chunks)
    assert stored == Stored(hashlib.sha256(whole).hexdigest(), len(whole))
    assert read_body(str(tmp_path), stored) == whole
    parts = list(body_chunks(str(tmp_path), stored, size))
    assert b"".join(parts) == whole
    assert all(0 < len(part) <= size for part in parts)


def test_equal_bodies_share_a_file(tmp_path: Path) -> None:
    """The same content twice is one file, readable by all, with nothing beside it."""
    for _ in range(2):
        writer = BodyWriter(str(tmp_path))
        writer.write(b"same")
        stored = writer.finish()
    write_body(str(tmp_path), b"same")
    assert os.listdir(tmp_path / "bodies") == [stored.sha256]
    assert os.stat(body_path(str(tmp_path), stored.sha256)).st_mode & 0o777 == 0o644


def test_abort(tmp_path: Path) -> None:
    """An aborted body leaves nothing; aborting a finished one changes nothing."""
    writer = BodyWriter(str(tmp_path))
    writer.write(b"half")
    writer.abort()
    assert os.listdir(tmp_path / "bodies") == []
    writer = BodyWriter(str(tmp_path))
    writer.write(b"whole")
    stored = writer.finish()
    writer.abort()
    check_body(str(tmp_path), stored)
    BodyWriter(str(tmp_path)).abort()


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk names the folder and leaves no half file."""
    writer = BodyWriter(str(tmp_path))
    writer.write(b"half")
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(CannotRun, match=str(tmp_path)):
        writer.finish()
    assert os.listdir(tmp_path / "bodies") == []


def _full(handle: int) -> None:
    raise OSError(28, "No space left on device")


def test_missing_and_cut_off(tmp_path: Path) -> None:
    """A body that is not there, or has another length, is an error naming file and remedy."""
    stored = write_body(str(tmp_path), b"0123456789")
    path = body_path(str(tmp_path), stored.sha256)
    os.truncate(path, 4)
    for read in (read_body, check_body):
        with pytest.raises(UsageError, match=f"{path}: 4 bytes, 10 expected.*restore it"):
            read(str(tmp_path), stored)
    os.unlink(path)
    for read in (read_body, check_body):
        with pytest.raises(UsageError, match=f"{path}: No such file.*restore it"):
            read(str(tmp_path), stored)
