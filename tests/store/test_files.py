"""Writing files atomically."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ci_gate.errors import CannotRun
from ci_gate.store.files import make_folder, read_or_none, sync_folder, write_file, writing


def test_write_and_replace(tmp_path: Path) -> None:
    """A file is made, replaced, and not touched when its content stays."""
    path = tmp_path / "a.json"
    assert write_file(str(path), b"one")
    before = path.stat().st_ino
    assert not write_file(str(path), b"one")
    assert path.stat().st_ino == before
    assert write_file(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_modes(tmp_path: Path) -> None:
    """Files are readable by all, so that a build under another user can read them."""
    old = os.umask(0o022)
    try:
        make_folder(str(tmp_path / "x" / "y"))
        write_file(str(tmp_path / "x" / "y" / "z"), b"")
    finally:
        os.umask(old)
    assert (tmp_path / "x" / "y").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "x" / "y" / "z").stat().st_mode & 0o777 == 0o644


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full the old content stays, no half file is left, the folder is named."""
    path = tmp_path / "a.json"
    write_file(str(path), b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotRun, match=f"{tmp_path}: No space left on device"):
        write_file(str(path), b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """A folder whose place is taken by a file is an error that names it."""
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(CannotRun, match="x"):
        make_folder(str(tmp_path / "x" / "y"))
    with pytest.raises(CannotRun, match="the place"), writing("the place"):
        raise OSError("odd")


def test_absent_files(tmp_path: Path) -> None:
    """What is not there reads as None, and syncing it is no error."""
    assert read_or_none(str(tmp_path / "no")) is None
    sync_folder(str(tmp_path / "no"))
