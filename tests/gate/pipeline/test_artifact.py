"""The result of another job: one file out of a folder or an archive, and nothing else of it."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.pipeline import artifact
from ci_gate.gate.pipeline.artifact import read_result
from ci_gate.model.result import Environment, Result, Verdict
from ci_gate.report.document import LIMIT, encode

RESULT = Result(
    service="orders", verdict=Verdict(outcome="pass"), environment=Environment(version="1")
)


def archive(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> str:
    """A .zip with those entries."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in entries:
            made.writestr(name, data)
    return str(path)


def test_folder_and_archive(tmp_path: Path) -> None:
    """The same result from a run directory, its archive, and an archive with folders around it."""
    (tmp_path / "result.json").write_bytes(encode(RESULT))
    assert read_result(str(tmp_path)) == RESULT
    flat = archive(tmp_path / "a.zip", ("result.json", encode(RESULT)), ("junit.xml", b"<x/>"))
    assert read_result(flat) == RESULT
    other = ("run/changes/result.json", b"not this one")
    deep = archive(tmp_path / "b.zip", other, ("run/result.json", encode(RESULT)))
    assert read_result(deep) == RESULT


def _link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("result.json")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    "name",
    ["../result.json", "a/../../x", "/etc/passwd", "a\\..\\..\\x", "C:/x", "\\\\host\\x", _link()],
)
def test_paths_that_leave_the_archive(tmp_path: Path, name: str | zipfile.ZipInfo) -> None:
    """Such an archive is refused as a whole, whatever else is in it; nothing is unpacked."""
    entries = (("run/result.json", encode(RESULT)), (name, b"/etc/passwd"))
    path = archive(tmp_path / "a.zip", *entries)
    with pytest.raises(UsageError, match="leaves the archive's folder"):
        read_result(path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


def test_archives_that_are_none_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No result, two of them, no archive at all, a bomb, a huge file: each says what is wrong."""
    data = encode(RESULT)
    with pytest.raises(UsageError, match=r"holds no result\.json"):
        read_result(archive(tmp_path / "none.zip", ("x", data)))
    with pytest.raises(UsageError, match=r"holds 2 result\.json"):
        read_result(archive(tmp_path / "two.zip", ("a/result.json", data), ("b/result.json", data)))
    with pytest.raises(UsageError, match="at most"):
        read_result(archive(tmp_path / "bomb.zip", ("result.json", b" " * (LIMIT * 20))))
    (tmp_path / "text.zip").write_text("no archive")
    broken = Path(archive(tmp_path / "cut.zip", ("result.json", data * 9)))
    broken.write_bytes(broken.read_bytes().replace(b"result.json", b"result.jsoN", 1))
    for name in ("text.zip", "cut.zip"):
        with pytest.raises(UsageError, match="neither a run directory nor"):
            read_result(str(tmp_path / name))
    monkeypatch.setattr(artifact, "MOST_BYTES", 10)
    with pytest.raises(UsageError, match="that is no run directory"):
        read_result(str(broken))


def test_folders_that_are_none_of_ours(tmp_path: Path) -> None:
    """No run directory; a link out of one; a directory in the file's place."""
    folder = tmp_path / "run"
    with pytest.raises(UsageError, match="is this a run directory"):
        read_result(str(folder))
    folder.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("{}")
    os.symlink(secret, folder / "result.json")
    with pytest.raises(UsageError, match="symbolic link"):
        read_result(str(folder))
    (folder / "result.json").unlink()
    (folder / "result.json").mkdir()
    with pytest.raises(UsageError):
        read_result(str(folder))
