"""The files of a recording: found below its folder, and nowhere else."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.store.formats.source import Source, line_at


def test_files_of_a_folder(tmp_path: Path) -> None:
    """Sorted, with slashes; links that lead elsewhere are not there, and not read."""
    (tmp_path / "in" / "b").mkdir(parents=True)
    (tmp_path / "in" / "b" / "x.md").write_text("x")
    (tmp_path / "in" / "a.json").write_text("{}")
    (tmp_path / "secret").write_text("s")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    source = Source(str(tmp_path / "in"))
    assert source.names == ("a.json", "b/x.md")
    assert source.having(".md") == ("b/x.md",)
    assert source.where("b/x.md", 3) == f"{tmp_path}/in/b/x.md:3"
    with pytest.raises(UsageError, match="no such file in the recording"):
        source.read("../secret")


def test_one_file(tmp_path: Path) -> None:
    """A file by its own name; gzip is undone, a byte order mark left out."""
    path = tmp_path / "x.har.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfhello"))
    source = Source(str(path))
    assert source.names == ("x.har.gz",)
    assert source.read("x.har.gz") == b"hello"
    assert source.where("x.har.gz") == str(path)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """Named, with the reason; the head of it is empty."""
    with pytest.raises(UsageError, match="no such file or folder"):
        Source(str(tmp_path / "nothing"))
    path = tmp_path / "torn.gz"
    path.write_bytes(gzip.compress(b"x" * 100)[:-9])
    with pytest.raises(UsageError, match="cannot be read"):
        Source(str(path)).read("torn.gz")
    assert line_at(b"a\nb\nc", 4) == 3
